"""An embedder that is made when it is first needed, or before that, where somebody sees that it will be.

Called by bootstrap_index.py, whose embedder loads its model in a process of its own: the sooner it begins the better,
and where nothing has changed it must not begin at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worker.knowledge.around import Around
from worker.ports.world import Embedder, Vectors


class Coming(Around):
    """`name`: known before. `make` is called once, by `begin` or by whoever asks first. Implements world.Embedder."""

    def __init__(self, name: str, make: Callable[[], Embedder]) -> None:
        self.name = name
        self._make = make
        self._made: Embedder | None = None

    def begin(self) -> None:
        """Safe to repeat. Raises what `make` raises."""
        self.inner()

    def inner(self) -> Embedder:
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def dim(self) -> int:
        return self.inner().dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self.inner().embed(texts)
