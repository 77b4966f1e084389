"""When a thread's messages need not be read again, whose contact is kept, and that neither ever hides anything."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

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
    ME,
    TICKET,
    a_conversation,
    a_desk,
    a_ticket,
)
from tests.scripted_server import Answer, ScriptedServer, scripted_server
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk import contacts as contacts_module
from worker.adapters.freshdesk.contacts import FRESH_SECONDS, Contacts
from worker.adapters.freshdesk.shapes import ContactShape, ConversationShape, TicketShape
from worker.adapters.freshdesk.since import Since
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Retryable
from worker.models import Thread, TicketState

OPENED = "2026-03-01T10:00:00Z"
NEW = {"created_at": OPENED, "updated_at": OPENED}
A_MINUTE_LATER = "Sun, 01 Mar 2026 10:01:00 GMT"
WRITTEN = "2026-03-01T11:00:00Z"
MUCH_LATER = "Sun, 01 Mar 2026 11:10:00 GMT"
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


def believing(server: ScriptedServer) -> FreshdeskHelpdesk:
    """A desk that has seen three tickets move with their customers' second messages."""
    desk = a_desk(server)
    for _ in range(3):
        moves(server, desk, at=WRITTEN)
    asked_of(server)
    return desk


def moves(
    server: ScriptedServer, desk: FreshdeskHelpdesk, *, at: str, updated_at: str | None = None, **fields: Any
) -> None:
    """The ticket is read, a second message comes at `at`, by whoever `fields` says, and it is read again."""
    server.on(TICKET, Answer(body=a_ticket(**NEW), headers={"Date": A_MINUTE_LATER}))
    desk.thread(42)
    said = a_conversation(1, created_at=at, **fields)
    moved = a_ticket(created_at=OPENED, updated_at=updated_at or at, conversations=[said])
    server.on(TICKET, Answer(body=moved, headers={"Date": MUCH_LATER}))
    desk.thread(42)


def known(server: ScriptedServer, date: str = A_MINUTE_LATER) -> Thread:
    server.on(TICKET, answers(date, **NEW))
    server.on(CONVERSATIONS, Answer(body=[]))
    thread = a_desk(server).thread(42, first=True)
    server.requests.clear()
    return thread


def test_of_a_ticket_on_which_nothing_happened_since_it_was_opened_no_messages_are_asked_for(
    server: ScriptedServer,
) -> None:
    desk = believing(server)
    server.on(TICKET, answers(**NEW))
    thread = desk.thread(42, first=True)
    assert asked_of(server) == [TICKET, CONTACT]
    assert [m.key for m in thread.messages] == ["ticket"]
    assert thread.ticket.requester.email == "carol@example.com"
    assert thread.read_at is not None
    assert timedelta(0) <= datetime(2026, 3, 1, 10, 1, tzinfo=UTC) - thread.read_at < timedelta(seconds=30)


def test_a_ticket_that_is_new_to_us_and_was_written_on_is_read_with_its_messages(server: ScriptedServer) -> None:
    desk = believing(server)
    server.on(TICKET, answers(updated_at="2026-03-01T11:00:01Z"))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1)]))
    thread = desk.thread(42, first=True)
    assert asked_of(server) == [TICKET, CONVERSATIONS, CONTACT]
    assert [m.key for m in thread.messages] == ["ticket", "c1"]


def test_whoever_was_rung_for_a_ticket_that_is_known_reads_its_messages_whatever_it_says(
    server: ScriptedServer,
) -> None:
    desk = believing(server)
    server.on(TICKET, answers(**NEW))
    desk.thread(42)
    assert server.seen(TICKET)[0].query == {"include": "conversations"}


def test_a_second_look_at_a_ticket_on_which_nothing_happened_costs_one_credit(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    now = desk.thread(42, known=before)
    assert asked_of(server) == [TICKET]
    assert (now.messages, now.ticket) == (before.messages, before.ticket)


def test_a_second_look_sees_what_became_of_the_ticket_itself(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    server.on(TICKET, answers(**NEW, status=5, spam=True, responder_id=ALICE, tags=["new"]))
    ticket = desk.thread(42, known=before).ticket
    assert (ticket.state, ticket.spam, ticket.assigned_to_person) == (TicketState.CLOSED, True, True)
    assert ticket.tags == ("new",)


def test_a_second_look_reads_what_was_written_since(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    server.on(TICKET, answers(created_at=OPENED, updated_at="2026-03-01T11:00:01Z"))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1)]))
    now = desk.thread(42, known=before)
    assert asked_of(server) == [TICKET, CONVERSATIONS]
    assert [m.key for m in now.messages] == ["ticket", "c1"]


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 10:00:00 GMT", "Sun, 01 Mar 2026 10:00:01 GMT", ""])
def test_what_was_read_within_the_second_of_the_last_change_or_at_an_unknown_time_is_read_again(
    server: ScriptedServer, date: str
) -> None:
    """A message of the same second would not show in the ticket's time."""
    desk, before = believing(server), known(server, date)
    desk.thread(42, known=before)
    assert asked_of(server) == [TICKET, CONVERSATIONS]


