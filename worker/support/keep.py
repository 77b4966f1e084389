"""Keeps a lease while its work goes on: a model that takes minutes must not have the same draft begun twice.

Whatever lasts for a third of its lease gets a thread of its own that renews it, which ends with the process: a dead or
stopped worker renews nothing. Called by the tasks and by deliver around what they do with a claimed row.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import structlog

from worker.errors import Trouble

log = structlog.get_logger(__name__)

AGAIN = 1.0  # seconds after which another thread is asked for, where none was to be had
MOST = 30  # renewals: whoever hangs for ten leases is not coming back, and somebody else must get the row


@contextmanager
def kept(renew: Callable[[], bool], lease: timedelta) -> Iterator[None]:
    """`renew` is called every third of `lease` until the block is left or it says that the row is somebody else's."""
    stay = _Stay(renew, lease.total_seconds() / 3)
    _LOOKOUT.expect(stay)
    try:
        yield
    finally:
        stay.leave()


class _Stay:
    """Work on a claimed row. `every`: seconds between two renewals."""

    def __init__(self, renew: Callable[[], bool], every: float) -> None:
        self._renew: Callable[[], bool] | None = renew
        self.every = every
        self.over = threading.Event()

    def leave(self) -> None:
        self._renew = None  # it holds a customer's letter, and would until the look-out comes by
        self.over.set()

    def begin(self) -> None:
        """The first renewal is due."""
        # Not waited for at the end: a renewal that comes too late finds the lease given back and does nothing.
        threading.Thread(target=self._beat, name="keeps a lease", daemon=True).start()

    def _beat(self) -> None:
        for _ in range(MOST):
            renew = self._renew
            if renew is None:
                return
            try:
                if not renew():
                    return
            except Trouble as trouble:
                log.warning("lease_not_renewed", part=trouble.part, reason=trouble.reason)
            self.over.wait(self.every)


class _Lookout:
    """Waits for what lasts. Nearly all work is over long before: a thread for each would be made and woken for nothing,
    and thirty others want the interpreter meanwhile."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._expected: list[tuple[float, int, _Stay]] = []  # by the time at which the first renewal is due
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def expect(self, stay: _Stay, after: float | None = None) -> None:
        """`after`: seconds until its first renewal, where that is not every third of its lease."""
        due = time.monotonic() + (stay.every if after is None else after)
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._look_out, name="keeps an eye on leases", daemon=True)
                thread.start()  # raises where no thread is to be had; the next one tries again
                self._thread = thread
            heapq.heappush(self._expected, (due, next(self._numbers), stay))
            if self._expected[0][2] is stay:
                self._changed.notify()

    def _look_out(self) -> None:
        while True:
            stay = self._next()
            try:
                stay.begin()
            except RuntimeError:  # ending here would leave all others without a renewal
                self.expect(stay, AGAIN)
                log.warning("lease_not_renewed", part="threads", reason="no thread could be started")

    def _next(self) -> _Stay:
        """The next one whose renewal is due, as soon as it is."""
        with self._changed:
            while True:
                while self._expected and self._expected[0][2].over.is_set():
                    heapq.heappop(self._expected)
                left = self._expected[0][0] - time.monotonic() if self._expected else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._expected)[2]
                self._changed.wait(left)


_LOOKOUT = _Lookout()


def _anew() -> None:
    global _LOOKOUT
    _LOOKOUT = _Lookout()


os.register_at_fork(after_in_child=_anew)  # its thread stays behind, and may have held its lock
