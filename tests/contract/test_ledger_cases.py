"""Cases: what every ledger promises about opening, concluding and advancing them."""

from __future__ import annotations

import pytest

from tests.builders import a_customer, a_draft, a_finding, a_reply, a_thread, a_trace, a_verdict, an_identity
from tests.contract.steps import (
    LEASE,
    RUN_OUT,
    all_at_once,
    approved,
    claimed,
    conclude,
    current,
    held,
    opened,
    send_of,
    status_of,
)
from worker.models import MOVES, Case, Reader, Ring, SendKind, SendState, Status, Step, Strength
from worker.ports import Ledger, Outgoing


def test_a_new_message_opens_a_case_that_remembers_the_ticket(ledger: Ledger) -> None:
    case = opened(ledger, 42, "c7", subject="Redeeming", priority=3)

    assert (case.ticket_id, case.message_key, case.status, case.epoch) == (42, "c7", Status.OPEN, 1)
    assert (case.subject, case.priority) == ("Redeeming", 3)
    assert (case.requester_id, case.requester_email) == (5, "asha@example.com")
    assert ledger.cases.get(case.case_id) == case
    assert ledger.cases.get("c-nobody") is None


def test_a_second_doorbell_for_the_same_message_finds_somebody_at_work(ledger: Ledger) -> None:
    opened(ledger, 42)

    assert ledger.cases.open(a_thread(42), "ticket", claimed(ledger, 42), LEASE) is None


def test_of_many_doorbells_for_one_message_one_opens_the_case(ledger: Ledger) -> None:
    doorbells = [claimed(ledger, 42) for _ in range(12)]

    won = all_at_once(12, lambda n: ledger.cases.open(a_thread(42), "ticket", doorbells[n], LEASE))

    assert sum(case is not None for case in won) == 1
    assert len(ledger.cases.of_ticket(42)) == 1


def test_a_case_left_by_a_dead_worker_is_taken_over_and_the_dead_one_concludes_nothing(ledger: Ledger) -> None:
    dead = opened(ledger, 42, lease=RUN_OUT)

    heir = ledger.cases.open(a_thread(42), "ticket", claimed(ledger, 42), LEASE)

    assert heir is not None
    assert (heir.case_id, heir.epoch) == (dead.case_id, dead.epoch + 1)
    assert conclude(ledger, dead, Status.APPROVED, [a_reply()], draft=a_draft()) is None
    assert status_of(ledger, dead) is Status.OPEN
    assert ledger.cases.drafts(dead.case_id) == []
    assert ledger.sends.of_case(dead.case_id) == []
    assert conclude(ledger, heir, Status.HELD, draft=a_draft()) == []


def test_the_same_doorbell_claimed_again_takes_its_case_back_at_once(ledger: Ledger) -> None:
    first = claimed(ledger, 42, lease=RUN_OUT)
    case = ledger.cases.open(a_thread(42), "ticket", first, LEASE)
    second = ledger.doorbells.claim(first.doorbell_id, LEASE)
    assert case is not None
    assert second is not None

    again = ledger.cases.open(a_thread(42), "ticket", second, LEASE)

    assert again is not None
    assert again.epoch == case.epoch + 1
    assert ledger.cases.open(a_thread(42), "ticket", first, LEASE) is None, "the first claim has been lost"


@pytest.mark.parametrize("status", [Status.HELD, Status.HANDED_OVER, Status.IGNORED, Status.SUPERSEDED])
def test_a_concluded_message_opens_no_second_case(ledger: Ledger, status: Status) -> None:
    case = opened(ledger, 42)
    assert conclude(ledger, case, status, verdict=a_verdict(Step.HOLD, "So the rules say.")) == []

    assert ledger.cases.open(a_thread(42), "ticket", claimed(ledger, 42), LEASE) is None
    assert current(ledger, case).status is status
    assert current(ledger, case).reasons == ("So the rules say.",)


