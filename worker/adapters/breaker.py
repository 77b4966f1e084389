"""A circuit breaker: a part that failed several times in a row is left alone for a while, then one caller tries it.

One for each part in each process; it needs nobody else's word. Adapters ask it before a call and tell it the end of
every call that it let through; it knows no vendor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import IntEnum

import structlog

from worker.errors import Retryable

log = structlog.get_logger(__name__)

FAILURES = 5  # in a row
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds; doubled each time the one caller fails
_PROBE_SECONDS = 60.0  # a caller who tried and never said how it went is forgotten by then
_BEHIND_A_PROBE = 2.0


class State(IntEnum):
    """As the metric shows it."""

    CLOSED = 0
    PROBING = 1
    OPEN = 2


class Breaker:
    """Thread-safe. `part`: who is behind it; `on_state` is told every change, and the first state."""

    def __init__(
        self,
        part: str,
        *,
        on_state: Callable[[State], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._on_state = on_state or (lambda state: None)
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0
        self._why = ""
        self._on_state(self._state)

    @property
    def state(self) -> State:
        return self._state

    def enter(self) -> None:
        """Raises Retryable with the seconds to wait, at once, unless the call may be made."""
        with self._lock:
            if self._state is State.CLOSED:
                return
            left = self._until - self._clock()
            if left > 0:
                after = left if self._state is State.OPEN else min(left, _BEHIND_A_PROBE)
                reason = f"{self.part} is left alone for now: {self._why}"
                raise Retryable(reason, part=self.part, after=after, down=True)
            self._become(State.PROBING, self._clock() + _PROBE_SECONDS)

    def leave(self) -> None:
        """The call was not made after all: somebody else may be the one who tries."""
        with self._lock:
            if self._state is State.PROBING:
                self._become(State.OPEN, self._clock())

    def succeeded(self) -> None:
        """The part answered, whatever it said."""
        with self._lock:
            self._failures, self._pause = 0, FIRST_PAUSE
            if self._state is not State.CLOSED:
                self._become(State.CLOSED, 0.0)
                log.info("breaker_closed", part=self.part)

    def failed(self, why: str, *, pause: float | None = None) -> None:
        """`why` goes into logs and reasons. `pause`: opens at once, for so long, for what will not pass by itself."""
        with self._lock:
            if self._state is State.OPEN:  # a straggler, begun before it opened
                return
            self._failures += 1
            if self._state is State.CLOSED and self._failures < FAILURES and pause is None:
                return
            if self._state is State.PROBING:
                self._pause = min(LONGEST_PAUSE, self._pause * 2)
            self._why = why
            seconds = self._pause if pause is None else pause
            self._become(State.OPEN, self._clock() + seconds)
        log.warning("breaker_opened", part=self.part, reason=why, failures=self._failures, seconds=seconds)

    def _become(self, state: State, until: float) -> None:
        self._state, self._until = state, until
        self._on_state(state)
