"""Which step a kind of reply takes, on which evidence: at once down, slowly up. Pure.

Levels are tried from the smallest risks on, each at 5 %, and the first that is not earned ends it: whichever of them
is the first that is worse than the budget, it is taken for good with a chance of 5 % at most (fixed sequence testing,
as in Angelopoulos et al., "Learn then Test", 2021). A level that was earned stays so until harm shows: the bound holds
at the best look, not only at the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from worker.models import GateMove, Rung, Standing
from worker.support.earning.history import LEVELS, Evidence, Tally
from worker.support.earning.risk import FEWEST
from worker.support.earning.sequential import ENOUGH, clopper_pearson, quality, upper

CALM = float(np.log(2))  # log e-value for harm from which nothing goes up
OVERDUE = 20  # blind reviews that nobody made for too long: then nobody would notice harm
SAMPLE = 0.1  # of what leaves alone, the share that comes back for a blind review


@dataclass(frozen=True)
class Climb:
    """The next rung up, and what a kind must have shown on this one: time, and outcomes within the budget."""

    to: Rung
    stay: timedelta
    outcomes: int


CLIMBS = {
    Rung.FIVE: Climb(Rung.QUARTER, timedelta(days=7), 50),
    Rung.QUARTER: Climb(Rung.ALL, timedelta(days=14), 100),
}


def earned(tallies: Sequence[Tally], limit: float, from_level: int = -1) -> int:
    """The highest level that is earned; those up to `from_level` are already."""
    level = from_level
    while level + 1 < len(LEVELS) and quality(tallies[level + 1].wrong, tallies[level + 1].n, limit) >= ENOUGH:
        level += 1
    return level


def step(standing: Standing, found: Evidence, budget: float, now: datetime) -> GateMove | None:
    """At most one step. `budget`: how many of 100 unreviewed replies may be wrong."""
    return (
        step_down(standing, found, budget, now)
        or _relevelled(standing, found, budget, now)
        or _up(standing, found, budget, now)
    )


def step_down(standing: Standing, found: Evidence, budget: float, now: datetime) -> GateMove | None:
    """What does not wait for the night: harm, a budget of nothing, and blind reviews that nobody makes."""
    if not standing.rung.open:
        return None
    if budget <= 0:
        return _closed(standing, found, budget, now, "Its budget is 0: nothing leaves alone.")
    if found.harm.most >= ENOUGH:
        why = "More of its replies turned out wrong than the budget allows."
        return _closed(standing, found, budget, now, why, evidence_from=now)
    if found.overdue >= OVERDUE:
        return _closed(standing, found, budget, now, f"{found.overdue} blind reviews are overdue.")
    return None


def _closed(
    standing: Standing, found: Evidence, budget: float, now: datetime, why: str, evidence_from: datetime | None = None
) -> GateMove:
    since = evidence_from or standing.evidence_from
    changed = {"level": -1, "rung": Rung.REVIEW, "evidence_from": since, "opened_at": None}
    return _move(standing, found, budget, now, why, **changed)


def _relevelled(standing: Standing, found: Evidence, budget: float, now: datetime) -> GateMove | None:
    """Another budget is another promise: what is open is judged anew by all its evidence."""
    if not standing.rung.open or budget == standing.budget:
        return None
    level = earned(found.quality, budget / 100)
    if level < 0:
        return _closed(standing, found, budget, now, "The new budget is not earned.")
    return _move(standing, found, budget, now, "The budget was changed.", level=level)


def _up(standing: Standing, found: Evidence, budget: float, now: datetime) -> GateMove | None:
    if standing.rung is Rung.SHADOW:
        if found.rated < FEWEST:
            return None
        return _move(standing, found, budget, now, "Enough of its drafts were reviewed to rate it.", rung=Rung.REVIEW)
    if budget <= 0 or found.overdue:
        return None
    level = earned(found.quality, budget / 100, standing.level)
    if standing.rung is Rung.REVIEW:
        if level < 0:
            return None
        why = "With 95 % confidence, at most the budget of its replies is wrong."
        return _move(standing, found, budget, now, why, rung=Rung.FIVE, level=level, opened_at=now)
    return _slowly(standing, found, budget, now, level)


def _slowly(standing: Standing, found: Evidence, budget: float, now: datetime, level: int) -> GateMove | None:
    climb = CLIMBS.get(standing.rung)
    calm = found.harm.last < CALM and found.fresh.wrong * 100 <= budget * max(found.fresh.n, 1)
    stayed = now - standing.moved_at if standing.moved_at else timedelta(0)
    if climb and calm and stayed >= climb.stay and found.fresh.n >= climb.outcomes:
        why = f"{found.fresh.n} further outcomes were within the budget."
        return _move(standing, found, budget, now, why, rung=climb.to)
    if level > standing.level and calm and stayed >= CLIMBS[Rung.FIVE].stay:
        return _move(standing, found, budget, now, "Larger risks turned out to be within the budget too.", level=level)
    return None


def _move(standing: Standing, found: Evidence, budget: float, now: datetime, why: str, **changed: object) -> GateMove:
    after = standing.model_copy(update={"budget": budget, "moved_at": now, **changed})
    return GateMove(at=now, before=standing, after=after, why=why, numbers=numbers(found, budget, after.level))


def numbers(found: Evidence, budget: float, level: int) -> dict[str, float]:
    """What a step is decided on, for people: shares as shares, e-values as such (20 is enough)."""
    tally = found.quality[max(level, 0)]
    return {
        "budget": budget,
        "outcomes": tally.n,
        "wrong": tally.wrong,
        "bound": round(upper(tally.wrong, tally.n), 5),
        "clopper_pearson": round(clopper_pearson(tally.wrong, tally.n), 5),
        "quality": _e_value(quality(tally.wrong, tally.n, budget / 100)),
        "harm": _e_value(found.harm.most),
        "heard_since_opened": found.heard,
        "fresh": found.fresh.n,
        "fresh_wrong": found.fresh.wrong,
        "overdue": found.overdue,
    }


def _e_value(log: float) -> float:
    return round(float(np.exp(min(log, 30.0))), 3)
