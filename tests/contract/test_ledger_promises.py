"""What was promised in replies: kept with the reply, listed by its day, open until somebody says that it is kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.builders import NOON, a_reply
from tests.contract.steps import LEASE, held, newest_draft, posting
from tests.support.incident.cases import a_brake
from worker.models import MadePromise, Posted, Promise
from worker.ports import Ledger

REFUND = Promise(act="payment", words="We will refund Rs 10.", due=date(2026, 11, 27), period="5 working days")
CALL = Promise(act="call", words="A colleague will call you.")


def sent_with(ledger: Ledger, ticket_id: int, *promises: Promise, at: datetime = NOON) -> list[MadePromise]:
    send = posting(ledger, ticket_id)
    assert ledger.sends.posted(send.send_id, send.epoch, Posted(remote_id=str(ticket_id), at=at), promises)
    return list(ledger.promises.of_ticket(ticket_id))


def test_a_reply_that_is_at_the_helpdesk_brings_its_promises(ledger: Ledger) -> None:
    refund, call = sent_with(ledger, 42, REFUND, CALL)
    assert (refund.act, refund.words, refund.due, refund.period) == tuple(REFUND.model_dump().values())
    assert (call.due, call.ticket_id, call.made_at, call.made_by, call.kept_at) == (None, 42, NOON, "", None)
    assert ledger.promises.count_open() == 2
    assert ledger.promises.of_ticket(43) == []


def test_a_post_that_is_somebody_elses_by_now_brings_none(ledger: Ledger) -> None:
    send = posting(ledger)
    assert not ledger.sends.posted(send.send_id, send.epoch - 1, Posted(remote_id="9", at=NOON), [REFUND])
    assert ledger.promises.count_open() == 0


def test_what_a_lead_approved_is_the_leads_promise(ledger: Ledger) -> None:
    case = held(ledger, 42)
    reply = a_reply()
    send_id = ledger.reviews.approve(case.case_id, newest_draft(ledger, case), reply.body_hash, reply, "meera")
    assert send_id is not None
    claimed = ledger.sends.claim(send_id, LEASE)
    assert claimed is not None
    ledger.sends.intend(send_id, claimed.epoch)
    ledger.sends.posted(send_id, claimed.epoch, Posted(remote_id="9", at=NOON), [CALL])
    assert [one.made_by for one in ledger.promises.of_ticket(42)] == ["meera"]


def is_told_we_will_call(ledger: Ledger, send_id: str) -> list[str]:
    """The holding reply arrives with its promise; who made those of its ticket."""
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    assert ledger.sends.intend(send_id, send.epoch)
    assert ledger.sends.posted(send_id, send.epoch, Posted(remote_id=send_id, at=NOON), [CALL])
    return [one.made_by for one in ledger.promises.of_ticket(send.ticket_id)]


def test_what_a_holding_reply_promises_is_the_promise_of_the_lead_who_sent_it(ledger: Ledger) -> None:
    approved_once, untouched, joined = (held(ledger, n) for n in (1, 2, 3))
    reply = a_reply()
    draft_id = newest_draft(ledger, approved_once)
    assert ledger.reviews.approve(approved_once.case_id, draft_id, reply.body_hash, reply, "meera")
    assert ledger.reviews.undo(approved_once.case_id, "meera")
    brake = ledger.incidents.put_on(a_brake(NOON))
    assert brake is not None

    at_first = {case.case_id: a_reply() for case in (approved_once, untouched)}
    second, first = ledger.incidents.hold_with(brake.brake_id, at_first, "We will call.", "ravi")
    [third] = ledger.incidents.hold_with(brake.brake_id, {joined.case_id: a_reply()}, "We will call.", "tom")

    assert is_told_we_will_call(ledger, third) == ["tom"]
    assert is_told_we_will_call(ledger, first) == ["ravi"], "meera took her approval back, and wrote none of this"
    assert is_told_we_will_call(ledger, second) == ["ravi"]


def test_open_ones_come_by_their_day_and_those_without_one_last(ledger: Ledger) -> None:
    later = REFUND.model_copy(update={"due": date(2026, 12, 1)})
    sent_with(ledger, 1, CALL)
    sent_with(ledger, 2, later)
    sent_with(ledger, 3, REFUND, at=NOON + timedelta(hours=1))
    sent_with(ledger, 4, REFUND)
    assert [one.ticket_id for one in ledger.promises.open(10)] == [4, 3, 2, 1]
    assert [one.ticket_id for one in ledger.promises.open(2, 1)] == [3, 2]


def test_a_promise_is_kept_once_and_stays_on_its_ticket(ledger: Ledger) -> None:
    refund, call = sent_with(ledger, 42, REFUND, CALL)
    assert ledger.promises.kept(refund.promise_id, "meera")
    assert not ledger.promises.kept(refund.promise_id, "tom")
    assert not ledger.promises.kept("p-unknown", "tom")
    assert [one.promise_id for one in ledger.promises.open(10)] == [call.promise_id]
    assert [one.kept_by for one in ledger.promises.of_ticket(42)] == ["meera", ""]
    assert ledger.promises.count_open() == 1
