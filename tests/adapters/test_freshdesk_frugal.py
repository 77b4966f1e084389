"""When a thread's messages need not be read again, whose contact is kept, and that neither ever hides anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.adapters.freshdesk_json import (
    ALICE,
    CAROL,
    CONTACT,
    CONVERSATIONS,
    KEY,
    LISTING,
    TICKET,
    a_conversation,
    a_desk,
    a_ticket,
)
from tests.scripted_server import Answer, ScriptedServer, scripted_server
from worker.adapters.freshdesk.contacts import FRESH_SECONDS, Contacts
from worker.adapters.freshdesk.wire import Wire
from worker.models import Thread, TicketState

OPENED = "2026-03-01T10:00:00Z"
NEW = {"created_at": OPENED, "updated_at": OPENED}
A_MINUTE_LATER = "Sun, 01 Mar 2026 10:01:00 GMT"
CAROLS = {"id": CAROL, "name": "Carol", "email": "carol@example.com"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        scripted.on(CONTACT, Answer(body=CAROLS))
        yield scripted


def answers(date: str = A_MINUTE_LATER, **fields: Any) -> Answer:
    """Without includes Freshdesk says neither who the requester is nor what was written."""
    body = {name: value for name, value in a_ticket(**fields).items() if name not in ("requester", "conversations")}
    return Answer(body=body, headers={"Date": date})


def asked_of(server: ScriptedServer) -> list[str]:
    """Since the last time, without what is asked about the account."""
    paths = [f"{seen.method} {seen.path}" for seen in server.requests if "/agents" not in seen.path]
    server.requests.clear()
    return paths


def known(server: ScriptedServer, date: str = A_MINUTE_LATER) -> Thread:
    server.on(TICKET, answers(date, **NEW))
    server.on(CONVERSATIONS, Answer(body=[]))
    thread = a_desk(server).thread(42, first=True)
    server.requests.clear()
    return thread


def test_of_a_ticket_on_which_nothing_happened_since_it_was_opened_no_messages_are_asked_for(
    server: ScriptedServer,
) -> None:
    server.on(TICKET, answers(**NEW))
    thread = a_desk(server).thread(42, first=True)
    assert asked_of(server) == [TICKET, CONTACT]
    assert [m.key for m in thread.messages] == ["ticket"]
    assert thread.ticket.requester.email == "carol@example.com"
    assert thread.read_at is not None
    assert timedelta(0) <= datetime(2026, 3, 1, 10, 1, tzinfo=UTC) - thread.read_at < timedelta(seconds=30)


def test_a_ticket_that_is_new_to_us_and_was_written_on_is_read_with_its_messages(server: ScriptedServer) -> None:
    server.on(TICKET, answers(updated_at="2026-03-01T11:00:01Z"))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1)]))
    thread = a_desk(server).thread(42, first=True)
    assert asked_of(server) == [TICKET, CONVERSATIONS, CONTACT]
    assert [m.key for m in thread.messages] == ["ticket", "c1"]


def test_whoever_was_rung_for_a_ticket_that_is_known_reads_its_messages_whatever_it_says(
    server: ScriptedServer,
) -> None:
    server.on(TICKET, answers(**NEW))
    a_desk(server).thread(42)
    assert server.seen(TICKET)[0].query == {"include": "conversations"}


def test_a_second_look_at_a_ticket_on_which_nothing_happened_costs_one_credit(server: ScriptedServer) -> None:
    before = known(server)
    now = a_desk(server).thread(42, known=before)
    assert asked_of(server) == [TICKET]
    assert server.seen(TICKET) == []
    assert (now.messages, now.ticket) == (before.messages, before.ticket)


def test_a_second_look_sees_what_became_of_the_ticket_itself(server: ScriptedServer) -> None:
    before = known(server)
    server.on(TICKET, answers(**NEW, status=5, spam=True, responder_id=ALICE, tags=["new"]))
    ticket = a_desk(server).thread(42, known=before).ticket
    assert (ticket.state, ticket.spam, ticket.assigned_to_person) == (TicketState.CLOSED, True, True)
    assert ticket.tags == ("new",)


def test_a_second_look_reads_what_was_written_since(server: ScriptedServer) -> None:
    before = known(server)
    server.on(TICKET, answers(created_at=OPENED, updated_at="2026-03-01T11:00:01Z"))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1)]))
    now = a_desk(server).thread(42, known=before)
    assert asked_of(server) == [TICKET, CONVERSATIONS]
    assert [m.key for m in now.messages] == ["ticket", "c1"]


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 10:00:00 GMT", "Sun, 01 Mar 2026 10:00:01 GMT", ""])
def test_what_was_read_within_the_second_of_the_last_change_or_at_an_unknown_time_is_read_again(
    server: ScriptedServer, date: str
) -> None:
    """A message of the same second would not show in the ticket's time."""
    before = known(server, date)
    a_desk(server).thread(42, known=before)
    assert asked_of(server) == [TICKET, CONVERSATIONS]


def test_an_account_whose_tickets_do_not_move_with_their_messages_is_always_read_as_a_whole(
    server: ScriptedServer,
) -> None:
    before = known(server)
    desk = a_desk(server)
    server.on(TICKET, Answer(body=a_ticket(**NEW, conversations=[a_conversation(1)])))
    with capture_logs() as logs:
        desk.thread(42)
    assert [said["event"] for said in logs] == ["updated_at_stood_still"]
    server.on(TICKET, answers(**NEW))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1)]))
    assert [len(desk.thread(42, known=before).messages), len(desk.thread(42, first=True).messages)] == [2, 2]


def test_a_requester_who_is_an_agent_or_no_contact_that_we_may_see_is_found_elsewhere(server: ScriptedServer) -> None:
    desk = a_desk(server)
    server.on("GET /api/v2/agents", Answer(body=[{"id": ALICE, "contact": {"email": "alice@acme.example"}}]))
    server.on(TICKET, answers(**NEW, requester_id=ALICE))
    assert desk.thread(42, first=True).ticket.requester.email == "alice@acme.example"
    server.on(CONTACT, Answer(403, {"code": "access_denied"}))
    server.on(TICKET, answers(**NEW), Answer(body=a_ticket()))
    assert desk.thread(42, first=True).ticket.requester.email == "carol@example.com"
    assert server.seen(TICKET)[-1].query == {"include": "requester"}


def test_a_contact_is_asked_for_once_in_a_while(server: ScriptedServer) -> None:
    clock = [1000.0]
    contacts = Contacts(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=lambda: clock[0])
    for seconds, looks in ((0.0, 1), (FRESH_SECONDS - 1, 1), (2.0, 2)):
        clock[0] += seconds
        assert contacts.get(CAROL) is not None
        assert len(server.seen(CONTACT)) == looks


@pytest.mark.parametrize(("known_since", "asked"), [("2026-03-01T09:59:58Z", 0), ("2026-02-01T10:00:00Z", 1)])
def test_whoever_became_known_with_this_ticket_has_no_earlier_ones(
    server: ScriptedServer, known_since: str, asked: int
) -> None:
    server.on(CONTACT, Answer(body={**CAROLS, "created_at": known_since}))
    server.on(LISTING, Answer(body=[]))
    opened = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert a_desk(server).earlier_tickets(CAROL, before=42, opened=opened) == []
    assert len(server.seen(LISTING)) == asked
