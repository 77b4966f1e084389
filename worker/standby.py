"""Works on due rows straight from the ledger while Redis does not answer, so that its outage delays nobody.

A thread of every worker (tasks.main). It competes with whatever a queue still delivers: claims decide, here as there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from worker import metrics
from worker.errors import Trouble
from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)

EVERY_SECONDS = 1.0
LINGER_SECONDS = 30.0  # after Redis is back: Celery looks for it at longer and longer intervals, half a minute at most

Row = tuple[str, str]  # queue and id


class Standby:
    """`queue_answers()` may take a moment and must not raise; `due(limit)` names rows; `work` must not raise. At most
    `threads` rows at a time."""

    def __init__(
        self,
        queue_answers: Callable[[], bool],
        due: Callable[[int], Iterable[Row]],
        work: Callable[[str, str], None],
        *,
        threads: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue_answers = queue_answers
        self._due = due
        self._work = work
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="standby")
        self._under_way: dict[Row, Future[None]] = {}
        self._clock = clock
        self._needed = False
        self._needed_until = float("-inf")

    def run(self, stop: threading.Event, *, seconds: float = EVERY_SECONDS) -> None:
        """Until `stop`; what is being worked on then is finished."""
        while not stop.wait(seconds):
            try:
                self.once()
            except Trouble as trouble:
                log.warning("round_failed", part=trouble.part, reason=trouble.reason)
            except Exception as error:
                log.error("round_failed", error=safe_reason(error))

    def hold(self, seconds: float) -> None:
        """Takes the queue for gone for that long, whatever it answers."""
        self._needed_until = max(self._needed_until, self._clock() + seconds)

    def once(self) -> int:
        """Begins with what is due, unless the queue does; how many rows that were."""
        if not self._queue_answers():
            self.hold(LINGER_SECONDS)
        self._notice(self._clock() < self._needed_until)
        if not self._needed:
            return 0
        self._under_way = {row: future for row, future in self._under_way.items() if not future.done()}
        # Never more than can begin at once: a worker that is told to end would first have to go through the rest.
        room = self._threads - len(self._under_way)
        fresh = [row for row in self._due(self._threads) if row not in self._under_way][:room] if room else []
        for row in fresh:
            self._under_way[row] = self._pool.submit(self._work, *row)
        return len(fresh)

    def _notice(self, needed: bool) -> None:
        if needed is not self._needed:
            self._needed = needed
            metrics.STANDBY.set(int(needed))
            log.warning("standby_begun" if needed else "standby_ended", threads=self._threads)