def test_an_account_whose_tickets_do_not_move_with_their_messages_is_always_read_as_a_whole(
    server: ScriptedServer,
) -> None:
    desk, before = believing(server), known(server)
    server.on(TICKET, Answer(body=a_ticket(**NEW, conversations=[a_conversation(1)])))
    with capture_logs() as logs:
        desk.thread(42)
    assert [said["event"] for said in logs] == ["updated_at_stood_still"]
    assert [len(desk.thread(42, known=before).messages), len(desk.thread(42, first=True).messages)] == [2, 2]


def wholly(server: ScriptedServer, desk: FreshdeskHelpdesk, before: Thread) -> list[bool]:
    """Of a first look and of a second one at a ticket on which nothing happened: whether the messages were read."""
    whole = []
    for how in ({"first": True}, {"known": before}):
        asked_of(server)
        server.on(TICKET, answers(**NEW))
        desk.thread(42, **how)  # type: ignore[arg-type]
        whole.append(any(r.query or r.path.endswith("conversations") for r in server.requests if "42" in r.path))
    return whole


def test_nothing_is_believed_before_three_tickets_were_seen_to_move(server: ScriptedServer) -> None:
    before, desk = known(server), a_desk(server)
    for _ in range(3):
        assert wholly(server, desk, before) == [True, True]
        moves(server, desk, at=WRITTEN)
    assert wholly(server, desk, before) == [False, False]


@pytest.mark.parametrize(
    "how",
    [
        {"user_id": ME, "incoming": False},  # we change the ticket right after it
        {"updated_at": "2026-03-01T11:09:00Z"},  # by something else, maybe, long after the message
        {"at": "2026-03-01T09:00:00Z", "updated_at": WRITTEN},  # the message was there, and only showed late
    ],
)
def test_what_may_have_moved_for_another_reason_is_no_evidence(server: ScriptedServer, how: dict[str, Any]) -> None:
    before, desk = known(server), a_desk(server)
    for _ in range(4):
        moves(server, desk, **({"at": WRITTEN} | how))
    assert wholly(server, desk, before) == [True, True]


def test_a_ticket_that_was_changed_otherwise_at_the_time_of_a_message_is_no_evidence() -> None:
    for ours in (True, False):
        clock = [0.0]
        since = Since(partial(clock.__getitem__, 0))
        for number in range(4):
            a_look(since, number, 0)
            if ours:
                since.changed(number, None, None, None)
            clock[0] += 60.0
            a_look(since, number, 61, said=60 if not ours else 3, status=2 if ours else 3)
        assert not since.trusted


def test_what_follows_our_own_change_of_a_ticket_by_far_is_evidence() -> None:
    clock = [0.0]
    since = Since(partial(clock.__getitem__, 0))
    for number in range(3):
        a_look(since, number, 0)
        since.changed(number, 3, None, None)
        clock[0] += 60.0
        a_look(since, number, 60, said=50, status=3)
    assert since.trusted


def a_look(since: Since, ticket: int, at: int, *, said: int | None = None, status: int = 2) -> None:
    opened = datetime(2026, 3, 1, 10, tzinfo=UTC)
    start = opened + timedelta(hours=1)
    moved = opened if said is None else start + timedelta(seconds=said)
    shape = TicketShape(id=ticket, status=status, created_at=opened, updated_at=moved)
    messages = [] if said is None else [ConversationShape(id=1, incoming=True, user_id=CAROL, created_at=moved)]
    since.saw(shape, messages, start + timedelta(seconds=at), ME, apart=False)


