"""What is usual for a topic and a segment at an hour of the week, and how unlikely a count is. Pure arithmetic.

For each stream (template, segment) the customers of an hour are Poisson with a rate that has a gamma posterior: prior
mean the stream's own weekly mean in the desk's weekly shape, weight PRIOR_HOURS; evidence the same hour of earlier
weeks and, at half weight, its neighbours. Days differ by more than chance, so the rate of the day at hand is multiplied
by a gamma variable of mean 1 and variance `spread`. A count is then negative binomial (Gelman et al., "Bayesian Data
Analysis", 2.6; empirical Bayes as Clayton and Kaldor, Biometrics 43, 1987; for surveillance Farrington et al., JRSS A
159, 1996, and the Bayes detector of Hoehle, Computational Statistics 22, 2007). Numpy and scipy: imported by the
dispatcher's watch and the evaluation only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from worker.models import Hour

Stream = tuple[str, str]  # template_id, segment
Floats = NDArray[np.float64]

WEEK = 168  # hours
PRIOR_HOURS = 24.0
NEIGHBOUR = 0.5  # weight of the hours before and after
SPREAD = (0.05, 1.0)  # least and most variance of a day's factor; the least is about 22 % either way
OUTSTANDING = 4.0  # an hour of the past counts for at most so many times its mean: it may have been an incident
AT_LEAST = 8.0  # ... though never for fewer than so many


@dataclass(frozen=True)
class Expected:
    """Of a count: negative binomial with this mean and this size (variance = mean + mean^2 / size)."""

    mean: float
    size: float

    def chance(self, n: int) -> float:
        """Of `n` or more."""
        return 1.0 if n <= 0 else float(betainc(n, self.size, self.mean / (self.mean + self.size)))


@dataclass(frozen=True)
class Usual:
    """`rate`, `weight`: customers in an hour and the gamma posterior's shape, by stream and hour of the week. `shape`:
    how busy each hour of the week is, mean 1."""

    zone: tzinfo
    hours: float
    shape: Floats
    rate: Mapping[Stream, Floats]
    weight: Mapping[Stream, Floats]
    spread: float

    @property
    def streams(self) -> int:
        return max(len(self.rate), 1)

    def of(self, stream: Stream, now: datetime, minutes: int) -> Expected:
        """What the last `minutes` bring. A stream that was never seen has half a customer in all the past hours."""
        if stream in self.rate:
            rate, weight = self.rate[stream], self.weight[stream]
        else:
            rate, weight = _alone(0, self.hours, self.shape)
        return self._over(rate, weight, now, minutes)

    def of_few(self, customers: int, now: datetime, minutes: int) -> Expected:
        """The same for a topic that has no template, of which there were `customers` in all the past hours."""
        return self._over(*_alone(customers, self.hours, self.shape), now, minutes)

    def _over(self, rate: Floats, weight: Floats, now: datetime, minutes: int) -> Expected:
        mean = posterior = 0.0
        at = now.astimezone(UTC) - timedelta(minutes=minutes)
        while at < now:
            hour = at.replace(minute=0, second=0, microsecond=0)  # as the ledger counts: hours of UTC
            end = min(hour + timedelta(hours=1), now)
            share = (end - at) / timedelta(hours=1)
            place = hour_of_week(hour, self.zone)
            mean += rate[place] * share
            posterior += weight[place] * share * 60 / minutes
            at = end
        by_day = 1 / self.spread
        return Expected(mean=float(mean), size=float(1 / (1 / posterior + 1 / by_day + 1 / (posterior * by_day))))


def hour_of_week(at: datetime, zone: tzinfo) -> int:
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


def learn(
    seen: Iterable[Hour], first: int, last: int, zone: tzinfo, calm: Mapping[Stream, Collection[int]] | None = None
) -> Usual:
    """From the hours `first` up to, not including, `last` (since 1970). `calm`: hours of a stream that were an incident
    and so say nothing of what is usual."""
    places = np.array([hour_of_week(datetime.fromtimestamp(h * 3600, UTC), zone) for h in range(first, last)])
    counts: dict[Stream, Floats] = {}
    for one in seen:
        if first <= one.hour < last:
            row = counts.setdefault((one.template_id, one.segment), np.zeros(last - first))
            row[one.hour - first] += one.customers
    valid = {stream: np.ones(last - first) for stream in counts}
    for stream, hours in (calm or {}).items():
        for hour in hours if stream in valid else ():
            if first <= hour < last:
                valid[stream][hour - first] = 0.0
    shape = _shape(counts, valid, places)
    rate, weight = {}, {}
    excess = square = 0.0
    for stream, row in counts.items():
        known = valid[stream]
        rate[stream], weight[stream], kept = _posterior(row, known, places, shape)
        expected = rate[stream][places] * known
        excess += float(((kept - expected) ** 2 - expected).sum())
        square += float((expected**2).sum())
    spread = min(max(excess / square if square else 0.0, SPREAD[0]), SPREAD[1])
    return Usual(zone, float(last - first), shape, rate, weight, spread)


def _shape(counts: Mapping[Stream, Floats], valid: Mapping[Stream, Floats], places: NDArray[np.int_]) -> Floats:
    """Of all streams together, smoothed over three hours; one customer more in each, so that none is impossible."""
    together = np.zeros(len(places))
    for stream, row in counts.items():
        known = row * valid[stream]
        together += np.minimum(known, max(2 * OUTSTANDING * known.mean(), AT_LEAST))
    hours = np.bincount(places, minlength=WEEK)
    mean = (_smooth(np.bincount(places, together, minlength=WEEK)) + 1) / (_smooth(hours) + 1)
    return np.asarray(mean / mean.mean())


def _posterior(row: Floats, known: Floats, places: NDArray[np.int_], shape: Floats) -> tuple[Floats, Floats, Floats]:
    """(rate, weight) by hour of the week, and the counts with what stood out cut off."""
    exposed = float((known * shape[places]).sum()) or 1.0
    mean = (float((row * known).sum()) + 0.5) / exposed
    kept = np.minimum(row, np.maximum(OUTSTANDING * mean * shape[places], AT_LEAST)) * known
    mean = (float(kept.sum()) + 0.5) / exposed
    own = _smooth(np.bincount(places, kept, minlength=WEEK))
    hours = _smooth(np.bincount(places, known, minlength=WEEK))
    weight = PRIOR_HOURS * mean * shape + own
    return weight / (PRIOR_HOURS + hours), weight, kept


def _alone(customers: int, hours: float, shape: Floats) -> tuple[Floats, Floats]:
    weight = customers + 0.5
    return weight / hours * shape, np.full(WEEK, weight)


def _smooth(weekly: NDArray[np.generic]) -> Floats:
    values = weekly.astype(np.float64)
    return values + NEIGHBOUR * (np.roll(values, 1) + np.roll(values, -1))
