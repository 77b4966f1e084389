"""What a search brought, as hits: the best row of each source, and the union of nearest and best-worded.

Called by adapters/milvus_ask.py while answers come in.
"""

from __future__ import annotations

from worker.models import Source
from worker.ports.world import Hit


class Best:
    """The best row by source while answers come in, and the union of the nearest and the best-worded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._dense: dict[str, float] = {}
        self._lexical: dict[str, float] = {}

    def dense(self, source_id: str, cosine: float) -> None:
        self._dense[source_id] = max(self._dense.get(source_id, -1.0), min(cosine, 1.0))

    def lexical(self, source_id: str, score: float, cosine: float) -> None:
        self.dense(source_id, cosine)
        self._lexical[source_id] = max(self._lexical.get(source_id, 0.0), score)

    def union(self) -> dict[str, int | None]:
        """The ids of the nearest and of the best-worded sources, each with its place among the latter."""
        near = sorted(self._dense, key=lambda s: -self._dense[s])[: self._limit]
        worded = sorted(self._lexical, key=lambda s: -self._lexical[s])[: self._limit]
        place = {source_id: n for n, source_id in enumerate(worded)}
        return {source_id: place.get(source_id) for source_id in (*near, *worded)}

    def hit(self, source: Source, place: int | None) -> Hit:
        dense = self._dense[source.source_id]
        return Hit(
            source=source.model_copy(update={"dense": dense}),
            dense=dense,
            lexical_rank=place,
            lexical=self._lexical.get(source.source_id),
        )