def test_a_conclusion_keeps_everything_that_explains_it(ledger: Ledger) -> None:
    case = opened(ledger, 42)
    customer = a_customer("C-9")
    draft, trace, thread = a_draft(findings=(a_finding("cited"),)), a_trace(questions=("How?",)), a_thread(42)

    conclude(
        ledger, case, Status.HELD, draft=draft, trace=trace, thread=thread,
        verdict=a_verdict(Step.HOLD, "A guard found something.", priority=4),
        identity=an_identity(Strength.VERIFIED, customer), reader=Reader(segments=("IM",), reads=("IM", "public")),
    )  # fmt: skip

    now = current(ledger, case)
    assert (now.customer_id, now.strength, now.segments) == ("C-9", Strength.VERIFIED, ("IM",))
    assert (now.template_id, now.priority) == ("redeem", 4)
    [(_, kept, kept_trace)] = ledger.cases.drafts(case.case_id)
    assert (kept, kept_trace) == (draft, trace)
    assert ledger.cases.thread(case.case_id) == thread
    assert ledger.cases.trace(case.case_id) == trace


def test_a_hand_over_without_a_draft_still_has_its_trace(ledger: Ledger) -> None:
    case = opened(ledger)

    conclude(ledger, case, Status.HANDED_OVER, trace=a_trace(query="complaint"))

    assert ledger.cases.drafts(case.case_id) == []
    trace = ledger.cases.trace(case.case_id)
    assert trace is not None
    assert trace.query == "complaint"


def test_a_conclusion_queues_its_sends_with_the_same_commit(ledger: Ledger) -> None:
    case = opened(ledger, 42)
    note = Outgoing(kind=SendKind.HELD_NOTE, body_html="<p>Please review</p>", body_hash="h")

    sends = conclude(ledger, case, Status.HELD, [note], draft=a_draft())

    assert sends is not None
    [send] = ledger.sends.of_case(case.case_id)
    assert (send.send_id, send.kind, send.state) == (sends[0], SendKind.HELD_NOTE, SendState.QUEUED)
    assert (send.ticket_id, send.message_key, send.body_html) == (42, "ticket", "<p>Please review</p>")


def test_two_replies_to_one_message_are_refused_and_nothing_is_written(ledger: Ledger) -> None:
    case = opened(ledger)

    assert conclude(ledger, case, Status.APPROVED, [a_reply(), a_reply("Another.")], draft=a_draft()) is None

    assert current(ledger, case) == case
    assert ledger.sends.of_case(case.case_id) == []
    assert ledger.cases.drafts(case.case_id) == []
    assert ledger.cases.moves(case.case_id) == []


def test_a_newer_message_supersedes_held_and_forgotten_cases_and_stops_a_queued_reply(ledger: Ledger) -> None:
    waiting, (sent, send_id) = held(ledger, 42, "ticket"), approved(ledger, 42, "c1")
    forgotten, elsewhere = opened(ledger, 42, "c2"), held(ledger, 43)

    newest = held(ledger, 42, "c3")

    assert [status_of(ledger, case) for case in (waiting, sent, forgotten)] == [Status.SUPERSEDED] * 3
    assert send_of(ledger, sent.case_id, send_id).state is SendState.DROPPED
    assert conclude(ledger, forgotten, Status.HELD, draft=a_draft()) is None
    assert [status_of(ledger, case) for case in (newest, elsewhere)] == [Status.HELD] * 2


def test_a_reply_on_its_way_is_not_stopped_by_a_newer_message(ledger: Ledger) -> None:
    sent, send_id = approved(ledger, 42)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send_id, send.epoch)

    held(ledger, 42, "c1")

    assert status_of(ledger, sent) is Status.APPROVED
    assert send_of(ledger, sent.case_id, send_id).state is SendState.POSTING


def test_an_automatic_answer_does_not_throw_away_the_draft_for_a_question(ledger: Ledger) -> None:
    waiting = held(ledger, 42)

    conclude(ledger, opened(ledger, 42, "c1"), Status.IGNORED)

    assert status_of(ledger, waiting) is Status.HELD


