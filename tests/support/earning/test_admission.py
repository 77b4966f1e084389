"""From a draft to the gate's word on it, through the whole pipeline and the one door: who may leave alone, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answering import an_answering_office
from tests.desk import Office
from tests.support.earning.kinds import START
from worker.models import GateMove, Outcome, ReplyKind, Ring, RiskModel, Rung, SendState, Standing, Status
from worker.support.deliver import deliver
from worker.support.earning.admission import NOT_OPEN, Admission, lot_of
from worker.support.earning.features import NAMES
from worker.support.earning.ladder import SAMPLE
from worker.tasks import draft_doorbell

KIND = ReplyKind(template_id="im-withdrawal-time", segment="IM")
ASHA = "customer PW100231"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path, gate_open=False) as opened:
        yield opened


def ring(office: Office, how: Ring = Ring.WEBHOOK, *, out: bool = True) -> list[str]:
    """A doorbell for ticket 1, drafted, and its sends delivered if `out`."""
    queued: list[str] = []
    doorbell_id = office.ledger.doorbells.ring(how, 1)
    draft_doorbell(doorbell_id, office.desk, lambda _queue, row: queued.append(row))
    for send in queued if out else []:
        deliver(send, office.desk)
    return queued


def reasons(office: Office) -> tuple[str, ...]:
    return office.ledger.cases.of_ticket(1)[-1].reasons


def status(office: Office) -> Status:
    return office.ledger.cases.of_ticket(1)[-1].status


def replies(office: Office) -> int:
    return sum(kind == "reply" for kind, _ in office.helpdesk.posted)


def record(office: Office) -> Outcome:
    [one] = office.ledger.earning.outcomes(10)
    return one


def opens(office: Office, rung: Rung, risk: float = 0.01, **standing: Any) -> None:
    """The kind stands on that rung, and every draft has this risk."""
    odds = {0.01: -4.595, 0.03: -3.476}[risk]
    office.ledger.earning.keep_model(RiskModel(kind="rates", n=900, wrong=9, intercept=odds))
    after = Standing(**{"kind": KIND, "rung": rung, "level": 0, "moved_at": START, "opened_at": START} | standing)
    before = office.ledger.earning.standing(KIND)
    assert office.ledger.earning.step(GateMove(at=START, before=before, after=after, why="So it is."))


def test_without_history_a_clean_draft_is_reviewed_and_what_the_gate_saw_of_it_is_kept(office: Office) -> None:
    ring(office)
    assert (status(office), reasons(office)) == (Status.HELD, (NOT_OPEN,))
    kept = record(office)
    assert (kept.kind, kept.risk, kept.alone, kept.sampled, kept.waiting) == (KIND, None, False, False, True)
    assert set(kept.features) <= set(NAMES)
    assert {"support", "least_support", "identity", "questions", "length", "template_score"} <= set(kept.features)


def test_in_review_mode_history_is_gathered_too(tmp_path: Path) -> None:
    with an_answering_office(tmp_path, delivery="review", gate_open=False) as office:
        ring(office)
        assert record(office).kind == KIND
        assert reasons(office) == ("Review mode: every reply is read by a person before it leaves.",)


def test_in_shadow_mode_nothing_would_ever_be_heard_of_a_draft_so_none_is_kept(tmp_path: Path) -> None:
    with an_answering_office(tmp_path, delivery="shadow", gate_open=False) as office:
        ring(office)
        assert office.ledger.earning.outcomes(10) == []


def test_a_draft_with_findings_is_none_of_the_gates_business(office: Office) -> None:
    office.desk.writer.sentence = "A withdrawal from IM reaches your bank account within 5 working days."  # type: ignore[union-attr]
    ring(office)
    assert office.ledger.earning.outcomes(10) == []
    assert NOT_OPEN in reasons(office)


def test_a_kind_that_is_all_the_way_up_leaves_alone_with_its_risk_on_record(office: Office) -> None:
    opens(office, Rung.ALL)
    ring(office)
    assert status(office) is Status.SENT
    assert record(office).alone
    assert record(office).risk == pytest.approx(0.01, abs=1e-4)
    assert record(office).model == 1


def test_a_risk_above_the_cut_is_reviewed(office: Office) -> None:
    opens(office, Rung.ALL, risk=0.03)
    ring(office)
    assert reasons(office) == ("The risk that it is wrong, 3.0%, is above what may leave alone (2.0%).",)


def test_a_level_that_was_earned_lets_larger_risks_go(office: Office) -> None:
    opens(office, Rung.ALL, risk=0.03, level=1)
    ring(office)
    assert status(office) is Status.SENT


def test_a_budget_that_is_lowered_counts_at_once(office: Office) -> None:
    opens(office, Rung.ALL)
    office.ledger.earning.set_budget(ReplyKind(template_id="", segment="IM"), 0.5, "meera")
    ring(office)
    assert status(office) is Status.HELD


def test_a_lowered_budget_counts_at_once_where_any_risk_was_earned(office: Office) -> None:
    opens(office, Rung.ALL, risk=0.03, level=3, budget=2.0)
    office.ledger.earning.set_budget(ReplyKind(template_id="", segment="IM"), 0.5, "meera")
    ring(office)
    assert status(office) is Status.HELD


@pytest.mark.parametrize(("rung", "most"), [(Rung.FIVE, 0.05), (Rung.QUARTER, 0.25)])
def test_on_the_way_up_only_the_chosen_customers_are_in(office: Office, rung: Rung, most: float) -> None:
    opens(office, rung)
    ring(office)
    chosen = lot_of(ASHA, office.ledger.earning.key()) < most
    assert (status(office) is Status.SENT) is chosen
    if not chosen:
        assert reasons(office) == (
            f"This customer is not among the {rung.value} whose replies of this kind leave alone.",
        )


def test_the_lot_is_even_stays_with_a_person_and_keeps_who_was_in(office: Office) -> None:
    lots = [lot_of(f"customer {n}", "secret") for n in range(4_000)]
    assert sum(lot < Rung.FIVE.share for lot in lots) == pytest.approx(200, abs=45)
    assert sum(lot < Rung.QUARTER.share for lot in lots) == pytest.approx(1_000, abs=90)
    assert lots == [lot_of(f"customer {n}", "secret") for n in range(4_000)]
    assert lots[:9] != [lot_of(f"customer {n}", "another") for n in range(9)]


def test_some_of_what_left_alone_comes_back_and_decoys_only_where_anything_leaves(office: Office) -> None:
    opens(office, Rung.ALL)
    ring(office)
    [kept] = office.ledger.earning.outcomes(1)
    admission = Admission(assessed=office.ledger.cases.drafts(kept.case_id)[-1][2].assessed, open=True)

    def sampled(lot: float, *, alone: bool, admission: Admission = admission) -> bool:
        ended = admission.ended(alone=alone, lot=lot)
        assert ended is not None
        return ended.sampled

    assert sampled(SAMPLE - 0.001, alone=True)
    assert not sampled(SAMPLE, alone=True)
    assert sampled(0.019, alone=False)
    assert not sampled(0.021, alone=False)
    assert not sampled(0.0, alone=False, admission=Admission(assessed=admission.assessed))


def test_the_switch_holds_what_is_drafted_even_where_the_gate_is_open(tmp_path: Path) -> None:
    with an_answering_office(tmp_path) as office:
        office.ledger.earning.stop("Odd replies.", "meera")
        ring(office)
        assert reasons(office) == ("Automatic sending is switched off (by meera).",)
        assert replies(office) == 0


def test_the_switch_holds_what_waits_to_leave_and_it_can_still_be_approved(tmp_path: Path) -> None:
    with an_answering_office(tmp_path) as office:
        [send_id] = ring(office, out=False)
        office.ledger.earning.stop("Odd replies.", "meera")
        assert deliver(send_id, office.desk) == "dropped"
        assert (status(office), replies(office)) == (Status.HELD, 0)
        assert reasons(office) == ("Not sent: automatic sending is switched off.",)
        case = office.ledger.cases.of_ticket(1)[-1]
        states = {send.kind.value: send.state for send in office.ledger.sends.of_case(case.case_id)}
        assert states == {"reply": SendState.DROPPED, "held_note": SendState.QUEUED}
        assert record(office).waiting


def test_a_reply_that_waits_to_leave_does_where_nothing_has_changed(office: Office) -> None:
    opens(office, Rung.ALL)
    [send_id] = ring(office, out=False)
    assert deliver(send_id, office.desk) == "done"
    assert (status(office), replies(office)) == (Status.SENT, 1)


@pytest.mark.parametrize("how", ["the gate steps down", "the budget is 0", "the budget is lowered"])
def test_a_reply_that_waits_to_leave_is_held_once_the_gate_would_not_let_it_go(office: Office, how: str) -> None:
    opens(office, Rung.ALL, risk=0.01)
    [send_id] = ring(office, out=False)
    if how == "the gate steps down":
        opens(office, Rung.REVIEW)
    else:
        office.ledger.earning.set_budget(KIND, 0.0 if "0" in how else 0.5, "meera")
    assert deliver(send_id, office.desk) == "dropped"
    assert deliver(send_id, office.desk) == "not ours"
    assert (status(office), replies(office)) == (Status.HELD, 0)
    assert reasons(office) == ("Not sent: the gate is not open to it any more.",)
    case = office.ledger.cases.of_ticket(1)[-1]
    states = {send.kind.value: send.state for send in office.ledger.sends.of_case(case.case_id)}
    assert states == {"reply": SendState.DROPPED, "held_note": SendState.QUEUED}


def test_a_reply_that_waits_to_leave_is_held_once_every_reply_is_reviewed(office: Office) -> None:
    opens(office, Rung.ALL)
    [send_id] = ring(office, out=False)
    assert deliver(send_id, office.with_policy(delivery="review")) == "dropped"
    assert (status(office), replies(office)) == (Status.HELD, 0)


def test_the_switch_does_not_hold_what_a_person_approved(tmp_path: Path) -> None:
    from worker.support.outgoing import Tags, reply_outgoing

    with an_answering_office(tmp_path, delivery="review") as office:
        ring(office)
        office.ledger.earning.stop("Odd replies.", "meera")
        case = office.ledger.cases.of_ticket(1)[-1]
        draft_id, draft, _ = office.ledger.cases.drafts(case.case_id)[-1]
        outgoing = reply_outgoing(draft, office.desk.policy, Tags())
        send_id = office.ledger.reviews.approve(case.case_id, draft_id, draft.body_hash, outgoing, "meera")
        assert send_id is not None
        assert deliver(send_id, office.desk) == "done"
        assert replies(office) == 1
