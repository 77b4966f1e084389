"""When a collection is read whole into memory, and how: the lease under which a process answers without Milvus.

Only collections of Milvus Lite, which takes its time over each search, and only up to so many rows. A process that asks
once or twice, such as a tool, is answered by Milvus; so is everybody while reading takes long, and whenever it fails.
Milvus stays what is asked which collection is live (adapters/milvus.py): one that does not answer is noticed a second
later, whatever is held.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog

from worker.adapters.milvus_link import Link
from worker.adapters.milvus_rows import CARRIED, Live
from worker.adapters.milvus_whole import Whole
from worker.errors import Trouble
from worker.models import Kind

HELD = 20_000  # rows: 30 MB of vectors, and some 60 MB of texts and words
ASKED_FIRST = 8  # questions that Milvus answers before its collection is read: a tool asks no more
PATIENCE = 2.0  # seconds that a worker's threads wait for the one that reads; 1,500 rows take half a second
PAGE = 1_000  # rows of one answer: some four megabytes
PAUSE = 60.0  # seconds until reading is tried again
_READ = ["pk", *CARRIED, "audience", "words", "meta", "vector"]
log = structlog.get_logger(__name__)


class Held:
    """The collection that is held, if any; for several threads. `most`: rows. `at_once`: it is read for the first
    question, and the others wait for it: thirty searches at once would take Milvus Lite ten times as long, and whoever
    reads meanwhile too."""

    def __init__(self, link: Link, most: int = HELD, *, at_once: bool = False) -> None:
        self.most, self.at_once = most, at_once
        self._link = link
        self._whole: Whole | None = None
        self._reading = threading.Lock()
        self._asked = ("", 0)  # which collection, and how often
        self._not_before, self._failed = 0.0, ""  # of which collection

    @property
    def name(self) -> str:
        """Which collection is held, "" if none."""
        whole = self._whole
        return whole.name if whole else ""

    def of(self, live: Live) -> Whole | None:
        """The collection `live` as it is held; None where Milvus is to be asked. Never raises."""
        whole = self._whole
        if whole is not None and whole.name == live.name:
            return whole
        waits = PATIENCE if self.at_once else 0.0
        if live.build.rows > self.most or not live.lexical or not self._reading.acquire(timeout=waits):
            return None
        try:
            if self.name == live.name:
                return self._whole
            name, times = self._asked
            self._asked = (live.name, times + 1 if name == live.name else 1)
            # Only the first: after a swap those who still ask the earlier one would have both read by turns.
            often = (self.at_once and not self.name) or self._asked[1] > ASKED_FIRST
            if often and (time.monotonic() >= self._not_before or self._failed != live.name):
                self._whole = None  # the one before is not needed any more: never two in memory
                self._whole = self._read(live)
            return self._whole if self.name == live.name else None
        finally:
            self._reading.release()

    def forget(self) -> None:
        self._whole, self._asked = None, ("", 0)

    def _read(self, live: Live) -> Whole | None:
        began = time.monotonic()
        try:
            if not self._link.lite:
                return None
            rows = [row for kind in Kind for row in self._rows(live, kind)]
            if len({row["pk"] for row in rows}) != live.build.rows:
                raise ValueError("rows are missing")
            whole = Whole(live, rows)
        except (Trouble, ValueError, KeyError, TypeError) as error:
            self._not_before, self._failed = time.monotonic() + PAUSE, live.name
            log.warning("milvus.not_held", collection=live.name, error=type(error).__name__)
            return None
        log.info("milvus.held", collection=live.name, rows=len(rows), seconds=round(time.monotonic() - began, 2))
        return whole

    def _rows(self, live: Live, kind: Kind) -> list[dict[str, Any]]:
        """All rows of the kind. Page by page in the order of the engine, which keeps to it while nothing is written."""
        rows: list[dict[str, Any]] = []

        def ask(client: Any) -> list[dict[str, Any]]:
            return list(
                client.query(
                    live.name,
                    filter=f'kind == "{kind.value}"',
                    partition_names=[kind.value],
                    output_fields=_READ,
                    offset=len(rows),
                    limit=PAGE,
                    timeout=self._link.timeout,
                    consistency_level="Eventually",
                )
            )

        while page := self._link.call("reading the whole index", ask):
            rows += page
            if len(page) < PAGE:
                break
        return rows
