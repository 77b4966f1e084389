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
from worker.adapters.milvus_ask import Found, Wish, asked_rows
from worker.adapters.milvus_kept import KeptRow
from worker.adapters.milvus_rows import Live, readable, source_of, template_of
from worker.models import Kind, Template
from worker.ports.world import Vectors

HIDDEN = np.float32(-np.inf)  # the score of a row that the reader may not see


@dataclass(frozen=True)
class _Shelf:
    """The rows of one kind. `audience`: of each row, which of the collection's audiences it is for."""

    pks: list[str]
    vectors: Vectors
    audience: NDArray[np.int32]
    words: Bm25


class Whole:
    """The collection `live`; `rows`: all of it, as read by `milvus_held`. Safe for several threads."""

    def __init__(self, live: Live, rows: Sequence[Mapping[str, Any]]) -> None:
        self.name = live.name
        self._audiences = live.audiences
        self._shelves = {kind: _shelf(live, [row for row in rows if row["kind"] == kind.value]) for kind in Kind}
        own = [row for row in rows if row["kind"] == Kind.TEMPLATE.value and row["pk"] == row["source_id"]]
        self._templates = {str(row["pk"]): row["meta"] for row in own}  # its example questions' rows have none
        points = {
            pk: point for shelf in self._shelves.values() for pk, point in zip(shelf.pks, shelf.vectors, strict=True)
        }
        self._rows = {str(row["pk"]): KeptRow(source_of(row, 0.0), points[str(row["pk"])]) for row in rows}

    def near(self, wish: Wish, points: Vectors) -> Found:
        """For each of `points` (n, dim) the nearest rows and their cosines, best first."""
        shelf, seen = self._shelves[wish.kind], self._seen(wish)
        scores = np.where(seen, points @ shelf.vectors.T, HIDDEN)
        return [_best(shelf.pks, one, HIDDEN, asked_rows(wish)) for one in scores]

    def worded(self, wish: Wish) -> Found:
        """For each question the rows that share words with it and their scores, best first."""
        shelf, seen = self._shelves[wish.kind], self._seen(wish)
        nothing = np.float32(0.0)
        return [
            _best(shelf.pks, np.where(seen, shelf.words.scores(text), nothing), nothing, asked_rows(wish))
            for text in wish.words
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


def _shelf(live: Live, rows: Sequence[Mapping[str, Any]]) -> _Shelf:
    number = {audience: n for n, audience in enumerate(live.audiences)}
    vectors = np.zeros((len(rows), live.build.dim), dtype=np.float32)
    for n, row in enumerate(rows):
        vectors[n] = row["vector"]
    return _Shelf(
        pks=[str(row["pk"]) for row in rows],
        vectors=vectors,
        audience=np.array([number[str(row["audience"])] for row in rows], dtype=np.int32),
        words=Bm25(str(row["words"]) for row in rows),
    )


def _best(pks: Sequence[str], scores: NDArray[np.float32], above: np.float32, most: int) -> list[tuple[str, float]]:
    """The best rows whose score is more than `above`; of two equal ones the earlier first."""
    found = np.flatnonzero(scores > above)
    if len(found) > most:
        edge = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= edge]
    order = found[np.argsort(-scores[found], kind="stable")][:most]
    return [(pks[row], score) for row, score in zip(order.tolist(), scores[order].tolist(), strict=True)]
