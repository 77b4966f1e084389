"""The queue as a hint: rows are put on it by a thread of its own, so that no caller waits for Redis.

What is lost here the dispatcher finds in the ledger. Made by bootstrap, which knows how to put a row on its queue.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import structlog

from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)

ROOM = 1000  # rows that may wait: without a bound they would eat the memory of a process whose Redis is gone
PAUSE = 1.0  # seconds after a failure in which nothing is tried: a frozen Redis holds each try up for seven


class Hints:
    """`ports.Enqueue`. `put(queue, row)` may block and raise; `on_lost` is told of every row that was not put."""

    def __init__(
        self,
        put: Callable[[str, str], None],
        *,
        on_lost: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._put = put
        self._on_lost = on_lost
        self._clock = clock
        self._waiting: queue.Queue[tuple[str, str]] = queue.Queue(ROOM)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, name: str, row: str) -> None:
        """Returns at once."""
        self._start()
        try:
            self._waiting.put_nowait((name, row))
        except queue.Full:
            self._on_lost()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # A daemon: a process that is told to end must not first try all that waits on a frozen Redis.
                self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        quiet_until = float("-inf")
        while True:
            name, row = self._waiting.get()
            if self._clock() < quiet_until:
                self._on_lost()
                continue
            try:
                self._put(name, row)
            except Exception as error:
                quiet_until = self._clock() + PAUSE
                self._on_lost()
                log.warning("enqueue_failed", queue=name, error=safe_reason(error))
