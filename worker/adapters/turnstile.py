"""What every call of an adapter passes: the limiter, then the breaker. Refusals are Retryable with a time to come back.

Adapters of parts reached over HTTP use it; what their answers mean for either is told by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worker.adapters.breaker import Breaker
from worker.adapters.pace import Ask, Pace, Pass, Told
from worker.errors import Retryable


class Open:
    """A turnstile that lets everybody through: for tools and tests that make a call now and then."""

    def enter(self, asks: Sequence[Ask]) -> Pass:
        return Pass(tuple(asks))

    def leave(self, given: Pass, told: Sequence[Told] = (), *, failure: str = "", pause: float | None = None) -> float:
        return 0.0


class Turnstile(Open):
    """Thread-safe. `on_wait` is told of every call that had to be put off."""

    def __init__(self, breaker: Breaker, pace: Pace, *, on_wait: Callable[[], None] | None = None) -> None:
        self._breaker = breaker
        self._pace = pace
        self._on_wait = on_wait or (lambda: None)

    def enter(self, asks: Sequence[Ask]) -> Pass:
        """Nothing has left the house when it raises."""
        self._breaker.enter()
        given = self._pace.take(asks)
        if given.wait > 0:
            self._breaker.leave()
            self._on_wait()
            part = self._breaker.part
            raise Retryable(f"{part}: the allowance is used up or kept for others", part=part, after=given.wait)
        return given

    def leave(self, given: Pass, told: Sequence[Told] = (), *, failure: str = "", pause: float | None = None) -> float:
        """After every call that was let in. `failure`: why it counts against the part, "" where the part answered;
        `pause` as in Breaker.failed. Returns the seconds for which a refused gauge is shut."""
        shut = self._pace.tell(given, told)
        if failure:
            self._breaker.failed(failure, pause=pause)
        else:
            self._breaker.succeeded()
        return shut
