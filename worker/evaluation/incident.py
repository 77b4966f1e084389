"""The incident brake on made-up desks: false alarms in quiet weeks, and minutes until it is on in an outage.

Every judgement is made by the production code in support/incident; only the customers are made up, with a rhythm of
day and week, topics of very different size, and days that are busier than others for no reason. Needs no files.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.evaluation.figures import rounded
from worker.evaluation.suite import Figures, Screen, Suite
from worker.models import Hour
from worker.support.incident.surges import FLOOR, STATED, WINDOWS, Count, far_above
from worker.support.incident.usual import Stream, Usual, learn

START = 20_000 * 24  # an hour since 1970, at midnight UTC
HISTORY = 8  # weeks
WEEKS = 26
DESKS = 6
BUSY = 900.0  # customers a day, over all topics
SHARES = (0.6, 0.3, 0.1)  # of the segments
TOPICS = 52
DAYS_DIFFER = 0.08  # variance of a day's factor, topic by topic
OUTAGES = (5.0, 10.0)
PER_DESK = 12  # outages of each size; of topics that have at least LEAST customers an hour at that time
LEAST = 2.0
REST = 60 * 12  # minutes for which one alarm of a stream counts as the same


@dataclass(frozen=True)
class Desk:
    """`at`: minutes since START at which a customer wrote, sorted, by stream."""

    at: dict[Stream, NDArray[np.float64]]
    rates: dict[Stream, NDArray[np.float64]]  # true customers an hour, by hour


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    alarms, months, waits = 0, 0.0, {size: list[float | None]() for size in OUTAGES}
    spread = []
    for number in range(options.desks):
        draw = np.random.default_rng(options.seed + number)
        desk = made_up(draw, HISTORY + options.weeks)
        spread.append(learnt(desk, HISTORY).spread)
        alarms += len(false_alarms(desk, HISTORY, options.weeks))
        months += options.weeks * 7 / 30
        for size in OUTAGES:
            waits[size] += [minutes_to_brake(desk, size, draw) for _ in range(PER_DESK)]
        screen.tick("desks", number + 1, options.desks)
    figures: dict[str, Any] = {"n": options.desks, "weeks": options.weeks, "stated_alarms_per_month": STATED}
    figures |= {
        "alarms": alarms,
        "alarms_per_month": rounded(alarms / months),
        "spread": rounded(float(np.mean(spread))),
    }
    for size, found in waits.items():
        seen = [one for one in found if one is not None]
        figures |= {
            f"x{size:g}_outages": len(found),
            f"x{size:g}_seen": len(seen) / len(found),
            f"x{size:g}_minutes_p50": float(np.quantile(seen, 0.5)) if seen else None,
            f"x{size:g}_minutes_p90": float(np.quantile(seen, 0.9)) if seen else None,
        }
    return figures


def made_up(draw: np.random.Generator, weeks: int) -> Desk:
    """A desk from START on."""
    hours = weeks * 168
    clock = np.arange(hours) % 24
    day = np.arange(hours) // 24
    rhythm = (0.15 + np.exp(-((clock - 11) ** 2) / 18) + 0.8 * np.exp(-((clock - 18) ** 2) / 12)) * np.where(
        day % 7 < 5, 1.0, 0.45
    )
    rhythm /= rhythm.mean()
    sizes = 1 / np.arange(1, TOPICS + 1)
    at, rates = {}, {}
    for topic, size in enumerate(sizes / sizes.sum()):
        for segment, share in enumerate(SHARES):
            factor = draw.gamma(1 / DAYS_DIFFER, DAYS_DIFFER, day[-1] + 1)[day]
            own = np.roll(rhythm, int(draw.integers(-2, 3)))  # a topic has hours of its own
            rate = BUSY / 24 * size * share * own
            times = np.repeat(np.arange(hours), draw.poisson(rate * factor))
            stream = (f"topic-{topic}", f"segment-{segment}")
            at[stream], rates[stream] = np.sort((times + draw.random(len(times))) * 60), rate
    return Desk(at, rates)


def learnt(desk: Desk, until: int) -> Usual:
    """From the HISTORY weeks before the week `until`, as the watch learns it from the ledger."""
    first, last = START + (until - HISTORY) * 168, START + until * 168
    seen = []
    for (template_id, segment), times in desk.at.items():
        begin, end = np.searchsorted(times, [(first - START) * 60, (last - START) * 60])
        hours, customers = np.unique(np.floor(times[begin:end] / 60).astype(int) + START, return_counts=True)
        seen += [
            Hour(template_id=template_id, segment=segment, hour=int(h), customers=int(n))
            for h, n in zip(hours, customers, strict=True)
        ]
    return learn(seen, first, last, UTC)


def false_alarms(desk: Desk, since: int, weeks: int) -> list[tuple[Stream, float]]:
    """The alarms of weeks in which nothing happened, learning anew each week. A count can become an alarm only as a
    customer comes in, so that is when it is looked at; one alarm of a stream in REST minutes counts."""
    found: list[tuple[Stream, float]] = []
    for week in range(since, since + weeks):
        usual = learnt(desk, week)
        for stream, times in desk.at.items():
            begin, end = np.searchsorted(times, [week * 10_080, (week + 1) * 10_080])
            quiet_until = -1.0
            for place in range(begin, end):
                if times[place] >= quiet_until and alarm(stream, times[: place + 1], usual):
                    found.append((stream, float(times[place])))
                    quiet_until = times[place] + REST
    return found


def alarm(stream: Stream, times: NDArray[np.float64], usual: Usual) -> bool:
    """Right after the last of `times`, in minutes since START: what `counted` finds in the ledger."""
    now = times[-1]
    if len(times) < FLOOR or times[-FLOOR] <= now - WINDOWS[-1]:
        return False
    counts = [Count(m, len(times) - int(np.searchsorted(times, now - m, side="right"))) for m in WINDOWS]
    return far_above(stream, counts, usual, moment(now)) is not None


def minutes_to_brake(desk: Desk, size: float, draw: np.random.Generator) -> float | None:
    """From the beginning of an outage that multiplies one stream's customers by `size` for three hours; None if the
    brake stays off. The dispatcher's own half minute comes on top."""
    usual = learnt(desk, HISTORY)
    places = [(s, h) for s, rate in desk.rates.items() for h in range(168) if rate[HISTORY * 168 + h] >= LEAST]
    stream, hour = places[int(draw.integers(len(places)))]
    begins = (HISTORY * 168 + hour + draw.random()) * 60
    rate = desk.rates[stream][HISTORY * 168 + hour] / 60
    more = np.cumsum(draw.exponential(1 / (rate * (size - 1)), 2_000)) + begins
    times = np.sort(np.concatenate([desk.at[stream], more[more < begins + 180]]))
    first, last = np.searchsorted(times, [begins, begins + 180])
    for place in range(first, last):
        if alarm(stream, times[: place + 1], usual):
            return float(times[place] - begins)
    return None


def moment(minutes: float) -> datetime:
    return datetime.fromtimestamp(START * 3600, UTC) + timedelta(minutes=float(minutes))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--desks", type=int, default=DESKS, help=f"made-up desks (default {DESKS})")
    parser.add_argument("--weeks", type=int, default=WEEKS, help=f"quiet weeks of each (default {WEEKS})")
    parser.add_argument("--seed", type=int, default=1, help="of the first desk")


SUITE = Suite(
    "incident", "made-up desks: false alarms of the incident brake, minutes until it is on", _arguments, measure
)
