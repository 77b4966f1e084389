"""Leads at their desks: undo, presence, and tickets that a colleague takes over, as every ledger promises them."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import a_draft, a_reply
from tests.contract.steps import LEASE, all_at_once, approved, conclude, current, held, opened, posting, status_of
from worker.models import Case, SendKind, SendState, Status
from worker.ports import MAY_BE_THERE, Ledger

DRAFT = a_draft()
A_WHILE = timedelta(seconds=30)


def approve(ledger: Ledger, case: Case, wait: timedelta = A_WHILE, user: str = "maya") -> str:
    draft_id = ledger.cases.drafts(case.case_id)[-1][0]
    send_id = ledger.reviews.approve(case.case_id, draft_id, DRAFT.body_hash, a_reply(), user, wait=wait)
    assert send_id is not None
    return send_id


def test_an_approved_reply_waits_before_anybody_may_claim_it(ledger: Ledger) -> None:
    case = held(ledger)
    send_id = approve(ledger, case)
    assert (ledger.sends.claim(send_id, LEASE), ledger.sends.due(5)) == (None, [])
    left = ledger.reviews.leaves_in(case.case_id)
    assert left is not None
    assert timedelta(seconds=20) < left <= A_WHILE


def test_without_a_wait_it_is_due_at_once(ledger: Ledger) -> None:
    case = held(ledger)
    send_id = approve(ledger, case, timedelta(0))
    assert ledger.reviews.leaves_in(case.case_id) == timedelta(0)
    assert ledger.sends.claim(send_id, LEASE) is not None


def test_an_approval_that_is_taken_back_leaves_the_draft_held_and_approvable(ledger: Ledger) -> None:
    case = held(ledger)
    approve(ledger, case)
    assert ledger.reviews.undo(case.case_id, "maya")
    assert (status_of(ledger, case), current(ledger, case).minder) == (Status.HELD, "maya")
    assert [send.state for send in ledger.sends.of_case(case.case_id)] == [SendState.DROPPED]
    assert ledger.reviews.leaves_in(case.case_id) is None
    assert ledger.reviews.audit_log()[0]["action"] == "undo"
    assert current(ledger, case).reasons == case.reasons
    approve(ledger, case)
    assert status_of(ledger, case) is Status.APPROVED


def in_doubt_and_queued_again(ledger: Ledger) -> Case:
    """An approved reply of which one attempt ended in doubt, and the next one was refused for certain."""
    case = held(ledger)
    send_id = approve(ledger, case, timedelta(0))
    for nothing_left in (False, True):
        send = ledger.sends.claim(send_id, LEASE)
        assert send is not None
        assert ledger.sends.intend(send_id, send.epoch) is not None
        ledger.sends.park(send_id, send.epoch, timedelta(0), "Cut.", failed=False, nothing_left=nothing_left)
    [now] = ledger.sends.of_case(case.case_id)
    assert (now.state, now.rounds) == (SendState.QUEUED, 1)
    return case


def test_what_may_have_arrived_cannot_be_taken_back_although_it_is_queued_again(ledger: Ledger) -> None:
    case = in_doubt_and_queued_again(ledger)
    assert ledger.reviews.leaves_in(case.case_id) is None
    assert not ledger.reviews.undo(case.case_id, "maya")
    assert status_of(ledger, case) is Status.APPROVED
    assert [send.state for send in ledger.sends.of_case(case.case_id)] == [SendState.QUEUED]


def test_a_reply_that_is_dropped_after_an_attempt_in_doubt_says_that_it_may_be_there(ledger: Ledger) -> None:
    case = in_doubt_and_queued_again(ledger)
    assert ledger.reviews.take_over(case.case_id, "maya", "Maya answers.")
    [send] = ledger.sends.of_case(case.case_id)
    assert (send.state, send.remark) == (SendState.DROPPED, f"Maya answers.{MAY_BE_THERE}")


def test_a_reply_that_never_left_is_dropped_without_such_words(ledger: Ledger) -> None:
    case = held(ledger)
    approve(ledger, case)
    assert ledger.reviews.take_over(case.case_id, "maya", "Maya answers.")
    assert [send.remark for send in ledger.sends.of_case(case.case_id)] == ["Maya answers."]


def test_what_has_begun_to_leave_cannot_be_taken_back(ledger: Ledger) -> None:
    send = posting(ledger)
    assert not ledger.reviews.undo(send.case_id, "maya")
    case = ledger.cases.get(send.case_id)
    assert case is not None
    assert case.status is Status.APPROVED
    assert not ledger.reviews.undo(held(ledger, 2).case_id, "maya")
    assert not ledger.reviews.undo("nope", "maya")


def test_of_a_post_and_an_undo_at_once_only_one_has_its_way(ledger: Ledger) -> None:
    case = held(ledger)
    send_id = approve(ledger, case, timedelta(0))
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None

    def act(number: int) -> object:
        return ledger.sends.intend(send_id, send.epoch) if number else ledger.reviews.undo(case.case_id, "maya")

    undone, intended = all_at_once(2, act)
    assert bool(undone) != bool(intended)
    assert status_of(ledger, case) is (Status.HELD if undone else Status.APPROVED)


def test_leads_see_who_else_has_a_case_open(ledger: Ledger) -> None:
    case = held(ledger)
    assert ledger.reviews.look(case.case_id, "maya", A_WHILE) == []
    assert ledger.reviews.look(case.case_id, "tom", A_WHILE) == ["maya"]
    assert ledger.reviews.look(case.case_id, "maya", A_WHILE) == ["tom"]
    assert ledger.reviews.look(case.case_id, "maya", timedelta(seconds=-1)) == []
    assert ledger.reviews.others(case.case_id, "ravi", A_WHILE) == ["maya", "tom"]
    assert ledger.reviews.others(case.case_id, "maya", A_WHILE) == ["tom"], "asking notes nothing"
    assert ledger.reviews.others(case.case_id, "ravi", timedelta(seconds=-1)) == []
    assert ledger.reviews.look("nope", "maya", A_WHILE) == []


def test_what_a_colleague_has_kept_meanwhile_is_neither_let_go_nor_taken_from_her(ledger: Ledger) -> None:
    kept, decided = held(ledger, 1), approved(ledger, 2)[0]
    assert ledger.reviews.mind(kept.case_id, "tom", "tom")
    assert ledger.reviews.mind(kept.case_id, "maya", "maya", was="tom"), "she was shown that it is Tom's"

    assert not ledger.reviews.mind(kept.case_id, "", "tom", was="tom")
    assert not ledger.reviews.mind(kept.case_id, "tom", "tom")

    assert current(ledger, kept).minder == "maya"
    assert ledger.reviews.mind(kept.case_id, "maya", "maya"), "hers already"
    assert not ledger.reviews.mind(decided.case_id, "tom", "tom")
    assert [(e["user"], e["detail"]) for e in ledger.reviews.audit_log() if e["action"] == "mind"] == [
        ("maya", "maya"), ("maya", "maya"), ("tom", "tom"),
    ]  # fmt: skip


def test_a_ticket_that_somebody_else_has_taken_meanwhile_stays_hers(ledger: Ledger) -> None:
    case = held(ledger, 7)
    ledger.reviews.take_over(case.case_id, "tom", "Mine.")
    assert not ledger.reviews.give_back(7, "maya", taker="maya")
    assert ledger.reviews.taken_by(7) == "tom"
    assert ledger.reviews.give_back(7, "maya", taker="tom")
    assert not ledger.reviews.give_back(7, "maya", taker="tom")


def test_a_ticket_that_is_taken_over_ends_all_that_was_under_way_on_it(ledger: Ledger) -> None:
    waiting, elsewhere = held(ledger, 7, "c1"), held(ledger, 8)
    drafting = opened(ledger, 7, "c2")
    note = a_reply("Maya answers.", kind=SendKind.HANDOVER_NOTE)

    assert ledger.reviews.take_over(waiting.case_id, "maya", "Maya answers this ticket.", note)

    for case in (waiting, drafting):
        assert status_of(ledger, case) is Status.HANDED_OVER
        assert current(ledger, case).reasons == ("Maya answers this ticket.",)
    assert status_of(ledger, elsewhere) is Status.HELD
    assert conclude(ledger, drafting, Status.APPROVED, [a_reply()], draft=DRAFT) is None
    assert [s.kind for s in ledger.sends.of_case(waiting.case_id)] == [SendKind.HANDOVER_NOTE]
    assert (ledger.reviews.taken_by(7), ledger.reviews.taken_by(8)) == ("maya", "")


def test_a_reply_that_waits_to_leave_is_dropped_by_taking_over(ledger: Ledger) -> None:
    case, _ = approved(ledger, 7)
    assert ledger.reviews.take_over(case.case_id, "maya", "Mine.")
    assert status_of(ledger, case) is Status.HANDED_OVER
    assert [s.state for s in ledger.sends.of_case(case.case_id)] == [SendState.DROPPED]


def test_a_ticket_is_taken_over_once_and_can_be_given_back(ledger: Ledger) -> None:
    case = held(ledger, 7)
    assert ledger.reviews.take_over(case.case_id, "maya", "Mine.")
    assert not ledger.reviews.take_over(case.case_id, "tom", "Mine.")
    assert not ledger.reviews.take_over("nope", "tom", "Mine.")
    assert ledger.reviews.taken_by(7) == "maya"
    assert ledger.reviews.give_back(7, "tom")
    assert not ledger.reviews.give_back(7, "tom")
    assert ledger.reviews.taken_by(7) == ""
    assert [entry["action"] for entry in ledger.reviews.audit_log()] == ["give back", "take over"]


def test_a_reply_that_is_being_posted_is_not_called_back_by_taking_over(ledger: Ledger) -> None:
    send = posting(ledger, 7)
    assert ledger.reviews.take_over(send.case_id, "maya", "Mine.")
    case = ledger.cases.get(send.case_id)
    assert case is not None
    assert case.status is Status.APPROVED


def test_giving_back_queues_its_note_and_drops_the_one_that_never_left(ledger: Ledger) -> None:
    case = held(ledger, 7)
    taken = a_reply("Maya answers.", kind=SendKind.HANDOVER_NOTE)
    given = a_reply("Maya gave it back.", kind=SendKind.GIVEN_BACK)
    ledger.reviews.take_over(case.case_id, "maya", "Mine.", taken)

    assert not ledger.reviews.give_back(7, "tom", taker="tom", case_id=case.case_id, note=given, moot=taken.body_hash)
    assert [s.state for s in ledger.sends.of_ticket(7)] == [SendState.QUEUED], "she has it still"
    assert ledger.reviews.give_back(7, "tom", taker="maya", case_id=case.case_id, note=given, moot=taken.body_hash)

    assert [(s.kind, s.state) for s in ledger.sends.of_ticket(7)] == [
        (SendKind.HANDOVER_NOTE, SendState.DROPPED), (SendKind.GIVEN_BACK, SendState.QUEUED),
    ]  # fmt: skip
    assert ledger.sends.of_ticket(7)[0].remark == "Not written: tom gave the ticket back before."
    assert ledger.sends.of_ticket(8) == []


def test_what_has_begun_to_leave_is_not_dropped_by_giving_back(ledger: Ledger) -> None:
    case = held(ledger, 7)
    taken = a_reply("Maya answers.", kind=SendKind.HANDOVER_NOTE)
    ledger.reviews.take_over(case.case_id, "maya", "Mine.", taken)
    send = ledger.sends.claim(ledger.sends.of_ticket(7)[0].send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send.send_id, send.epoch) is not None

    assert ledger.reviews.give_back(7, "maya", case_id=case.case_id, moot=taken.body_hash)

    assert [s.state for s in ledger.sends.of_ticket(7)] == [SendState.POSTING]


def test_a_note_that_it_was_given_back_is_dropped_where_it_is_taken_again(ledger: Ledger) -> None:
    case = held(ledger, 7)
    ledger.reviews.take_over(case.case_id, "maya", "Mine.")
    note = a_reply("Maya gave it back.", kind=SendKind.GIVEN_BACK)
    ledger.reviews.give_back(7, "maya", case_id=case.case_id, note=note)
    send = ledger.sends.claim(ledger.sends.of_ticket(7)[0].send_id, LEASE)
    assert send is not None

    assert ledger.reviews.take_over(case.case_id, "tom", "Tom answers this ticket.")

    assert [(s.state, s.remark) for s in ledger.sends.of_ticket(7)] == [(SendState.DROPPED, "Tom answers this ticket.")]
    assert ledger.sends.intend(send.send_id, send.epoch) is None, "whoever had it claimed posts nothing"
