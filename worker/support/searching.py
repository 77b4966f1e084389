"""What one search for one reader brings, by vector and by words at once.

The index filters by the reader's labels; every row that comes back is checked again here, and one that is not readable
is dropped and logged. Called by retrieve.py, and by what measures search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import structlog

from worker.knowledge.words import searchable
from worker.models import Kind, Reader, Source
from worker.ports.world import Hit, Hits, Index, Vectors
from worker.support.fusing import Fused, Weights, confidence, fused, summed

log = structlog.get_logger(__name__)

NONE = Fused()
CANDIDATES = {Kind.TEMPLATE: 12, Kind.PASSAGE: 60}  # sources asked for by vector and by words, before fusing


@dataclass(frozen=True)
class Looked:
    """What one search for `text` brought. `sums`: of the hits, as fusing.summed gives them."""

    text: str = ""
    fused: Fused = NONE
    sums: tuple[float, ...] = ()

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Best first, with fused scores."""
        return tuple(self.fused.all())

    @cached_property
    def sure(self) -> float:
        """How sure it is that the first one is right."""
        return confidence(self.text, self.fused.above(0.0, 1), self.sums)


@dataclass(frozen=True)
class Search:
    """Searches for one reader. What measures search calls this too, so that it measures what answers customers."""

    index: Index
    reader: Reader
    weights: Weights

    def look(self, kind: Kind, vector: Vectors, text: str) -> Looked:
        """All that was found for `text`, whose vector is `vector`; no floor and no cap. Raises as the index does."""
        return self.look_all(kind, vector.reshape(1, -1), [text])[0]

    def look_all(self, kind: Kind, vectors: Vectors, texts: Sequence[str]) -> list[Looked]:
        """`look` for each of `texts`, whose vectors are the rows of `vectors`."""
        return self.begin(kind, texts)(vectors)

    def begin(self, kind: Kind, texts: Sequence[str]) -> Callable[[Vectors], list[Looked]]:
        """`look_all` in two steps: what it returns is called once, with the vectors, which can be made meanwhile."""
        if not texts:
            return lambda vectors: []
        finish = self.index.begin(kind, [searchable(text) for text in texts], self.reader.reads, CANDIDATES[kind])
        return lambda vectors: [self._looked(kind, text, h) for text, h in zip(texts, finish(vectors), strict=True)]

    def _looked(self, kind: Kind, text: str, hits: Sequence[Hit]) -> Looked:
        found = Hits.of(hits)
        readable = self._readable(kind, found.kept)
        if len(readable) < len(found):
            found = found.only(readable)
        sums = summed(found, self.weights)
        return Looked(text, fused(found, sums), tuple(sums))

    def read(self, source_ids: Sequence[str]) -> list[Source]:
        """Those of these passages that are there and that the reader may read, without scores."""
        found = self.index.passages(source_ids, self.reader.reads)
        return [found[place] for place in self._readable(Kind.PASSAGE, found)]

    def _readable(self, kind: Kind, found: Sequence[Source]) -> list[int]:
        """The second look: the filter in the query is the first, and no customer must depend on one alone."""
        reads = frozenset(self.reader.reads)
        readable = [n for n, one in enumerate(found) if one.kind is kind and not reads.isdisjoint(one.segments)]
        if len(readable) < len(found):
            for source in (found[n] for n in sorted({*range(len(found))} - {*readable})):
                log.error("retrieve.unreadable", source_id=source.source_id, segments=source.segments)
        return readable
