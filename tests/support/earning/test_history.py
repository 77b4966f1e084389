"""What counts as evidence: in which order, from when, and what becomes of drafts that nobody decides."""

from __future__ import annotations

from datetime import timedelta

from tests.support.earning.kinds import KIND, START, a_standing, an_outcome
from worker.models import DEFAULT_BUDGET, ReplyKind, Rung
from worker.support.earning.budgets import budget_for
from worker.support.earning.history import PATIENCE, UNLOOKED, Tally, columns, evidence
from worker.support.earning.sequential import ENOUGH

SOON = START + timedelta(days=1)


def test_each_level_counts_the_risks_up_to_its_cut() -> None:
    risks = [0.01, 0.02, 0.03, 0.05, 0.5, None]
    outcomes = [an_outcome(n, wrong=n == 3, risk=risk) for n, risk in enumerate(risks)]
    assert evidence(columns(outcomes), a_standing(), 2.0, SOON).quality == ((2, 0), (3, 0), (4, 1), (5, 1))
    assert evidence(columns(outcomes), a_standing(), 2.0, SOON).rated == 5


def test_quality_is_counted_up_to_the_first_draft_that_still_waits() -> None:
    """Leads do the easy ones first."""
    outcomes = [an_outcome(0), an_outcome(1), an_outcome(2, wrong=None), an_outcome(3), an_outcome(4)]
    assert evidence(columns(outcomes), a_standing(), 2.0, SOON).quality[0] == Tally(2, 0)


def test_a_draft_that_nobody_decides_for_a_week_counts_as_wrong() -> None:
    outcomes = [an_outcome(0), an_outcome(1, wrong=None), an_outcome(2)]
    later = START + PATIENCE + timedelta(hours=1)
    assert evidence(columns(outcomes), a_standing(), 2.0, later).quality[0] == Tally(3, 1)


def test_after_harm_only_what_came_since_counts_for_quality() -> None:
    outcomes = [an_outcome(n) for n in range(10)]
    standing = a_standing(evidence_from=START + timedelta(minutes=6))
    assert evidence(columns(outcomes), standing, 2.0, SOON).quality[0] == Tally(4, 0)


def test_harm_counts_from_the_opening_what_its_level_lets_go() -> None:
    outcomes = [an_outcome(0, wrong=True, at=START - timedelta(days=1))]
    outcomes += [an_outcome(n, wrong=True, risk=0.5) for n in range(1, 9)]
    outcomes += [an_outcome(n, wrong=n == 19) for n in range(10, 20)]
    found = evidence(columns(outcomes), a_standing(Rung.ALL), 2.0, SOON)
    assert (found.heard, found.fresh) == (10, (10, 1))
    harmed = [an_outcome(n, wrong=True) for n in range(10)]
    assert evidence(columns(harmed), a_standing(Rung.ALL), 2.0, SOON).harm.most > found.harm.most


def test_a_report_on_what_nobody_was_asked_about_counts_among_all_that_left_alone() -> None:
    def harm(alone: int, reported: int) -> float:
        outcomes = [an_outcome(n, wrong=None, waiting=False, alone=True) for n in range(alone)]
        outcomes += [an_outcome(alone + n, wrong=True, alone=True, unasked=True) for n in range(reported)]
        found = evidence(columns(outcomes), a_standing(Rung.ALL), 2.0, SOON)
        assert (found.heard, found.fresh.n, found.rated, found.quality[0].n) == (0, 0, 0, 0)
        return found.harm.most

    assert harm(1_000, 5) < ENOUGH <= harm(20, 8)


def test_a_blind_review_that_nobody_makes_is_overdue_after_two_weeks() -> None:
    waits = an_outcome(0, wrong=None, alone=True, sampled=True)
    assert evidence(columns([waits]), a_standing(Rung.ALL), 2.0, START + UNLOOKED).overdue == 0
    assert evidence(columns([waits]), a_standing(Rung.ALL), 2.0, START + UNLOOKED + timedelta(hours=1)).overdue == 1


def test_the_nearest_budget_counts() -> None:
    def kind(template_id: str, segment: str) -> ReplyKind:
        return ReplyKind(template_id=template_id, segment=segment)

    assert budget_for(KIND, {}) == DEFAULT_BUDGET == 2.0
    budgets = {kind("", ""): 5.0}
    for nearer, budget in [(kind("", "IM"), 4.0), (kind("redeem", ""), 3.0), (KIND, 1.0)]:
        budgets[nearer] = budget
        assert budget_for(KIND, budgets) == budget
    assert budget_for(kind("fees", "IM+"), budgets) == 5.0
