"""Sends: what every ledger promises about the one door to a customer."""

from __future__ import annotations

from contextlib import closing

from tests.builders import NOON, a_reply, minutes
from tests.contract.ledger_world import turn_back
from tests.contract.steps import (
    LEASE,
    RUN_OUT,
    all_at_once,
    approved,
    current,
    held,
    opened,
    posting,
    send_of,
    status_of,
)
from worker.adapters.store import open_ledger
from worker.models import Posted, Ring, SendKind, SendState, Status
from worker.ports import Ledger

AT_FRESHDESK = Posted(remote_id="c901", at=NOON)


def test_a_queued_send_is_due_and_claimed_by_one_of_many(ledger: Ledger) -> None:
    _, send_id = approved(ledger)
    assert ledger.sends.due(10) == [send_id]

    won = all_at_once(20, lambda _: ledger.sends.claim(send_id, LEASE))

    assert [send.epoch for send in won if send is not None] == [1]
    assert ledger.sends.due(10) == []
    assert ledger.sends.claim("s-nobody", LEASE) is None


def test_an_intent_is_written_before_anything_leaves(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert (send.state, send.rounds, send.intended_at) == (SendState.QUEUED, 0, None)

    intended = ledger.sends.intend(send_id, send.epoch)

    assert intended is not None
    assert (intended.state, intended.rounds) == (SendState.POSTING, 1)
    assert intended.intended_at is not None
    assert intended == send_of(ledger, case.case_id, send_id)


def test_an_intent_needs_a_live_lease(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    send = ledger.sends.claim(send_id, RUN_OUT)
    assert send is not None

    assert ledger.sends.intend(send_id, send.epoch) is None
    assert send_of(ledger, case.case_id, send_id).state is SendState.QUEUED


def test_whoever_lost_the_claim_writes_nothing_more(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    lost = ledger.sends.claim(send_id, RUN_OUT)
    heir = ledger.sends.claim(send_id, LEASE)
    assert lost is not None
    assert heir is not None
    assert ledger.sends.intend(send_id, heir.epoch)
    before = send_of(ledger, case.case_id, send_id)

    assert ledger.sends.intend(send_id, lost.epoch) is None
    assert not ledger.sends.posted(send_id, lost.epoch, AT_FRESHDESK)
    assert not ledger.sends.done(send_id, lost.epoch)
    assert not ledger.sends.park(send_id, lost.epoch, minutes(0), "late", failed=True, nothing_left=True)
    assert not ledger.sends.drop(send_id, lost.epoch, "late", case_to=Status.SUPERSEDED, recheck=True)
    assert not ledger.sends.strand(send_id, lost.epoch, "late")
    assert send_of(ledger, case.case_id, send_id) == before
    assert status_of(ledger, case) is Status.APPROVED


def test_a_posted_reply_makes_its_case_sent_and_then_is_done(ledger: Ledger) -> None:
    send = posting(ledger)

    assert ledger.sends.posted(send.send_id, send.epoch, AT_FRESHDESK)

    posted = send_of(ledger, send.case_id, send.send_id)
    assert (posted.state, posted.remote_id) == (SendState.POSTED, "c901")
    [case] = ledger.cases.of_ticket(send.ticket_id)
    assert case.status is Status.SENT
    assert ledger.sends.done(send.send_id, send.epoch, "The group does not exist.")
    done = send_of(ledger, send.case_id, send.send_id)
    assert (done.state, done.remark) == (SendState.DONE, "The group does not exist.")
    assert ledger.sends.claim(send.send_id, LEASE) is None


def test_a_send_that_was_not_posted_cannot_be_done_nor_posted_without_intent(ledger: Ledger) -> None:
    case, send_id = approved(ledger)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None

    assert not ledger.sends.posted(send_id, send.epoch, AT_FRESHDESK)
    assert not ledger.sends.done(send_id, send.epoch)
    assert send_of(ledger, case.case_id, send_id).state is SendState.QUEUED


def test_a_certain_failure_goes_back_to_the_queue(ledger: Ledger) -> None:
    send = posting(ledger)

    assert ledger.sends.park(send.send_id, send.epoch, minutes(0), "429", failed=True, nothing_left=True)

    again = ledger.sends.claim(send.send_id, LEASE)
    assert again is not None
    assert (again.state, again.tries, again.remark) == (SendState.QUEUED, 1, "429")


def test_a_doubtful_send_stays_in_doubt_when_parked(ledger: Ledger) -> None:
    send = posting(ledger)
    assert ledger.sends.in_doubt() == 0, "its lease is live"

    assert ledger.sends.park(send.send_id, send.epoch, minutes(5), "timeout", failed=False, nothing_left=False)

    assert send_of(ledger, send.case_id, send.send_id).state is SendState.POSTING
    assert ledger.sends.in_doubt() == 1
    assert ledger.sends.claim(send.send_id, LEASE) is None, "not due yet"


def test_a_second_round_posts_the_same_stored_body(ledger: Ledger) -> None:
    first = posting(ledger)
    ledger.sends.park(first.send_id, first.epoch, minutes(0), "timeout", failed=False, nothing_left=False)
    claimed = ledger.sends.claim(first.send_id, LEASE)
    assert claimed is not None

    second = ledger.sends.intend(first.send_id, claimed.epoch)

    assert second is not None
    assert (second.rounds, second.body_html) == (2, first.body_html)


def test_a_posted_send_whose_worker_died_is_due_again(ledger: Ledger) -> None:
    send = posting(ledger)
    ledger.sends.posted(send.send_id, send.epoch, AT_FRESHDESK)
    ledger.sends.park(send.send_id, send.epoch, minutes(0), "tags: 503", failed=False, nothing_left=True)

    assert ledger.sends.due(10) == [send.send_id]
    again = ledger.sends.claim(send.send_id, LEASE)
    assert again is not None
    assert again.state is SendState.POSTED, "what is at Freshdesk is never queued again"
    assert not ledger.sends.drop(send.send_id, again.epoch, "too late", case_to=None)


def test_a_dropped_reply_moves_its_case_and_rings_for_what_the_customer_wrote_since(ledger: Ledger) -> None:
    case, send_id = approved(ledger, 42)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    rung_before = set(ledger.doorbells.due(10))

    assert ledger.sends.drop(send_id, send.epoch, "A newer message.", case_to=Status.SUPERSEDED, recheck=True)

    assert current(ledger, case).reasons == ("A newer message.",)
    assert status_of(ledger, case) is Status.SUPERSEDED
    assert send_of(ledger, case.case_id, send_id).state is SendState.DROPPED
    [doorbell_id] = set(ledger.doorbells.due(10)) - rung_before
    doorbell = ledger.doorbells.claim(doorbell_id, LEASE)
    assert doorbell is not None
    assert (doorbell.ring, doorbell.ticket_id) == (Ring.RECHECK, 42)


def test_a_dropped_reply_makes_room_for_another(ledger: Ledger) -> None:
    case, send_id = approved(ledger, 42)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    ledger.sends.drop(send_id, send.epoch, "Back to review.", case_to=Status.HELD)

    [(draft_id, draft, _)] = ledger.cases.drafts(case.case_id)
    again = ledger.reviews.approve(case.case_id, draft_id, draft.body_hash, a_reply(), "meera")

    assert again is not None
    assert again != send_id


def test_a_stranded_reply_goes_to_a_person_with_a_note_on_the_ticket(ledger: Ledger) -> None:
    send = posting(ledger, 42)

    assert ledger.sends.strand(send.send_id, send.epoch, "Three rounds without <an> answer.")

    [case] = ledger.cases.of_ticket(42)
    assert (case.status, case.reasons) == (Status.HANDED_OVER, ("Three rounds without <an> answer.",))
    reply, note = ledger.sends.of_case(case.case_id)
    assert reply.state is SendState.STRANDED
    assert (note.kind, note.state) == (SendKind.HANDOVER_NOTE, SendState.QUEUED)
    assert "Three rounds without &lt;an&gt; answer." in note.body_html
    assert ledger.sends.in_doubt() == 1
    assert ledger.sends.claim(send.send_id, LEASE) is None


def test_a_stranded_reply_is_in_doubt_for_a_day(sql_url: str) -> None:
    """By then a person has had the ticket for long: an alarm that never ends would hide the next one."""
    with closing(open_ledger(sql_url)) as ledger:
        send = posting(ledger, 42)
        ledger.sends.strand(send.send_id, send.epoch, "No answer.")
        turn_back(ledger, 23 * 3600)
        assert ledger.sends.in_doubt() == 1

        turn_back(ledger, 2 * 3600)

        assert ledger.sends.in_doubt() == 0
        assert not ledger.figures.doubtful(10)


def test_a_stranded_note_leaves_its_case_alone(ledger: Ledger) -> None:
    reply = posting(ledger, 42)
    ledger.sends.strand(reply.send_id, reply.epoch, "No answer.")
    note = ledger.sends.of_case(reply.case_id)[1]
    claimed = ledger.sends.claim(note.send_id, LEASE)
    assert claimed is not None

    assert ledger.sends.strand(note.send_id, claimed.epoch, "No answer either.")

    assert len(ledger.sends.of_case(reply.case_id)) == 2
    assert ledger.cases.of_ticket(42)[0].status is Status.HANDED_OVER


def test_the_oldest_due_sends_come_first(ledger: Ledger) -> None:
    ids = [approved(ledger, ticket_id)[1] for ticket_id in range(4)]
    opened(ledger, 10)
    held(ledger, 11)

    assert ledger.sends.due(3) == ids[:3]
