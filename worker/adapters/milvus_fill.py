"""The rows of a new collection, written by a thread of its own while the vectors of others are still being made.

One thread, since Milvus Lite does not bear two writers. Nobody waits for it before the end: the rows of unchanged texts
come all at once, and whoever waited for them would begin to embed the others only then. What waits in line is a row's
number and its vector. Used by adapters/milvus_write.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from worker.adapters.milvus_head import head_columns
from worker.adapters.milvus_link import PART, Link
from worker.adapters.milvus_rows import Columns, columns, nowhere
from worker.adapters.milvus_wire import insert
from worker.errors import Permanent
from worker.models import Kind
from worker.ports.shelf import Row, Tick
from worker.ports.world import Vectors

BATCH = 500  # rows of one insert


class Filling:
    """Into the collection `name`, each kind into its partition. What goes wrong is raised by the next `put`, or by
    `end`. Leaving the block waits for the insert that is under way; of an unfinished one the others are dropped."""

    def __init__(self, link: Link, name: str, rows: Sequence[Row], patience: float) -> None:
        self._link, self._name, self._rows, self._patience = link, name, rows, patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="filling")
        self._under_way: deque[Future[int]] = deque()
        self._gathered: dict[Kind, list[tuple[int, Vectors]]] = {kind: [] for kind in Kind}
        self._seen = np.zeros(len(rows), dtype=bool)
        self._done = 0
        self.first: Vectors = np.zeros(0, dtype=np.float32)  # the vector of the first row

    def put(self, places: Sequence[int], points: Vectors) -> None:
        """`points`: (len(places), dim), the vectors of the rows at these places."""
        if len(places) != len(points):
            raise Permanent("rows and vectors do not match", part=PART)
        for place, point in zip(places, points, strict=True):
            kind = self._rows[place].source.kind
            self._seen[place] = True
            if place == 0:
                self.first = point
            self._gathered[kind].append((place, point))
            if len(self._gathered[kind]) >= BATCH:
                self._send(kind)

    def put_head(self, head: bytes, dim: int) -> None:
        """The rows of a template choice, beside all partitions; `end` waits for them too."""
        for packed in head_columns(head):
            points = nowhere(dim, len(packed.meta))
            self._under_way.append(self._thread.submit(self._request, "", packed, points, 0))

    def end(self, tick: Tick) -> None:
        """Returns once every row is written; Permanent where one had no vector."""
        if not self._seen.all():
            raise Permanent("rows and vectors do not match", part=PART)
        for kind in Kind:
            self._send(kind)
        tick("write", self._done, len(self._rows))  # all may be written by now, and then nothing else would say so
        while self._under_way:
            self._wait()
            tick("write", self._done, len(self._rows))

    def _send(self, kind: Kind) -> None:
        gathered, self._gathered[kind] = self._gathered[kind], []
        if gathered:
            self._under_way.append(self._thread.submit(self._insert, kind, gathered))
        while self._under_way and self._under_way[0].done():
            self._wait()

    def _wait(self) -> None:
        self._done += self._under_way.popleft().result()

    def _insert(self, kind: Kind, gathered: Sequence[tuple[int, Vectors]]) -> int:
        packed = columns([self._rows[place] for place, _ in gathered])
        return self._request(kind.value, packed, np.stack([point for _, point in gathered]), len(gathered))

    def _request(self, partition: str, packed: Columns, points: Vectors, counts: int) -> int:
        def ask(client: Any) -> None:
            insert(client, self._name, partition, packed, points, self._patience)

        self._link.call("writing the new index", ask, again=False)
        return counts

    def __enter__(self) -> Filling:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
