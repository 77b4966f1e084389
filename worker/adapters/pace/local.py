"""The limiter within one process. SharedPace does the same sums in Redis, and falls back to this one without it.

Of a gauge we keep what was left when an answer last told it, how fast it fills up, what calls under way may still take,
and, of one that is renewed at once, what others have been taking: that much stays for them until the renewal, or they
would live on what is kept for people. An answer to a later call is believed; one that comes late may only lower what is
left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from worker.adapters.pace.words import (
    EASE,
    FIRST_PAUSE,
    FIRST_PROBE,
    LONG_ENOUGH,
    LONGEST_PAUSE,
    LONGEST_PROBE,
    LONGEST_QUEUE,
    RISE,
    WINDOW,
    WORK,
    Ask,
    Pass,
    Told,
)


@dataclass
class _Gauge:
    """Times in seconds of the clock. `flying`, `before`: what calls begun in this and the last minute may take."""

    limit: float = 0.0  # 0: not known yet
    left: float = 0.0
    at: float = 0.0
    rate: float = 0.0  # per second; 0: renewed at once, at a time that nobody tells
    ends: float = 0.0  # by then it is renewed, or may be asked whether it is
    told: int = 0  # number of the pass whose answer was believed last
    shut: float = 0.0
    strikes: int = 0
    probes: int = 0  # since it was last seen renewed: each one may take of what is kept for others
    queued: int = 0  # how many were sent away since there was room
    minute: int = 0
    flying: float = 0.0
    before: float = 0.0
    since: float = 0.0  # when it was last seen renewed
    mine: float = 0.0  # what our calls that were answered have taken since then
    theirs: float = 0.0  # what others have taken since then, at least
    others: float = 0.0  # what others take per second, by the renewals before

    def roll(self, minute: int) -> None:
        if minute != self.minute:
            self.before = self.flying if minute == self.minute + 1 else 0.0
            self.minute, self.flying = minute, 0.0

    def now_left(self, now: float) -> float:
        return min(self.limit, self.left + self.rate * (now - self.at))

    def wait(self, cost: float, keep: float, now: float) -> float:
        """Seconds, 0 to go ahead. A call for which the whole gauge is too small goes when nothing else does."""
        if self.shut > now:
            return self.shut - now
        if not (cost and self.limit) or keep < 0:
            return 0.0
        most = self.limit * (1 - keep)
        theirs = self.others * max(0.0, self.ends - now)
        room = self.now_left(now) - self.flying - self.before - theirs - self.limit * keep
        lacking = min(cost, most) - room
        if lacking <= 0:
            return 0.0
        if self.rate > 0:
            return (lacking + min(self.queued * cost, LONGEST_QUEUE * self.limit)) / self.rate
        if now >= self.ends:
            self.ends = now + min(LONGEST_PROBE, FIRST_PROBE * 2.0 ** min(self.probes, 9))
            self.probes += 1
            return 0.0
        return self.ends - now + WINDOW * min(self.queued * WORK // most, LONGEST_QUEUE)

    def learn(self, told: Told, cost: float, number: int, now: float) -> None:
        self.mine += cost
        if told.limit and told.left is not None:
            self._believe(told.limit, told.left, told.refill, number, now)
            self._watch_others(told.refill)
        elif self.limit:  # an answer that tells nothing, or none at all, may have cost what it takes all the same
            self.left, self.at = max(0.0, self.now_left(now) - cost), now
        if told.refused:
            self.strikes += 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (min(self.strikes, 9) - 1))
            self.shut = max(self.shut, now + (pause if told.after is None else told.after))
            self.ends = self.shut  # what was told as left before that says nothing any more
        else:
            self.strikes = 0

    def _believe(self, limit: float, left: float, refill: float, number: int, now: float) -> None:
        if number < self.told:
            self.left, self.at = min(self.now_left(now), left), now
            return
        # Answers overtake each other by as much as is, or a moment ago was, under way: a smaller rise says nothing.
        renewed = left > self.now_left(now) + self.flying + self.before + limit * RISE
        if not self.limit:
            self.since, self.mine = now, limit - left  # whoever took that, before we looked
        elif renewed:
            self._begin_anew(now)
        elif now - self.since >= WINDOW and limit - left <= limit * RISE:
            self._ease(limit - left, now)
        if renewed or now >= self.ends:
            self.ends = now + WINDOW
            self.queued = self.probes = 0
        self.rate = (limit - left) / refill if refill > 0 else 0.0
        self.limit, self.left, self.at, self.told = limit, left, now, number

    def _begin_anew(self, now: float) -> None:
        """What others took counts by as much of the time as was watched: an answer told of it last at `at`."""
        watched = min(self.at - self.since, WINDOW)
        if watched >= LONG_ENOUGH:
            self.others += watched / WINDOW * (self.theirs / watched - self.others)
        self.since, self.mine, self.theirs = now, 0.0, 0.0

    def _ease(self, gone: float, now: float) -> None:
        """It was renewed since, with so little `gone` that no rise shows it: what others took in a bad minute would be
        kept for them for good. By a quarter at a time, since this may be the beginning of a minute that they use."""
        self.others += EASE * (min(self.others, gone / WINDOW) - self.others)
        self.since, self.mine, self.theirs = now, gone, 0.0

    def _watch_others(self, refill: float) -> None:
        if refill > 0:  # it flows back meanwhile, so that what is gone is no sum
            return
        gone = self.limit - self.left - self.mine - self.flying - self.before
        self.theirs = max(self.theirs, gone)


class LocalPace:
    """`Pace`. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._gauges: dict[str, _Gauge] = {}
        self._number = 0

    def take(self, asks: Sequence[Ask], weight: float = 1.0) -> Pass:
        """`weight`: how many processes there are, where each must keep to its share: every call counts that often."""
        with self._lock:
            now = self._clock()
            minute = int(now // 60)
            gauges = [self._gauges.setdefault(ask.gauge, _Gauge()) for ask in asks]
            for gauge in gauges:
                gauge.roll(minute)
            probes = [gauge.probes for gauge in gauges]
            waits = [g.wait(a.cost * weight, a.keep, now) for g, a in zip(gauges, asks, strict=True)]
            if any(waits):
                for gauge, wait in zip(gauges, waits, strict=True):
                    gauge.queued += 1 if wait else 0
                return Pass(tuple(asks), wait=max(waits))
            self._number += 1
            for gauge, ask in zip(gauges, asks, strict=True):
                gauge.flying += ask.cost * weight
                gauge.queued = max(0, gauge.queued - 1)
            probe = probes != [gauge.probes for gauge in gauges]
            return Pass(tuple(asks), own=self._number, own_minute=minute, weight=weight, probe=probe)

    def count(self, given: Pass) -> Pass:
        """Numbers a pass that was given elsewhere, so that its answer finds its place here too."""
        with self._lock:
            self._number += 1
            return replace(given, own=self._number)

    def begun(self, given: Pass) -> Pass:
        return self.count(given)

    def give_back(self, given: Pass) -> None:
        with self._lock:
            minute = int(self._clock() // 60)
            for ask in given.asks:
                gauge = self._gauges.setdefault(ask.gauge, _Gauge())
                gauge.roll(minute)
                _land(gauge, ask.cost * given.weight, given.own_minute)

    def shut(self, asks: Sequence[Ask]) -> float:
        with self._lock:
            now = self._clock()
            known = (self._gauges.get(ask.gauge) for ask in asks)
            return max((gauge.shut - now for gauge in known if gauge is not None and gauge.shut > now), default=0.0)

    def tell(self, given: Pass, told: Sequence[Told]) -> float:
        costs = {ask.gauge: ask.cost for ask in given.asks}
        said = {t.gauge: t for t in told}
        with self._lock:
            now = self._clock()
            shut = 0.0
            for name, cost in costs.items():
                gauge = self._gauges.setdefault(name, _Gauge())
                gauge.roll(int(now // 60))
                _land(gauge, cost * given.weight, given.own_minute)
                gauge.learn(said.get(name, Told(name)), cost * given.weight, given.own, now)
                shut = max(shut, gauge.shut - now)
            return shut


def _land(gauge: _Gauge, cost: float, minute: int) -> None:
    if minute == gauge.minute:
        gauge.flying = max(0.0, gauge.flying - cost)
    elif minute == gauge.minute - 1:
        gauge.before = max(0.0, gauge.before - cost)
