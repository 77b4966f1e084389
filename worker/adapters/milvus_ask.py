"""The questions of one message asked of one collection: one search by vector for all of them, and one by BM25.

Together, since Milvus Lite goes through all rows once for each search that it is sent, however many questions that
holds. Ids and distances alone, since it takes longer to send what a hit says than to find it; see milvus_kept.py.
Called by adapters/milvus.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from worker.adapters.milvus_best import Best
from worker.adapters.milvus_kept import KeptRow
from worker.adapters.milvus_rows import Live, readable, where
from worker.models import Kind
from worker.ports.world import Hit, Vectors

ROWS_OF_A_TEMPLATE = 24  # its own and its example questions: so many rows may stand for one template
LONGEST_QUERY = 4_000  # characters that BM25 reads of a query

TOGETHER = 16  # questions of one search

Found = list[list[tuple[str, float]]]  # for each question the pks of rows and their distances, best first
Rows = Callable[[Sequence[str]], Mapping[str, KeptRow]]  # the rows of these pks, those that there are


@dataclass(frozen=True)
class Wish:
    """What is asked: `words` of each question as `plain` leaves them; sources with one of the labels `reads`."""

    kind: Kind
    words: tuple[str, ...]
    reads: tuple[str, ...]
    limit: int


def plain(text: str) -> str:
    """What BM25 is asked: no more than it reads, and nothing that cannot be sent."""
    return text[:LONGEST_QUERY].encode("utf-8", "replace").decode().replace("\x00", " ").strip()


def near(client: Any, live: Live, wish: Wish, points: Vectors, timeout: float) -> Found:
    """For each of `points` (n, dim) the nearest rows."""
    tuning = {"metric_type": live.metric, "params": {"ef": max(200, asked_rows(wish))} if live.hnsw else {}}
    return _search(client, live, wish, points.tolist(), timeout, anns_field="vector", search_params=tuning)


def worded(client: Any, live: Live, wish: Wish, timeout: float) -> Found:
    """For each question the rows that BM25 finds. One without any word that says something is not asked."""
    saying = [n for n, text in enumerate(wish.words) if text] if live.lexical else []
    found: Found = [[] for _ in wish.words]
    answers = _search(client, live, wish, [wish.words[n] for n in saying], timeout, anns_field="terms")
    for n, rows in zip(saying, answers, strict=True):
        found[n] = rows
    return found


def _search(client: Any, live: Live, wish: Wish, asked: Sequence[Any], timeout: float, **how: Any) -> Found:
    """The labels that the reader has are compared with those of the index, which alone get into the filter."""
    found: Found = []
    known = readable(live.audiences, wish.reads)
    if not known:
        return [[] for _ in asked]
    for start in range(0, len(asked), TOGETHER):
        answers = client.search(
            live.name,
            data=asked[start : start + TOGETHER],
            filter=where(wish.kind, known),
            limit=asked_rows(wish),
            partition_names=[wish.kind.value],
            output_fields=["pk"],
            consistency_level="Eventually",
            timeout=timeout,
            **how,
        )
        found += [[(str(row["pk"]), float(row["distance"])) for row in rows] for rows in answers]
    return found


def asked_rows(wish: Wish) -> int:
    """How many rows one search may bring: several may stand for one source."""
    return min(wish.limit * (1 if wish.kind is Kind.PASSAGE else ROWS_OF_A_TEMPLATE), 2_000)


def hits(wish: Wish, points: Vectors, dense: Found, lexical: Found, rows_of: Rows) -> list[Sequence[Hit]]:
    """What was found for each of `points`, by vector and by words, as the union of the nearest and the best-worded
    sources."""
    rows = rows_of(list({pk for found in (*dense, *lexical) for pk, _ in found}))
    best = [Best(wish.limit) for _ in points]
    for n, point in enumerate(points):
        for pk, cosine in dense[n]:
            if row := rows.get(pk):
                best[n].dense(row.source.source_id, cosine)
        there = [(row, score) for pk, score in lexical[n] if (row := rows.get(pk))]
        cosines = np.stack([row.vector for row, _ in there]) @ point if there else ()
        for (row, score), cosine in zip(there, cosines, strict=True):
            # Lite gives BM25 as a negative distance, servers as a positive score.
            best[n].lexical(row.source.source_id, abs(score), float(cosine))
    unions = [one.union() for one in best]
    told = rows_of(list(dict.fromkeys(i for ids in unions for i in ids)))
    return [
        [one.hit(told[i].source, place) for i, place in ids.items() if i in told]
        for one, ids in zip(best, unions, strict=True)
    ]


def versions(client: Any, live: Live, ids: Sequence[str], timeout: float) -> dict[str, str]:
    """Of the rows that carry the sources themselves the versions, by id."""
    rows = client.query(
        live.name,
        filter=f"pk in {json.dumps(list(ids))}",
        output_fields=["source_id", "version"],
        timeout=timeout,
        consistency_level="Eventually",
    )
    return {str(row["source_id"]): str(row["version"]) for row in rows}