def test_only_a_redraft_for_this_case_opens_a_held_one(ledger: Ledger) -> None:
    case, other = held(ledger, 42), held(ledger, 43)
    for ring, named in ((Ring.WEBHOOK, case.case_id), (Ring.REDRAFT, other.case_id)):
        doorbell = claimed(ledger, 42, ring=ring, case_id=named)
        assert ledger.cases.open(a_thread(42), "ticket", doorbell, LEASE) is None

    doorbell = claimed(ledger, 42, ring=Ring.REDRAFT, case_id=case.case_id)
    again = ledger.cases.open(a_thread(42), "ticket", doorbell, LEASE)

    assert again is not None
    assert (again.status, again.epoch) == (Status.OPEN, case.epoch + 1)
    assert conclude(ledger, again, Status.HELD, draft=a_draft("Better.")) == []
    assert [draft.body_text for _, draft, _ in ledger.cases.drafts(case.case_id)][-1] == "Better."


@pytest.mark.parametrize("from_", list(Status))
def test_a_case_moves_only_along_the_moves(ledger: Ledger, from_: Status) -> None:
    for ticket_id, to in enumerate(Status):
        case = _one_that_is(ledger, from_, ticket_id)
        before = ledger.cases.moves(case.case_id)

        moved = ledger.cases.advance(case.case_id, from_, to, case.epoch, reasons=["So be it."], by="lead")

        assert moved == (to in MOVES[from_]), (from_, to)
        assert status_of(ledger, case) is (to if moved else from_)
        assert len(ledger.cases.moves(case.case_id)) == len(before) + moved


def _one_that_is(ledger: Ledger, status: Status, ticket_id: int) -> Case:
    if status is Status.OPEN:
        return opened(ledger, ticket_id)
    if status in (Status.APPROVED, Status.SENT):
        case, _ = approved(ledger, ticket_id)
    else:
        case = held(ledger, ticket_id)
    if status not in (Status.APPROVED, Status.HELD):
        way = Status.OPEN if status is Status.IGNORED else status
        assert ledger.cases.advance(case.case_id, case.status, way, None)
        if status is Status.IGNORED:
            assert ledger.cases.advance(case.case_id, Status.OPEN, status, None)
    return current(ledger, case)


def test_every_move_is_recorded_with_its_reasons_and_who_made_it(ledger: Ledger) -> None:
    case = held(ledger)
    ledger.cases.advance(case.case_id, Status.HELD, Status.HANDED_OVER, None, reasons=["Too delicate."], by="meera")

    first, second = ledger.cases.moves(case.case_id)
    assert (first["from_status"], first["to_status"]) == (Status.OPEN, Status.HELD)
    assert (second["by"], second["reasons"]) == ("meera", ("Too delicate.",))
    assert first["at"] <= second["at"]
    assert current(ledger, case).reasons == ("Too delicate.",)


def test_a_move_from_where_the_case_is_not_or_with_an_old_epoch_is_refused(ledger: Ledger) -> None:
    case = held(ledger)

    assert not ledger.cases.advance(case.case_id, Status.OPEN, Status.HANDED_OVER, None)
    assert not ledger.cases.advance(case.case_id, Status.HELD, Status.REJECTED, case.epoch - 1)
    assert not ledger.cases.advance("c-nobody", Status.HELD, Status.REJECTED, None)
    assert current(ledger, case) == case


def test_taking_an_approved_case_back_stops_its_queued_reply(ledger: Ledger) -> None:
    case, send_id = approved(ledger)

    assert ledger.cases.advance(case.case_id, Status.APPROVED, Status.HELD, None, by="meera")

    assert send_of(ledger, case.case_id, send_id).state is SendState.DROPPED


def test_a_message_that_nobody_could_read_takes_no_draft_away(ledger: Ledger) -> None:
    """It is with a person then, and answers nothing; the lead still has the draft for the message before it."""
    drafted = held(ledger, key="c10")
    unread = opened(ledger, key="unread-d1")

    assert conclude(ledger, unread, Status.HANDED_OVER) is not None

    assert status_of(ledger, drafted) is Status.HELD
