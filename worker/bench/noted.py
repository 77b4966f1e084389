"""What a ticket was embedded and searched for, so that its floor can be measured after it. Used by pipeline.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from worker.knowledge.around import Around
from worker.knowledge.tuned import Later, begun, embedded
from worker.models import Kind, Source
from worker.ports import Embedder, Index
from worker.ports.world import Hit, Vectors
from worker.support.desk import Desk


def since(begun: float) -> float:
    """Milliseconds."""
    return 1000 * (time.perf_counter() - begun)


class Noted:
    """A desk whose index and embedder remember what they were asked, so that it can be asked again by itself."""

    def __init__(self, desk: Desk) -> None:
        self._index, self._embedder = desk.index, desk.embedder
        self.desk = replace(desk, index=NotedIndex(desk.index, self), embedder=NotedEmbedder(desk.embedder, self))
        self.forget()

    def forget(self) -> None:
        self.searched: list[tuple[tuple[Any, ...], list[Vectors]]] = []
        self.embedded: list[tuple[Sequence[str], bytes]] = []  # with the tuned layers, b"" where there are none

    def floor(self) -> float:
        """Milliseconds of the same embedding and the same searches, on their way together as in production."""
        begun = time.perf_counter()
        finish = [(self._index.begin(*asked), vectors) for asked, vectors in self.searched if vectors]
        later = [embedded(texts, layers, self._embedder)[1] for texts, layers in self.embedded]
        for end, vectors in finish:
            end(vectors[0])
        for tuned in filter(None, later):
            tuned()
        return since(begun) if finish or self.embedded else 0.0


class NotedIndex:
    """Implements world.Index as far as drafting asks it; the rest is the other's own."""

    def __init__(self, index: Index, noted: Noted) -> None:
        self._index, self._noted = index, noted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def begin(
        self, kind: Kind, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Callable[[Vectors], Sequence[Sequence[Hit]]]:
        finish, given = self._index.begin(kind, texts, reads, limit), list[Vectors]()
        self._noted.searched.append(((kind, texts, reads, limit), given))

        def end(vectors: Vectors) -> Sequence[Sequence[Hit]]:
            given.append(vectors)
            return finish(vectors)

        return end

    def search(self, kind: Kind, vector: Vectors, text: str, reads: Sequence[str], limit: int) -> Sequence[Hit]:
        return self._index.search(kind, vector, text, reads, limit)

    def search_all(
        self, kind: Kind, vectors: Vectors, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Sequence[Sequence[Hit]]:
        return self._index.search_all(kind, vectors, texts, reads, limit)

    def passages(self, source_ids: Sequence[str], reads: Sequence[str]) -> Sequence[Source]:
        return self._index.passages(source_ids, reads)

    def template(self, template_id: str) -> Any:
        return self._index.template(template_id)

    def head(self) -> bytes:
        return self._index.head()

    def version(self) -> str:
        return self._index.version()

    def ping(self) -> str:
        return self._index.ping()


class NotedEmbedder(Around):
    """Implements world.Embedder."""

    def __init__(self, embedder: Embedder, noted: Noted) -> None:
        self._embedder, self._noted = embedder, noted
        self.name, self.dim = embedder.name, embedder.dim

    def inner(self) -> Embedder:
        return self._embedder

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._noted.embedded.append((texts, b""))
        return self._embedder.embed(texts)

    def embed_ahead(self, texts: Sequence[str], layers: bytes) -> tuple[Later, Later | None]:
        self._noted.embedded.append((texts, layers))
        return begun(texts, layers, self._embedder)
