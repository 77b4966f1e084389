"""A reply is out, and what it changes on its ticket comes late: Freshdesk refused that for a while, or whoever
delivered it died. What has happened on the ticket since then counts for more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.desk import Office
from worker.errors import Permanent, Retryable
from worker.models import Author, Message, Ring, Send, SendKind, TicketChange, TicketState
from worker.support.deliver import deliver
from worker.support.threads import CLOSING, read_thread
from worker.tasks import draft_doorbell

LEGAL = "You leave me no choice: my lawyer will file a complaint against you in court."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def ring(office: Office) -> str:
    return draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)


def deliver_all(office: Office) -> list[str]:
    return [deliver(send_id, office.desk) for send_id in office.ledger.sends.due(10)]


def a_reply_whose_change_was_refused(office: Office) -> Send:
    """It is with the customer; status and tags are still to be set."""
    assert ring(office) == "send"
    office.helpdesk.refuses_change = Retryable("come back later", part="freshdesk", after=60.0)
    assert deliver_all(office) == ["parked"]
    office.helpdesk.refuses_change = None
    return next(s for s in office.ledger.sends.of_ticket(1) if s.kind is SendKind.REPLY)


def the_change_comes(office: Office, reply: Send) -> TicketChange:
    office.make_due(reply.send_id)
    assert deliver(reply.send_id, office.desk) == "done"
    return office.helpdesk.changes[-1]


def test_where_nothing_happened_since_the_reply_the_status_is_set(office: Office) -> None:
    reply = a_reply_whose_change_was_refused(office)
    change = the_change_comes(office, reply)
    assert (change.state, change.add_tags) == (TicketState.PENDING, ("deskhand-sent",))


@pytest.mark.parametrize(
    "happens",
    [
        lambda helpdesk: helpdesk.customer_writes_again("And when will the other one arrive?"),
        lambda helpdesk: helpdesk.colleague_answers(),
        lambda helpdesk: helpdesk.ticket_becomes(state=TicketState.CLOSED),
    ],
    ids=["the customer wrote again", "a colleague answered", "a colleague closed it"],
)
def test_a_status_is_not_set_over_what_happened_since_the_reply(office: Office, happens: Callable) -> None:
    reply = a_reply_whose_change_was_refused(office)
    happens(office.helpdesk)
    change = the_change_comes(office, reply)
    assert (change.state, change.add_tags) == (None, ("deskhand-sent",))


def test_thanks_that_were_set_aside_meanwhile_keep_no_status_away(office: Office) -> None:
    reply = a_reply_whose_change_was_refused(office)
    office.helpdesk.customer_writes_again("Thank you very much!")
    assert ring(office) == "ignore"
    assert the_change_comes(office, reply).state is TicketState.PENDING


def test_a_ticket_that_was_handed_over_meanwhile_keeps_its_tag(office: Office) -> None:
    reply = a_reply_whose_change_was_refused(office)
    office.helpdesk.customer_writes_again(LEGAL)
    assert ring(office) == "hand_over"
    assert deliver_all(office) == ["done"]
    the_change_comes(office, reply)
    assert "deskhand-handed-over" in office.helpdesk.thread_now.ticket.tags


def test_a_ticket_that_cannot_be_read_any_more_ends_with_a_remark(office: Office) -> None:
    reply = a_reply_whose_change_was_refused(office)

    def gone(*_: object, **__: object) -> None:
        raise Permanent("GET tickets/{} answered 404", part="freshdesk", code=404)

    office.helpdesk.thread = gone  # type: ignore[method-assign]
    office.make_due(reply.send_id)
    assert deliver(reply.send_id, office.desk) == "done"
    assert office.helpdesk.changes == []
    assert "could not be changed" in office.ledger.sends.of_ticket(1)[0].remark


# ---- with STATUS_AFTER_REPLY=closed, the customer writes in the moment between the reply and the write that closes


def closed_over(office: Office, words: str, *, after: timedelta = timedelta(seconds=1)) -> None:
    """What the ticket looks like then: closed, with a message that came `after` the reply."""
    office.desk = office.with_policy(state_after_reply=TicketState.CLOSED)
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    thread = office.helpdesk.thread_now
    late = Message(key="x1", author=Author.CUSTOMER, public=True, at=thread.messages[-1].at + after, text=words)
    office.helpdesk.thread_now = thread.saying([*thread.messages, late])
    office.helpdesk.ticket_becomes(state=TicketState.CLOSED)


def test_a_message_over_which_we_closed_the_ticket_is_answered(office: Office) -> None:
    closed_over(office, "And how long does an IM withdrawal take to reach my bank?")
    assert ring(office) in ("send", "hold")


def test_thanks_over_which_we_closed_the_ticket_leave_it_closed(office: Office) -> None:
    closed_over(office, "Thanks a lot!")
    assert ring(office) == "ignore"


def test_whoever_writes_later_and_finds_it_closed_was_closed_out_by_a_person(office: Office) -> None:
    closed_over(office, "And my other withdrawal?", after=CLOSING + timedelta(seconds=1))
    assert ring(office) == "ignore"
    assert read_thread(1, office.helpdesk, office.ledger).ticket.state is TicketState.CLOSED


def test_a_ticket_that_we_left_open_and_a_person_closed_stays_closed(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    office.helpdesk.customer_writes_again("And my other withdrawal?")
    office.helpdesk.ticket_becomes(state=TicketState.CLOSED)
    assert ring(office) == "ignore"


def test_a_ticket_that_a_person_answered_and_closed_stays_closed(office: Office) -> None:
    closed_over(office, "And my other withdrawal?")
    office.helpdesk.colleague_answers()
    assert read_thread(1, office.helpdesk, office.ledger).ticket.state is TicketState.CLOSED
