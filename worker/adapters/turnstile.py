"""What every call of an adapter passes: the limiter, then the breaker. Refusals are Retryable with a time to come back.

Adapters of parts reached over HTTP use it; what their answers mean for either is told by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from worker.adapters.breaker import Breaker, State
from worker.adapters.pace import Ask, Pace, Pass, Told, in_a_row, one_by_one
from worker.errors import Retryable


class Open:
    """A turnstile that lets everybody through: for tools and tests that make a call now and then."""

    def ahead(self, calls: Sequence[Sequence[Ask]]) -> list[Pass]:
        return []

    def enter(self, asks: Sequence[Ask], ahead: Pass | None = None) -> Pass:
        return Pass(tuple(asks))

    def give_back(self, unused: Iterable[Pass]) -> None:
        pass

    def leave(self, given: Pass, told: Sequence[Told] = (), *, failure: str = "", pause: float | None = None) -> float:
        return 0.0


class Turnstile(Open):
    """Thread-safe. `on_wait` is told of every call that had to be put off."""

    def __init__(self, breaker: Breaker, pace: Pace, *, on_wait: Callable[[], None] | None = None) -> None:
        self._breaker = breaker
        self._pace = pace
        self._on_wait = on_wait or (lambda: None)

    def ahead(self, calls: Sequence[Sequence[Ask]]) -> list[Pass]:
        """A pass for each of several calls that will be made one after the other, by one question to the limiter: all
        or none, so that nobody is put off in the middle. Each is then entered with, or given back. None are given while
        the part is left alone, where whoever enters is told for how long; and one where it is to find out whether there
        is room again."""
        if self._breaker.state is not State.CLOSED:
            return []
        given = self._pace.take(in_a_row(calls))
        if given.wait > 0:
            raise self._put_off(given.wait)
        row = one_by_one(given, calls)
        if given.probe:  # one call is enough to find out, and what it takes is kept for people
            self.give_back(row[1:])
            return row[:1]
        return row

    def enter(self, asks: Sequence[Ask], ahead: Pass | None = None) -> Pass:
        """Nothing has left the house when it raises. `ahead`: the pass that was taken for this call before."""
        self._breaker.enter()
        if ahead is None:
            given = self._pace.take(asks)
            wait = given.wait
        else:
            given, wait = self._pace.begun(ahead), self._pace.shut(asks)
        if wait > 0:
            self._breaker.leave()
            raise self._put_off(wait)
        return given

    def give_back(self, unused: Iterable[Pass]) -> None:
        for one in unused:
            self._pace.give_back(one)

    def leave(self, given: Pass, told: Sequence[Told] = (), *, failure: str = "", pause: float | None = None) -> float:
        """After every call that was let in. `failure`: why it counts against the part, "" where the part answered;
        `pause` as in Breaker.failed. Returns the seconds for which a refused gauge is shut."""
        shut = self._pace.tell(given, told)
        if failure:
            self._breaker.failed(failure, pause=pause)
        else:
            self._breaker.succeeded()
        return shut

    def _put_off(self, wait: float) -> Retryable:
        self._on_wait()
        part = self._breaker.part
        return Retryable(f"{part}: the allowance is used up or kept for others", part=part, after=wait)
