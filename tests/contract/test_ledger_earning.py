"""What every ledger keeps for the gate: what became of assessed drafts, where kinds stand, the switch, the nights."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from tests.builders import NOON, a_draft, a_reply, a_trace, a_verdict, minutes
from tests.contract.conftest import empty
from tests.contract.steps import LEASE, conclude, current, newest_draft, opened, while_none_has_committed
from tests.postgres import PostgresServer
from worker.adapters.store import open_ledger
from worker.models import (
    Assessed,
    Case,
    GateMove,
    Lesson,
    Outcome,
    ReplyKind,
    RiskModel,
    Rung,
    Standing,
    Status,
    Step,
    Treatment,
)
from worker.ports import Ledger

KIND = ReplyKind(template_id="redeem", segment="IM")
EVERYTHING = ReplyKind(template_id="", segment="")


def held(ledger: Ledger, ticket_id: int, **assessed: Any) -> Case:
    case = opened(ledger, ticket_id)
    trace = a_trace().model_copy(update={"assessed": Assessed(kind=KIND, features={"margin": 0.5}, **assessed)})
    assert conclude(ledger, case, Status.HELD, draft=a_draft(), trace=trace) == []
    return current(ledger, case)


def sent_alone(ledger: Ledger, ticket_id: int, *, sampled: bool = True) -> Case:
    case = opened(ledger, ticket_id)
    trace = a_trace().model_copy(update={"assessed": Assessed(kind=KIND, risk=0.01, alone=True, sampled=sampled)})
    said = {"draft": a_draft(), "trace": trace, "verdict": a_verdict(Step.SEND)}
    sends = conclude(ledger, case, Status.APPROVED, [a_reply()], **said)
    assert sends is not None
    deliver(ledger, sends[0])
    return current(ledger, case)


def deliver(ledger: Ledger, send_id: str) -> None:
    from worker.models import Posted

    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send_id, send.epoch)
    assert ledger.sends.posted(send_id, send.epoch, Posted(remote_id="900", at=NOON))


def approve(ledger: Ledger, case: Case, treatment: Treatment, machine_id: str = "") -> None:
    lesson = Lesson(treatment=treatment, share=0.5, machine_id=machine_id)
    outgoing = a_reply()
    draft_id = newest_draft(ledger, case)
    assert ledger.reviews.approve(case.case_id, draft_id, outgoing.body_hash, outgoing, "meera", lesson=lesson)


def outcome(ledger: Ledger, case: Case) -> Outcome:
    return next(one for one in ledger.earning.outcomes(100) if one.case_id == case.case_id)


def test_an_assessed_draft_waits_until_somebody_decides_on_it(ledger: Ledger) -> None:
    case = held(ledger, 1, risk=0.03, model=7)
    waits = outcome(ledger, case)
    assert (waits.kind, waits.risk, waits.model, waits.features) == (KIND, 0.03, 7, {"margin": 0.5})
    assert (waits.waiting, waits.wrong, waits.heard_at, ledger.earning.last_heard()) == (True, None, None, None)

    approve(ledger, case, Treatment.LIGHT)

    decided = outcome(ledger, case)
    assert (decided.waiting, decided.wrong) == (False, False)
    assert decided.heard_at == ledger.earning.last_heard() is not None


def test_rewritten_rejected_and_drafted_anew_are_wrong(ledger: Ledger) -> None:
    rewritten, rejected, anew = (held(ledger, n) for n in (1, 2, 3))
    approve(ledger, rewritten, Treatment.REWRITTEN)
    lesson = Lesson(treatment=Treatment.REJECTED, share=0.0)
    ledger.reviews.reject(rejected.case_id, newest_draft(ledger, rejected), "No.", "meera", lesson=lesson)
    approve(ledger, anew, Treatment.UNTOUCHED, machine_id="another draft")

    assert [outcome(ledger, case).wrong for case in (rewritten, rejected, anew)] == [True, True, True]


def test_an_approval_that_is_taken_back_says_nothing(ledger: Ledger) -> None:
    case = held(ledger, 1)
    approve(ledger, case, Treatment.REWRITTEN)
    assert ledger.reviews.undo(case.case_id, "meera")

    assert (outcome(ledger, case).wrong, outcome(ledger, case).waiting) == (None, True)


def test_a_draft_that_nobody_assessed_is_none_of_the_gates_business(ledger: Ledger) -> None:
    case = opened(ledger, 1)
    conclude(ledger, case, Status.HELD, draft=a_draft())

    assert ledger.earning.outcomes(10) == []


def test_a_sampled_reply_that_left_alone_is_judged_once_and_its_case_stays_sent(ledger: Ledger) -> None:
    case, unsampled = sent_alone(ledger, 1), sent_alone(ledger, 2, sampled=False)
    assert [one.case_id for one in ledger.earning.to_judge(10)] == [case.case_id]
    assert outcome(ledger, case).waiting
    assert not outcome(ledger, unsampled).waiting

    draft_id = newest_draft(ledger, case)
    assert ledger.earning.judge(draft_id, Treatment.REJECTED, "meera")
    assert not ledger.earning.judge(draft_id, Treatment.UNTOUCHED, "ravi")

    assert (outcome(ledger, case).wrong, outcome(ledger, case).waiting) == (True, False)
    assert ledger.earning.to_judge(10) == []
    assert current(ledger, case).status is Status.SENT
    assert len(ledger.sends.of_case(case.case_id)) == 1
    assert ledger.reviews.audit_log()[0]["action"] == "blind review"


def test_a_decision_outweighs_a_blind_review_of_the_same_draft(ledger: Ledger) -> None:
    case = held(ledger, 1, sampled=True)
    assert ledger.earning.to_judge(10) == []  # it waits for its first review
    ledger.reviews.reject(
        case.case_id, newest_draft(ledger, case), "No.", "meera", lesson=Lesson(treatment=Treatment.REJECTED, share=0.0)
    )
    [again] = ledger.earning.to_judge(10)
    ledger.earning.judge(again.draft_id, Treatment.UNTOUCHED, "ravi")

    assert outcome(ledger, case).wrong is True


def test_harm_that_is_reported_later_outweighs_everything(ledger: Ledger) -> None:
    case, waits = sent_alone(ledger, 1), held(ledger, 2)
    ledger.earning.judge(newest_draft(ledger, case), Treatment.UNTOUCHED, "ravi")

    assert ledger.earning.harm(case.case_id) is None
    assert ledger.earning.report_harm(case.case_id, "The amount was wrong.", "meera")

    assert outcome(ledger, case).wrong is True
    assert not ledger.earning.report_harm(case.case_id, "Once more.", "meera")
    assert not ledger.earning.report_harm(waits.case_id, "It was not sent.", "meera")
    assert ledger.earning.harm(case.case_id) == {
        "at": outcome(ledger, case).heard_at,
        "user": "meera",
        "reason": "The amount was wrong.",
    }
    assert ledger.earning.harm(waits.case_id) is None


def test_a_report_on_what_nobody_was_asked_about_is_told_from_others(ledger: Ledger) -> None:
    drawn, not_drawn, decided = sent_alone(ledger, 1), sent_alone(ledger, 2, sampled=False), held(ledger, 3)
    assert not outcome(ledger, not_drawn).unasked
    for case in (drawn, not_drawn):
        assert ledger.earning.report_harm(case.case_id, "The amount was wrong.", "meera")
    ledger.reviews.reject(
        decided.case_id,
        newest_draft(ledger, decided),
        "No.",
        "meera",
        lesson=Lesson(treatment=Treatment.REJECTED, share=0.0),
    )
    assert [outcome(ledger, case).unasked for case in (drawn, not_drawn, decided)] == [False, True, False]
    assert outcome(ledger, not_drawn).wrong is True


def a_step(before: Standing, rung: Rung, at: int) -> GateMove:
    after = before.model_copy(update={"rung": rung, "moved_at": NOON + minutes(at), "opened_at": NOON})
    return GateMove(at=NOON + minutes(at), before=before, after=after, why="So it is.", numbers={"bound": 0.01})


def test_a_step_is_taken_once_from_where_the_kind_stands(ledger: Ledger) -> None:
    shadow = ledger.earning.standing(KIND)
    assert (shadow.rung, shadow.level, shadow.moved_at) == (Rung.SHADOW, -1, None)

    first = a_step(shadow, Rung.REVIEW, 1)
    assert ledger.earning.step(first)
    assert not ledger.earning.step(first)
    second = a_step(ledger.earning.standing(KIND), Rung.FIVE, 2)
    assert ledger.earning.step(second)
    assert not ledger.earning.step(second)

    assert ledger.earning.standing(KIND) == second.after
    assert ledger.earning.standings() == [second.after]
    assert ledger.earning.moves(10) == [second, first]


def test_budgets_are_set_for_a_kind_or_for_all_of_them(ledger: Ledger) -> None:
    ledger.earning.set_budget(KIND, 1.0, "meera")
    ledger.earning.set_budget(EVERYTHING, 3.5, "meera")
    ledger.earning.set_budget(KIND, 0.5, "meera")
    assert ledger.earning.budgets() == {KIND: 0.5, EVERYTHING: 3.5}

    ledger.earning.set_budget(KIND, None, "meera")
    assert ledger.earning.budgets() == {EVERYTHING: 3.5}
    assert next(entry["detail"] for entry in ledger.reviews.audit_log()) == "as around it"


@pytest.mark.postgres
def test_of_two_leads_who_set_one_budget_at_once_the_later_one_is_heard(postgres: PostgresServer) -> None:
    empty(postgres)
    ledger = open_ledger(postgres.url())
    acts = [partial(ledger.earning.set_budget, KIND, budget, "meera") for budget in (1.0, 2.0)]
    while_none_has_committed(postgres.url(), *acts)

    later, earlier = (entry["detail"] for entry in ledger.reviews.audit_log())
    assert {earlier, later} == {"1 of 100", "2 of 100"}
    assert later == f"{ledger.earning.budgets()[KIND]:g} of 100"
    ledger.close()


def test_the_newest_model_is_the_one_that_counts(ledger: Ledger) -> None:
    assert ledger.earning.model() is None
    model = RiskModel(kind="rates", n=50, wrong=1, intercept=-3.0, kinds={"redeem | IM": 0.5}, report={"bins": [1]})
    assert ledger.earning.keep_model(model) == 1
    assert ledger.earning.keep_model(model.model_copy(update={"n": 60})) == 2

    kept = ledger.earning.model()
    assert kept is not None
    assert (kept.version, kept.n, kept.kinds, kept.report) == (2, 60, {"redeem | IM": 0.5}, {"bins": [1]})
    assert kept.fitted_at is not None


def test_the_switch_is_thrown_once_and_both_ways_are_kept_in_the_audit_log(ledger: Ledger) -> None:
    assert ledger.earning.stopped() is None
    ledger.earning.stop("Odd replies.", "meera")
    ledger.earning.stop("Me too.", "ravi")
    stop = ledger.earning.stopped()
    assert stop is not None
    assert (stop.by, stop.reason) == ("meera", "Odd replies.")

    ledger.earning.go_on("ravi")
    ledger.earning.go_on("ravi")
    assert ledger.earning.stopped() is None
    actions = [entry["action"] for entry in ledger.reviews.audit_log()]
    assert actions == ["allow automatic sending", "stop automatic sending"]


def test_the_key_stays_the_same(ledger: Ledger) -> None:
    assert len(ledger.earning.key()) == 64
    assert ledger.earning.key() == ledger.earning.key()


def test_a_night_is_done_by_one_and_only_once(ledger: Ledger) -> None:
    night, earning = date(2026, 3, 2), ledger.earning
    assert earning.claim_night(night, LEASE)
    assert not earning.claim_night(night, LEASE)
    earning.end_night(night)
    assert not earning.claim_night(night, LEASE)
    assert not earning.claim_night(night - timedelta(days=1), LEASE)
    assert earning.claim_night(night + timedelta(days=3), timedelta(seconds=-1))  # a lease that is over at once
    assert earning.claim_night(night + timedelta(days=3), LEASE)
