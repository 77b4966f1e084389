"""The questions of one message asked of one collection: one search by vector for all of them, and one by BM25.

Together, since Milvus Lite goes through all rows once for each search that it is sent, however many questions that
holds. Called by adapters/milvus.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from worker.adapters.milvus_best import Best
from worker.adapters.milvus_rows import CARRIED, Live
from worker.models import Kind
from worker.ports.world import Hit, Vectors

ROWS_OF_A_TEMPLATE = 24  # its own and its example questions: so many rows may stand for one template
LONGEST_QUERY = 4_000  # characters that BM25 reads of a query


def plain(text: str) -> str:
    """What BM25 is asked: no more than it reads, and nothing that cannot be sent."""
    return text[:LONGEST_QUERY].encode("utf-8", "replace").decode().replace("\x00", " ").strip()


def hits(
    client: Any,
    live: Live,
    kind: Kind,
    only: str,
    points: Vectors,
    words: Sequence[str],
    limit: int,
    timeout: float,
) -> list[Sequence[Hit]]:
    """For each of `points` (n, dim) and `words` the union of the nearest and the best-worded. `only`: the filter."""
    wanted = min(limit * (1 if kind is Kind.PASSAGE else ROWS_OF_A_TEMPLATE), 2_000)
    fields = CARRIED if kind is Kind.PASSAGE else ["source_id"]
    asked: dict[str, Any] = {
        "filter": only,
        "limit": wanted,
        "partition_names": [kind.value],
        "consistency_level": "Eventually",
        "timeout": timeout,
    }
    tuning = {"metric_type": live.metric, "params": {"ef": max(200, wanted)} if live.hnsw else {}}
    found = [Best(limit) for _ in words]
    near = client.search(
        live.name, data=points.tolist(), anns_field="vector", search_params=tuning, output_fields=fields, **asked
    )
    for best, rows in zip(found, near, strict=True):
        for row in rows:
            best.dense(row["entity"], float(row["distance"]))
    if live.lexical:
        _worded(client, live, found, points, words, [*fields, "vector"], asked)
    if kind is Kind.PASSAGE:
        return [[best.hit(one, best.entities[one]) for one in best.ids()] for best in found]
    there = carried(client, live, list(dict.fromkeys(one for best in found for one in best.ids())), timeout)
    return [[best.hit(one, there[one]) for one in best.ids() if one in there] for best in found]


def _worded(
    client: Any,
    live: Live,
    found: Sequence[Best],
    points: Vectors,
    words: Sequence[str],
    fields: list[str],
    asked: dict[str, Any],
) -> None:
    """Adds what BM25 finds. A question without any word that says something is not asked."""
    saying = [n for n, text in enumerate(words) if text]
    if not saying:
        return
    answers = client.search(
        live.name, data=[words[n] for n in saying], anns_field="terms", output_fields=fields, **asked
    )
    for n, rows in zip(saying, answers, strict=True):
        for row in rows:
            cosine = float(np.dot(np.asarray(row["entity"]["vector"], dtype=np.float32), points[n]))
            # Lite gives BM25 as a negative distance, servers as a positive score.
            found[n].lexical(row["entity"], abs(float(row["distance"])), cosine)


def carried(
    client: Any, live: Live, ids: Sequence[str], timeout: float, only: str = ""
) -> dict[str, Mapping[str, Any]]:
    """The rows that carry the sources themselves, by id; `only`: those that this filter lets through."""
    if not ids:
        return {}
    rows = client.query(
        live.name,
        filter=f"pk in {json.dumps(list(ids))}" + (f" and {only}" if only else ""),
        output_fields=CARRIED,
        timeout=timeout,
        consistency_level="Eventually",
    )
    return {str(row["source_id"]): row for row in rows}
