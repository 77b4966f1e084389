"""A reply is out, and what it changes on its ticket comes late: Freshdesk refused that for a while, or whoever
delivered it died. What has happened on the ticket since then counts for more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.desk import Office
from worker.errors import Permanent, Retryable
from worker.models import Ring, Send, SendKind, TicketChange, TicketState
from worker.support.deliver import deliver
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
        lambda helpdesk: helpdesk.ticket_becomes(state=TicketState.RESOLVED),
        lambda helpdesk: helpdesk.ticket_becomes(assigned_to_person=True),
    ],
    ids=[
        "the customer wrote",
        "a colleague answered",
        "somebody closed it",
        "somebody resolved it",
        "somebody took it",
    ],
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


def test_where_only_the_thread_cannot_be_read_the_tags_are_set_all_the_same(office: Office) -> None:
    reply = a_reply_whose_change_was_refused(office)

    def refused(*_: object, **__: object) -> None:
        raise Permanent("GET tickets/{} answered 403", part="freshdesk", code=403)

    office.helpdesk.thread = refused  # type: ignore[method-assign]
    change = the_change_comes(office, reply)
    assert (change.state, change.add_tags) == (None, ("deskhand-sent",))


def test_a_ticket_that_was_resolved_before_we_answered_gets_its_status(office: Office) -> None:
    office.helpdesk.ticket_becomes(state=TicketState.RESOLVED)
    reply = a_reply_whose_change_was_refused(office)
    assert the_change_comes(office, reply).state is TicketState.PENDING


# ---- what comes at once, in the same delivery as the reply


def looks_while_delivering(office: Office, state: TicketState, meanwhile: Callable[[], None] = lambda: None) -> int:
    """How often the thread is read; `meanwhile`: what happens while the reply leaves."""
    office.desk = office.with_policy(state_after_reply=state)
    assert ring(office) == "send"
    looks: list[int] = []
    thread, reply = office.helpdesk.thread, office.helpdesk.reply
    office.helpdesk.thread = lambda *of, **how: (looks.append(1), thread(*of, **how))[1]  # type: ignore[method-assign]
    office.helpdesk.reply = lambda *of, **how: (reply(*of, **how), meanwhile())[0]  # type: ignore[method-assign]
    assert deliver_all(office) == ["done"]
    return len(looks)


def test_a_status_that_comes_at_once_costs_no_further_look(office: Office) -> None:
    assert looks_while_delivering(office, TicketState.PENDING) == 1
    assert office.helpdesk.changes[-1].state is TicketState.PENDING


def test_a_ticket_is_not_closed_over_what_the_customer_wrote_while_the_reply_left(office: Office) -> None:
    def writes() -> None:
        office.helpdesk.customer_writes_again("And how long does an IM withdrawal take to reach my bank?")

    assert looks_while_delivering(office, TicketState.CLOSED, writes) == 2
    assert office.helpdesk.changes[-1].state is None
    assert ring(office) in ("send", "hold")


def test_a_ticket_on_which_nobody_wrote_meanwhile_is_closed(office: Office) -> None:
    assert looks_while_delivering(office, TicketState.CLOSED) == 2
    assert office.helpdesk.changes[-1].state is TicketState.CLOSED
