"""The steps of a kind of reply: slowly up on evidence of quality, at once down on evidence of harm."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.support.earning.kinds import START, a_standing, found
from worker.models import Rung
from worker.support.earning.history import Evidence, Tally
from worker.support.earning.ladder import OVERDUE, step, step_down
from worker.support.earning.sequential import ENOUGH, Harm


def days(count: float) -> datetime:
    return START + timedelta(days=count)


def goes(rung: Rung, evidence: Evidence, after_days: float = 30, budget: float = 2.0, **standing: object) -> object:
    move = step(a_standing(rung, **standing), evidence, budget, days(after_days))
    return move and move.after.rung


def test_out_of_the_shadow_with_fifty_rated_outcomes() -> None:
    assert goes(Rung.SHADOW, found(49), level=-1) is None
    assert goes(Rung.SHADOW, found(50), level=-1) is Rung.REVIEW


def test_review_ends_for_five_percent_once_the_bound_is_within_the_budget() -> None:
    assert goes(Rung.REVIEW, found(223)) is None
    move = step(a_standing(), found(224), 2.0, days(1))
    assert move is not None
    assert (move.after.rung, move.after.opened_at, move.after.budget) == (Rung.FIVE, days(1), 2.0)
    assert move.numbers["bound"] <= 0.02
    assert move.numbers["outcomes"] == 224
    assert goes(Rung.REVIEW, found(224), budget=1.0) is None
    assert goes(Rung.REVIEW, found(5_000), budget=0) is None


def test_larger_risks_leave_alone_only_if_all_smaller_ones_have_earned_it() -> None:
    good, bad = Tally(400, 0), Tally(400, 20)
    move = step(a_standing(), found(quality=(good, good, bad, good)), 2.0, days(1))
    assert move is not None
    assert move.after.level == 1
    assert step(a_standing(), found(quality=(bad, good, good, good)), 2.0, days(1)) is None


@pytest.mark.parametrize(
    ("rung", "stay", "outcomes", "up"), [(Rung.FIVE, 7, 50, Rung.QUARTER), (Rung.QUARTER, 14, 100, Rung.ALL)]
)
def test_it_goes_further_up_only_after_a_time_and_a_number_of_outcomes(
    rung: Rung, stay: int, outcomes: int, up: Rung
) -> None:
    assert goes(rung, found(outcomes), stay) is up
    assert goes(rung, found(outcomes), stay - 0.1) is None
    assert goes(rung, found(outcomes - 1), stay) is None
    assert goes(rung, found(outcomes, fresh=Tally(outcomes, outcomes // 20)), stay) is None
    assert goes(rung, found(outcomes, harm=Harm(1.0, 1.0)), stay) is None
    assert goes(rung, found(outcomes, overdue=1), stay) is None


def test_evidence_of_harm_leads_back_to_review_at_once_and_what_was_earned_is_gone() -> None:
    evidence = found(5_000, harm=Harm(ENOUGH, 0.0))
    for rung in (Rung.FIVE, Rung.QUARTER, Rung.ALL):
        move = step_down(a_standing(rung), evidence, 2.0, days(1))
        assert move is not None
        assert move.after.rung is Rung.REVIEW
        assert (move.after.level, move.after.evidence_from, move.after.opened_at) == (-1, days(1), None)
    assert step_down(a_standing(Rung.ALL), found(5_000, harm=Harm(ENOUGH - 0.01, 0.0)), 2.0, days(1)) is None
    assert step_down(a_standing(Rung.REVIEW), evidence, 2.0, days(1)) is None


def test_a_budget_of_nothing_closes_and_a_smaller_one_is_judged_anew() -> None:
    assert goes(Rung.ALL, found(5_000), budget=0) is Rung.REVIEW
    assert goes(Rung.ALL, found(5_000), budget=1.0) is Rung.ALL
    move = step(a_standing(Rung.ALL), found(300), 1.0, days(1))
    assert move is not None
    assert (move.after.rung, move.after.evidence_from) == (Rung.REVIEW, None)


def test_blind_reviews_that_nobody_makes_close_it() -> None:
    assert goes(Rung.ALL, found(overdue=OVERDUE - 1)) is None
    assert goes(Rung.ALL, found(overdue=OVERDUE)) is Rung.REVIEW


def test_at_the_top_larger_risks_join_when_they_have_earned_it() -> None:
    evidence = found(quality=(Tally(600, 0),) * 2 + (Tally(600, 30),) * 2, fresh=Tally(100, 0))
    move = step(a_standing(Rung.ALL), evidence, 2.0, days(8))
    assert move is not None
    assert (move.after.rung, move.after.level) == (Rung.ALL, 1)
    assert step(a_standing(Rung.ALL), evidence, 2.0, days(6)) is None
