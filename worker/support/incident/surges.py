"""When a count is far above usual: the test, and how often it errs. Pure.

A window that slides is looked at all the time, so the chance at one moment is not what counts. A level n is crossed
upwards only by a customer who finds n - 1 others in the window; that happens rate x P(N = n - 1) times an hour, and
with the Poisson identity m P(N = n - 1) = n P(N = n), also where the rate is itself random, n P(N = n) times per length
of the window (Campbell and Mecke's formula; compare Naus, JASA 77, 1982, on the scan statistic). So n P(N >= n), times
windows in a month, times streams, bounds the false alarms of a month; it may come to BOUND. The bound is loose (windows
overlap, and most topics are too small ever to reach FLOOR): quiet weeks of made-up desks show less than STATED.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.models import Sighting, Surge
from worker.support.incident.usual import Expected, Stream, Usual

WINDOWS = (30, 60, 120)  # minutes
FLOOR = 8  # different customers: fewer are never an incident
FAR = 3.0  # times the usual: less is a busy hour
STATED = 1.0  # false alarms a month, over all topics and segments; `scripts/evaluate.py incident` counts them
BOUND = 1.0
MONTH = 30 * 24 * 60  # minutes
CALM = 0.01  # chance of the longest window's count from which it is usual again ...
FEW = 4  # ... as it is below so many customers


@dataclass(frozen=True)
class Count:
    """Different customers within the last `minutes`."""

    minutes: int
    customers: int


def counted(sightings: Iterable[Sighting], now: datetime) -> list[Count]:
    """Of one topic, in each of WINDOWS."""
    last: dict[str, datetime] = {}
    for one in sightings:
        if one.at <= now:
            last[one.person] = max(one.at, last.get(one.person, one.at))
    return [Count(minutes, sum(at > now - timedelta(minutes=minutes) for at in last.values())) for minutes in WINDOWS]


def surge(counts: Iterable[Count], expected: Mapping[int, Expected], streams: int) -> Surge | None:
    """The least likely of the counts that are far above usual; None if none is. `expected`: by minutes."""
    found = [one for count in counts if (one := _surge(count, expected[count.minutes], streams)) is not None]
    return min(found, key=lambda one: one.chance, default=None)


def far_above(stream: Stream, counts: Iterable[Count], usual: Usual, now: datetime) -> Surge | None:
    """What the brake asks of every topic that has a template."""
    many = [count for count in counts if count.customers >= FLOOR]
    return surge(many, {one.minutes: usual.of(stream, now, one.minutes) for one in many}, usual.streams)


def most_likely(n: int, minutes: int, streams: int) -> float:
    """The chance that `n` or more may have to be an alarm."""
    return BOUND * minutes / (MONTH * streams * len(WINDOWS) * n)


def usual_again(counts: Iterable[Count], expected: Expected) -> bool:
    """Whether the longest window holds nothing special."""
    longest = max(counts, key=lambda count: count.minutes)
    return longest.customers < FEW or expected.chance(longest.customers) >= CALM


def _surge(count: Count, expected: Expected, streams: int) -> Surge | None:
    n, chance = count.customers, expected.chance(count.customers)
    if n < FLOOR or n < FAR * expected.mean or chance > most_likely(n, count.minutes, streams):
        return None
    return Surge(customers=n, minutes=count.minutes, expected=round(expected.mean, 3), chance=chance)
