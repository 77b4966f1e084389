"""A whole collection in memory, searched as Milvus Lite would search it: exactly, and by BM25 with its constants.

Milvus Lite goes through all rows in Python for each search that it is sent; the same over arrays takes a twentieth.
The source of truth stays Milvus: a collection is never changed once it is live, it is read whole from there
(milvus_held.py), and which one is live is asked anew every second. What a reader may see is compared here as in the
filter (milvus_rows.py): the labels of a row's audience against the reader's, before anything is ranked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.adapters.bm25 import Bm25
from worker.adapters.milvus_ask import Wish, asked_rows
from worker.adapters.milvus_kept import KeptRow
from worker.adapters.milvus_rows import Live, readable, source_of, template_of
from worker.models import Kind, Source, Template
from worker.ports.world import Hits, Vectors

HIDDEN = np.float32(-np.inf)  # the score of a row that the reader may not see
NOTHING = np.float32(0.0)  # what BM25 gives a row without any of the words
FEW = 3  # points up to which a product for each is quicker than one for all, which lays the rows out anew

Numbers = NDArray[np.float32]
Places = NDArray[np.int64]  # of rows or of sources


@dataclass(frozen=True)
class _Shelf:
    """The rows of one kind. `audience`: of each row, which of the collection's audiences it is for; `owner`: which of
    `sources` it leads to. None there for a source that has no row of its own: it can be found, but not shown."""

    vectors: Vectors
    audience: NDArray[np.int32]
    words: Bm25
    owner: Places
    sources: list[Source | None]


class Whole:
    """The collection `live`; `rows`: all of it, as read by `milvus_held`. Safe for several threads."""

    def __init__(self, live: Live, rows: Sequence[Mapping[str, Any]]) -> None:
        self.name = live.name
        self._audiences = live.audiences
        of_kind = {kind: [row for row in rows if row["kind"] == kind.value] for kind in Kind}
        own = [row for row in of_kind[Kind.TEMPLATE] if row["pk"] == row["source_id"]]
        self._templates = {str(row["pk"]): row["meta"] for row in own}  # its example questions' rows have none
        vectors = {kind: _vectors(live.build.dim, some) for kind, some in of_kind.items()}
        self._rows = {
            str(row["pk"]): KeptRow(source_of(row, 0.0), point)
            for kind, some in of_kind.items()
            for row, point in zip(some, vectors[kind], strict=True)
        }
        self._shelves = {kind: self._shelf(some, vectors[kind]) for kind, some in of_kind.items()}

    def search(self, wish: Wish, points: Vectors) -> list[Hits]:
        """For each of `points` (n, dim) and of the wish's words what milvus_ask.hits would make of Milvus's answers."""
        shelf, seen, most = self._shelves[wish.kind], self._seen(wish), asked_rows(wish)
        return [
            _union(
                shelf,
                cosines,
                near=_best(np.where(seen, cosines, HIDDEN), HIDDEN, most),
                worded=_best(scores := np.where(seen, shelf.words.scores(text), NOTHING), NOTHING, most),
                scores=scores,
                limit=wish.limit,
            )
            for cosines, text in zip(_products(shelf.vectors, points), wish.words, strict=True)
        ]

    def rows(self, pks: Sequence[str]) -> dict[str, KeptRow]:
        """Those of these rows that there are."""
        return {pk: row for pk in pks if (row := self._rows.get(pk)) is not None}

    def template(self, template_id: str) -> Template | None:
        return template_of(self._templates[template_id]) if template_id in self._templates else None

    def _seen(self, wish: Wish) -> NDArray[np.bool_]:
        """Of each row of the kind whether the reader may see it."""
        known = set(readable(self._audiences, wish.reads))
        told = np.array([one in known for one in self._audiences], dtype=np.bool_)
        return np.asarray(told[self._shelves[wish.kind].audience])

    def _shelf(self, rows: Sequence[Mapping[str, Any]], vectors: Vectors) -> _Shelf:
        audiences = {audience: n for n, audience in enumerate(self._audiences)}
        sources: dict[str, int] = {}
        for row in rows:
            sources.setdefault(str(row["source_id"]), len(sources))
        kept = [self._rows.get(source_id) for source_id in sources]
        return _Shelf(
            vectors=vectors,
            audience=np.array([audiences[str(row["audience"])] for row in rows], dtype=np.int32),
            words=Bm25(str(row["words"]) for row in rows),
            owner=np.array([sources[str(row["source_id"])] for row in rows], dtype=np.int64),
            sources=[row.source if row else None for row in kept],
        )


def _vectors(dim: int, rows: Sequence[Mapping[str, Any]]) -> Vectors:
    vectors = np.zeros((len(rows), dim), dtype=np.float32)
    for n, row in enumerate(rows):
        vectors[n] = row["vector"]
    return vectors


def _products(vectors: Vectors, points: Vectors) -> Sequence[Numbers]:
    """For each point its product with each of the vectors."""
    return [vectors @ point for point in points] if len(points) <= FEW else list((vectors @ points.T).T)


def _best(scores: Numbers, above: np.float32, most: int) -> Places:
    """The best rows whose score is more than `above`; of two equal ones the earlier first."""
    found = np.flatnonzero(scores > above)
    if len(found) > most:
        edge = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= edge]
    return found[np.argsort(-scores[found], kind="stable")][:most]


def _union(shelf: _Shelf, cosines: Numbers, near: Places, worded: Places, scores: Numbers, limit: int) -> Hits:
    """The `limit` nearest and the `limit` best-worded sources, each as good as the best of its rows. `near`, `worded`:
    rows, best first. Of two sources that are equally good the one whose row comes first."""
    rows = np.concatenate([near, worded])
    owner, spoken = shelf.owner[rows], shelf.owner[worded]
    first = np.full(len(shelf.sources), len(rows))
    first[owner[::-1]] = np.arange(len(rows))[::-1]  # what is written last stands: a source's first row
    dense = np.full(len(shelf.sources), -1.0, dtype=np.float32)
    np.maximum.at(dense, owner, np.minimum(cosines[rows], 1.0))
    lexical = np.zeros(len(shelf.sources), dtype=np.float32)
    lexical[spoken[::-1]] = scores[worded[::-1]]  # the first row is the best one
    found = np.flatnonzero(first < len(rows))
    nearest = found[np.lexsort((first[found], -dense[found]))][:limit].tolist()
    ranks = {source: rank for rank, source in enumerate(list(dict.fromkeys(spoken.tolist()))[:limit])}
    told = {number: source for number in (*nearest, *ranks) if (source := shelf.sources[number])}
    places = np.fromiter(told, dtype=np.int64, count=len(told))
    return Hits(
        list(told.values()),
        dense[places].tolist(),
        [ranks.get(number) for number in told],
        [score or None for score in lexical[places].tolist()],  # whatever BM25 finds is worth more than nothing
    )
