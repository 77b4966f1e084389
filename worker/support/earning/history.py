"""What became of one kind's drafts, as columns, and the evidence that the ladder reads from them.

Evidence of quality is counted in the order in which drafts were written, and only as far as all of them are decided:
leads do the easy ones first, so that the decided ones alone would look better than they are. What nobody decides for
PATIENCE counts as wrong there. Evidence of harm is counted as it is heard of. A reply that is only known since harm was
reported is left out of both, as nobody reports its right siblings: it counts among all that left alone. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.models import Outcome, ReplyKind, Standing
from worker.support.earning.sequential import LONG_WINDOW, Harm, either, harm

Numbers = NDArray[Any]

LEVELS = (1.0, 2.0, 4.0, float("inf"))  # times the budget: risks up to there may leave alone, once that is earned
PATIENCE = timedelta(days=7)
UNLOOKED = timedelta(days=14)  # after which a blind review that nobody made is overdue
ASKED = 0.8  # of the 5 % for harm: what leads decided or judged; the rest is for reports among all that left alone
_NEVER = -np.inf


@dataclass(frozen=True)
class History:
    """Columns over one kind's assessed drafts, times in seconds since 1970; not a number where nothing is known."""

    at: Numbers
    risk: Numbers
    wrong: Numbers
    heard_at: Numbers
    sampled: Numbers
    waiting: Numbers
    alone: Numbers
    unasked: Numbers


class Tally(NamedTuple):
    n: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class Evidence:
    """`quality`: for each of LEVELS, since the standing's `evidence_from`. `harm`, `heard`: of what its level lets go,
    since it was opened. `fresh`: the same since its last step. `rated`: drafts whose outcome and risk are known.
    `overdue`: blind reviews that nobody made. What is `unasked` counts for `harm` alone."""

    quality: tuple[Tally, ...]
    harm: Harm
    heard: int
    fresh: Tally
    rated: int
    overdue: int


def columns(outcomes: Sequence[Outcome]) -> History:
    """In any order."""
    return History(
        at=np.array([one.at.timestamp() for one in outcomes]),
        risk=np.array([np.nan if one.risk is None else one.risk for one in outcomes], dtype=float),
        wrong=np.array([np.nan if one.wrong is None else one.wrong for one in outcomes], dtype=float),
        heard_at=np.array([np.nan if one.heard_at is None else one.heard_at.timestamp() for one in outcomes]),
        sampled=np.array([one.sampled for one in outcomes], dtype=bool),
        waiting=np.array([one.waiting for one in outcomes], dtype=bool),
        alone=np.array([one.alone for one in outcomes], dtype=bool),
        unasked=np.array([one.unasked for one in outcomes], dtype=bool),
    )


def by_kind(outcomes: Sequence[Outcome]) -> dict[ReplyKind, History]:
    found: dict[ReplyKind, list[Outcome]] = {}
    for one in outcomes:
        found.setdefault(one.kind, []).append(one)
    return {kind: columns(ones) for kind, ones in found.items()}


def cut(level: int, budget: float) -> float:
    """The largest risk that may leave alone; `budget` of 100. Below 0 where nothing may."""
    return LEVELS[level] * budget / 100 if level >= 0 else -1.0


def evidence(history: History, standing: Standing, budget: float, now: datetime) -> Evidence:
    """At `now`. `budget` of 100."""
    heard = np.isfinite(history.wrong) & np.isfinite(history.risk) & ~history.unasked
    allowed = heard & (history.risk <= cut(standing.level, budget))
    since_opened = np.flatnonzero(allowed & (history.at >= _seconds(standing.opened_at)))
    since_opened = since_opened[np.argsort(history.heard_at[since_opened], kind="stable")]
    fresh = allowed & (history.at >= _seconds(standing.moved_at))
    overdue = history.sampled & history.waiting & (now.timestamp() - history.at > UNLOOKED.total_seconds())
    return Evidence(
        quality=_quality(history, standing, budget, now),
        harm=either(harm(history.wrong[since_opened] > 0, budget / 100), _reported(history, standing, budget), ASKED),
        heard=len(since_opened),
        fresh=Tally(int(fresh.sum()), int(history.wrong[fresh].sum())),
        rated=int(heard.sum()),
        overdue=int(overdue.sum()),
    )


def _reported(history: History, standing: Standing, budget: float) -> Harm:
    """Of all that left alone since the opening, in the order in which they were written: right until it is heard that
    one is wrong. What is not heard of, or not yet, only makes it smaller, so that a report may count at once."""
    gone = history.alone & (history.risk <= cut(standing.level, budget))
    since_opened = np.flatnonzero(gone & (history.at >= _seconds(standing.opened_at)))
    since_opened = since_opened[np.argsort(history.at[since_opened], kind="stable")]
    return harm(history.wrong[since_opened] > 0, budget / 100, LONG_WINDOW)


def _quality(history: History, standing: Standing, budget: float, now: datetime) -> tuple[Tally, ...]:
    since = history.at >= _seconds(standing.evidence_from)
    counts = since & np.isfinite(history.risk) & ~history.unasked & (np.isfinite(history.wrong) | history.waiting)
    young = counts & history.waiting & (history.at > now.timestamp() - PATIENCE.total_seconds())
    if young.any():
        counts &= history.at < history.at[young].min()
    wrong = np.where(np.isfinite(history.wrong), history.wrong, 1.0)
    tallies = []
    for level in range(len(LEVELS)):
        these = counts & (history.risk <= cut(level, budget))
        tallies.append(Tally(int(these.sum()), int(wrong[these].sum())))
    return tuple(tallies)


def _seconds(moment: datetime | None) -> float:
    return _NEVER if moment is None else moment.timestamp()
