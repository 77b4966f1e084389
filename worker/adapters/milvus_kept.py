"""Rows of one collection that were read before, so that a search need bring no more than ids and distances.

Nothing writes to a collection once it is live: what a row held, it holds. What is found, and for whom, Milvus decides
anew with each search; only what the rows say is taken from here. Used by adapters/milvus.py and milvus_ask.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from worker.adapters.milvus_rows import CARRIED, Live, source_of
from worker.models import Source
from worker.ports.world import Vectors

MOST = 20_000  # rows in memory, some four kilobytes each


@dataclass(frozen=True)
class KeptRow:
    """`vector`: only where the collection is searched by words too, to tell how near such a hit is."""

    source: Source
    vector: Vectors


class Kept:
    """Rows of the collection `name`, by pk; safe for several threads. `most`: of more, the oldest are forgotten."""

    def __init__(self, name: str, most: int = MOST) -> None:
        self.name = name
        self._most = most
        self._rows: dict[str, KeptRow] = {}
        self._nowhere: dict[tuple[str, str], None] = {}  # (filter, pk): parts of a section that does not go on
        self._writing = threading.Lock()

    def rows(self, client: Any, live: Live, pks: Sequence[str], timeout: float, only: str = "") -> dict[str, KeptRow]:
        """The rows of these pks; those that are not there are left out. `only`: a filter for what has to be read."""
        found = {pk: row for pk in pks if (row := self._rows.get(pk)) is not None}
        if missing := [pk for pk in dict.fromkeys(pks) if pk not in found and (only, pk) not in self._nowhere]:
            fresh = _read(client, live, missing, timeout, only)
            with self._writing:
                self._rows.update(fresh)
                self._nowhere.update(dict.fromkeys((only, pk) for pk in missing if pk not in fresh))
                _forget_oldest(self._rows, self._most)
                _forget_oldest(self._nowhere, self._most)
            found.update(fresh)
        return found


def _forget_oldest(kept: dict[Any, Any], most: int) -> None:
    for key in list(islice(kept, max(len(kept) - most, 0))):
        del kept[key]


def _read(client: Any, live: Live, pks: Sequence[str], timeout: float, only: str) -> Mapping[str, KeptRow]:
    rows = client.query(
        live.name,
        filter=f"pk in {json.dumps(list(pks))}" + (f" and {only}" if only else ""),
        output_fields=["pk", *CARRIED, *(["vector"] if live.lexical else [])],
        timeout=timeout,
        consistency_level="Eventually",
    )
    return {str(r["pk"]): KeptRow(source_of(r, 0.0), np.asarray(r.get("vector", ()), np.float32)) for r in rows}
