"""The gate's night: learn from what became of drafts, and let each kind of reply take at most one step.

Once a night, on one host; a night that was missed is made up for as soon as somebody is up again. Between nights
`watch` looks for evidence of harm whenever something new was said, and steps down at once. The dispatcher calls both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
import structlog

from worker.models import GateMove, Outcome, ReplyKind, RiskModel, Standing
from worker.ports import Ledger
from worker.support.earning.budgets import budget_for
from worker.support.earning.features import NAMES
from worker.support.earning.history import by_kind, columns, evidence
from worker.support.earning.ladder import step, step_down
from worker.support.earning.report import report
from worker.support.earning.risk import Rated, fit

log = structlog.get_logger(__name__)

NEWEST = 20_000  # assessed drafts that are looked at
BEGINS = timedelta(hours=2)  # after midnight
LEASE = timedelta(minutes=30)


def night_of(now: datetime, zone: tzinfo) -> date:
    """The night that began last: it bears the date of its morning."""
    return (now.astimezone(zone) - BEGINS).date()


def nightly(ledger: Ledger, now: datetime, zone: tzinfo) -> list[GateMove] | None:
    """The steps that were taken; None if the night is somebody else's, or done. Raises what the ledger raises."""
    book, night = ledger.earning, night_of(now, zone)
    if not book.claim_night(night, LEASE):
        return None
    outcomes = book.outcomes(NEWEST)
    standings = book.standings()
    # Those of a night that failed half-way: a second step has to wait for the next one.
    stepped = {one.kind for one in standings if one.moved_at is not None and night_of(one.moved_at, zone) >= night}
    wanted = _steps(outcomes, standings, book.budgets(), now, at_night=True)
    moves = _taken(ledger, [one for one in wanted if one.after.kind not in stepped or not one.after.rung.open])
    learn(ledger, outcomes, now)
    book.end_night(night)
    return moves


def watch(ledger: Ledger, now: datetime) -> list[GateMove]:
    """Steps down that do not wait for the night."""
    book = ledger.earning
    standings = [one for one in book.standings() if one.rung.open]
    if not standings:
        return []
    wanted = _steps(book.outcomes(NEWEST), standings, book.budgets(), now, at_night=False)
    return _taken(ledger, wanted)


def _taken(ledger: Ledger, wanted: Sequence[GateMove]) -> list[GateMove]:
    """Told one by one: a night that fails later on has moved the gate all the same."""
    moves = []
    for move in wanted:
        if ledger.earning.step(move):
            _tell(move)
            moves.append(move)
    return moves


def learn(ledger: Ledger, outcomes: Sequence[Outcome], now: datetime) -> RiskModel | None:
    """A new model of what is known, with a report on how its predecessors did; None where too little is."""
    known = [one for one in outcomes if one.wrong is not None and not one.unasked]
    model = fit(
        Rated(
            names=NAMES,
            features=np.array([[one.features.get(name, np.nan) for name in NAMES] for one in known], dtype=float),
            kinds=[one.kind for one in known],
            wrong=np.array([bool(one.wrong) for one in known]),
        )
    )
    if model is None:
        return None
    told = report(outcomes, ledger.earning.standings(), ledger.earning.budgets(), now)
    version = ledger.earning.keep_model(model.model_copy(update={"report": told}))
    log.info(
        "gate_learnt",
        version=version,
        kind=model.kind,
        outcomes=model.n,
        wrong=model.wrong,
        calibration_error=told["calibration_error"],
    )
    return model


def _steps(
    outcomes: Sequence[Outcome],
    standings: Sequence[Standing],
    budgets: Mapping[ReplyKind, float],
    now: datetime,
    *,
    at_night: bool,
) -> list[GateMove]:
    histories, stand = by_kind(outcomes), {one.kind: one for one in standings}
    kinds = [*stand, *(kind for kind in histories if kind not in stand)] if at_night else list(stand)
    moves = []
    for kind in kinds:
        standing, budget = stand.get(kind, Standing(kind=kind)), budget_for(kind, budgets)
        found = evidence(histories.get(kind, columns([])), standing, budget, now)
        move = step(standing, found, budget, now) if at_night else step_down(standing, found, budget, now)
        moves += [move] if move else []
    return moves


def _tell(move: GateMove) -> None:
    log.warning(
        "gate_moved",
        template=move.after.kind.template_id,
        segment=move.after.kind.segment,
        before=move.before.rung.value,
        after=move.after.rung.value,
        why=move.why,
        **move.numbers,
    )
