"""What an embedder that stands around another passes on: what that one may be besides (world.Deep, world.Tunable).

Without it a choice would be trained, or asked, with less than the model can tell. Used by coming.py, support/preview.py
and the benches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from worker.errors import Permanent
from worker.knowledge.net import views_of
from worker.ports.world import Embedder, Tunable, Vectors


class Around(ABC):
    """Implements world.Deep and world.Tunable."""

    @abstractmethod
    def inner(self) -> Embedder: ...

    def views(self, texts: Sequence[str]) -> Vectors | None:
        return views_of(self.inner(), texts)

    def tune(self, texts: Sequence[str], groups: NDArray[Any]) -> bytes:
        inner = self.inner()
        return inner.tune(texts, groups) if isinstance(inner, Tunable) else b""

    def tuned(self, texts: Sequence[str], layers: bytes) -> Vectors:
        inner = self.inner()
        if not isinstance(inner, Tunable):
            raise Permanent("the embedding model has no tuned layers", part="embedding")
        return inner.tuned(texts, layers)
