"""What the console shows of a night: how well risks were told, and what would leave alone at which budget. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from worker.models import Outcome, ReplyKind, Standing
from worker.support.earning.budgets import budget_for
from worker.support.earning.calibration import calibration_error, curve
from worker.support.earning.history import History, by_kind, cut, evidence
from worker.support.earning.ladder import earned, numbers

BUDGETS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
RECENT = timedelta(days=30)


def report(
    outcomes: Sequence[Outcome], standings: Sequence[Standing], budgets: Mapping[ReplyKind, float], now: datetime
) -> dict[str, Any]:
    """As JSON: "bins" of the reliability curve and its "calibration_error", over the `told` risks that came before the
    outcome; "alone", for each of BUDGETS the share of the recent clean drafts that would leave alone if every kind that
    has earned that budget by now were all the way up, and "own", the same at the budgets that are set; "recent", how
    many those are; "kinds": of each kind its drafts and the numbers that its next step hangs on."""
    known = [one for one in outcomes if not one.unasked]
    told = [(one.risk, one.wrong) for one in known if one.risk is not None and one.wrong is not None]
    bins = curve(np.array([risk for risk, _ in told]), np.array([float(wrong) for _, wrong in told]))
    histories, stand = by_kind(outcomes), {one.kind: one for one in standings}
    own = {kind: budget_for(kind, budgets) for kind in histories}
    return {
        "bins": [one.model_dump() for one in bins],
        "calibration_error": calibration_error(bins),
        "told": len(told),
        "alone": [
            [budget, _share_alone(histories, stand, dict.fromkeys(histories, budget), now)] for budget in BUDGETS
        ],
        "own": _share_alone(histories, stand, own, now),
        "recent": sum(int((one.at >= _since(now)).sum()) for one in histories.values()),
        "kinds": [_kind(kind, histories[kind], stand.get(kind, Standing(kind=kind)), own[kind], now) for kind in own],
    }


def _kind(kind: ReplyKind, history: History, standing: Standing, budget: float, now: datetime) -> dict[str, Any]:
    found = evidence(history, standing, budget, now)
    return kind.model_dump() | {"rated": found.rated, **numbers(found, budget, standing.level)}


def _share_alone(
    histories: Mapping[ReplyKind, History],
    stand: Mapping[ReplyKind, Standing],
    budgets: Mapping[ReplyKind, float],
    now: datetime,
) -> float:
    alone = recent = 0
    for kind, history in histories.items():
        standing, budget = stand.get(kind, Standing(kind=kind)), budgets[kind]
        # What was earned once stays earned, although today's numbers alone might not do.
        kept = standing.level if budget == standing.budget else -1
        level = earned(evidence(history, standing, budget, now).quality, budget / 100, kept)
        these = history.at >= _since(now)
        alone += int((history.risk[these] <= cut(level, budget)).sum())
        recent += int(these.sum())
    return round(alone / recent, 4) if recent else 0.0


def _since(now: datetime) -> float:
    return (now - RECENT).timestamp()
