"""An embedder whose model is still being loaded: what needs no model goes on meanwhile.

Called by bootstrap_index.py, once it is known that something is to be embedded or asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from worker.knowledge.around import Around
from worker.ports.world import Embedder, Vectors


class Coming(Around):
    """`name`: known before. `make` is called at once, in another thread; what it raises is raised by whoever needs the
    model first. Implements world.Embedder."""

    def __init__(self, name: str, make: Callable[[], Embedder]) -> None:
        self.name = name
        thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._made = thread.submit(make)
        thread.shutdown(wait=False)

    def inner(self) -> Embedder:
        return self._made.result()

    @property
    def dim(self) -> int:
        return self._made.result().dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._made.result().embed(texts)