def test_one_ticket_that_stood_still_ends_it_for_good(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    with capture_logs() as logs:
        moves(server, desk, at=WRITTEN, updated_at=OPENED)
        for _ in range(4):
            moves(server, desk, at=WRITTEN)
        moves(server, desk, at=WRITTEN, updated_at=OPENED)
    assert [said["event"] for said in logs] == ["updated_at_stood_still"]
    assert wholly(server, desk, before) == [True, True]


def test_each_twentieth_look_reads_the_messages_anyhow(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    looks = [whole for _ in range(20) for whole in wholly(server, desk, before)]
    assert [number for number, whole in enumerate(looks, start=1) if whole] == [20, 40]


def test_a_message_that_came_between_the_ticket_and_its_messages_is_nothing_against_it(server: ScriptedServer) -> None:
    desk, before = believing(server), known(server)
    server.on(TICKET, answers("Sun, 01 Mar 2026 12:00:00 GMT", created_at=OPENED, updated_at=WRITTEN))
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1, created_at="2026-03-01T12:00:01Z")]))
    assert len(desk.thread(42, known=before).messages) == 2
    server.on(CONVERSATIONS, Answer(body=[]))
    assert wholly(server, desk, before) == [False, False]


def test_both_looks_give_the_same_thread_also_of_more_messages_than_a_ticket_includes(server: ScriptedServer) -> None:
    said = [a_conversation(n, created_at=f"2026-03-01T11:00:{n:02}Z") for n in range(1, 13)]
    body = a_ticket(created_at=OPENED, updated_at="2026-03-01T11:00:12Z", conversations=said[:10])
    server.on(CONVERSATIONS, Answer(body=said))
    server.on(TICKET, Answer(body=body, headers={"Date": MUCH_LATER}))
    whole = a_desk(server).thread(42)
    assert [m.key for m in whole.messages][-1] == "c12"
    desk = believing(server)
    server.on(TICKET, answers(MUCH_LATER, **{k: v for k, v in body.items() if k != "conversations"}))
    spared = desk.thread(42, known=whole)
    assert asked_of(server) == [TICKET]
    assert (spared.messages, spared.ticket.state) == (whole.messages, whole.ticket.state)


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


@pytest.mark.parametrize(
    "next_one", [CAROL + 1, CAROL + 2], ids=["somebody whom we know", "somebody who cannot be read"]
)
def test_whose_time_is_over_is_forgotten_when_the_next_one_writes(server: ScriptedServer, next_one: int) -> None:
    clock = [1000.0]
    contacts = Contacts(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=lambda: clock[0])
    carol = weakref.ref(contacts.get(CAROL))
    clock[0] += FRESH_SECONDS - 1
    server.on(f"GET /api/v2/contacts/{CAROL + 1}", Answer(body=CAROLS | {"id": CAROL + 1}))
    server.on(f"GET /api/v2/contacts/{CAROL + 2}", Answer(500, b""))
    contacts.get(CAROL + 1)
    assert carol() is not None
    clock[0] += 1
    with suppress(Retryable):
        contacts.get(next_one)
    assert carol() is None


def test_of_many_contacts_those_read_last_are_kept(server: ScriptedServer, monkeypatch) -> None:
    monkeypatch.setattr(contacts_module, "_MANY", 2)
    clock = [1000.0]
    contacts = Contacts(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=lambda: clock[0])
    paths = {who: f"GET /api/v2/contacts/{who}" for who in (1, 2, 3)}
    for who, path in paths.items():
        server.on(path, Answer(body=CAROLS | {"id": who}))
        contacts.get(who)
        clock[0] += 1
    for who in (2, 3, 1):
        assert contacts.get(who) is not None
    assert [len(server.seen(path)) for path in paths.values()] == [2, 1, 1]


def test_an_answer_that_took_longer_does_not_replace_what_was_asked_for_after_it() -> None:
    clock = [1000.0]
    corrected = ContactShape(id=CAROL, email="carol@new.example")

    class Desk:
        """A colleague corrects the address and another thread reads it while the first answer is on its way."""

        def get(self, *_: object) -> ContactShape:
            if clock[0] > 1000:
                return corrected
            clock[0] += 30
            assert contacts.get(CAROL) is corrected
            return ContactShape(id=CAROL, email="carol@example.com")

    contacts = Contacts(cast("Wire", Desk()), clock=lambda: clock[0])
    contacts.get(CAROL)
    assert contacts.get(CAROL) is corrected


@pytest.mark.parametrize(("known_since", "asked"), [("2026-03-01T09:59:58Z", 0), ("2026-02-01T10:00:00Z", 1)])
def test_whoever_became_known_with_this_ticket_has_no_earlier_ones(
    server: ScriptedServer, known_since: str, asked: int
) -> None:
    server.on(CONTACT, Answer(body={**CAROLS, "created_at": known_since}))
    server.on(LISTING, Answer(body=[]))
    opened = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert a_desk(server).earlier_tickets(CAROL, before=42, opened=opened) == []
    assert len(server.seen(LISTING)) == asked
