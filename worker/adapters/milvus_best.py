"""The rows that a search brought, as hits: the best row of each source, and the union of nearest and best-worded.

Called by adapters/milvus.py while answers come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.adapters.milvus_rows import source_of
from worker.ports.world import Hit


class Best:
    """The best rows by source while hits come in, and the union of the nearest and the best-worded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._dense: dict[str, float] = {}
        self._lexical: dict[str, float] = {}
        self.entities: dict[str, Mapping[str, Any]] = {}

    def dense(self, found: Mapping[str, Any], cosine: float) -> None:
        source_id = str(found["source_id"])
        self.entities.setdefault(source_id, found)
        self._dense[source_id] = max(self._dense.get(source_id, -1.0), min(cosine, 1.0))

    def lexical(self, found: Mapping[str, Any], score: float, cosine: float) -> None:
        source_id = str(found["source_id"])
        self.dense(found, cosine)
        self._lexical[source_id] = max(self._lexical.get(source_id, 0.0), score)

    def ids(self) -> list[str]:
        near = sorted(self._dense, key=lambda s: -self._dense[s])[: self._limit]
        return list(dict.fromkeys((*near, *self._worded())))

    def hit(self, source_id: str, found: Mapping[str, Any]) -> Hit:
        worded = self._worded()
        return Hit(
            source=source_of(found, self._dense[source_id]),
            dense=self._dense[source_id],
            lexical_rank=worded.index(source_id) if source_id in worded else None,
            lexical=self._lexical.get(source_id),
        )

    def _worded(self) -> list[str]:
        return sorted(self._lexical, key=lambda s: -self._lexical[s])[: self._limit]
