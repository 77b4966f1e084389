"""What is read from Freshdesk, and how it turns into our words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

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
    an_account,
)
from tests.scripted_server import PATIENT, Answer, ScriptedServer, scripted_server
from worker.adapters.freshdesk.people import People
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Permanent, Retryable
from worker.models import Author, Channel, Message, Thread, TicketState
from worker.support.bodies import body_hash
from worker.support.gate import gate_facts

BIJU = 777  # a new colleague


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        yield scripted


def thread_of(server: ScriptedServer, **ticket: Any) -> Thread:
    server.on(TICKET, Answer(body=a_ticket(**ticket)))
    return a_desk(server).thread(42)


def only_reply(server: ScriptedServer, **conversation: Any) -> Message:
    return thread_of(server, conversations=[a_conversation(**conversation)]).messages[-1]


def test_a_ticket_comes_with_its_requester_and_its_first_message(server: ScriptedServer) -> None:
    thread = thread_of(server)
    assert thread.ticket.requester.email == "carol@example.com"
    assert thread.ticket.requester.phones == ("+91 98",)
    assert thread.ticket.tags == ("vip",)
    [first] = thread.messages
    assert (first.key, first.author, first.public, first.text) == (
        "ticket",
        Author.CUSTOMER,
        True,
        "Where are my units?",
    )
    assert server.seen(TICKET)[0].query == {"include": "conversations"}
    assert server.seen(TICKET)[0].user == "k3y-that-nobody-may-see:X"


def test_an_emoji_that_was_cut_in_two_leaves_text_that_everything_can_read(server: ScriptedServer) -> None:
    half = "units \ud83d"
    requester = {"id": CAROL, "name": half, "email": "carol@example.com"}
    said = [a_conversation(1, body=f"<p>{half}</p>", body_text=half)]
    thread = thread_of(
        server,
        subject=half,
        requester=requester,
        tags=[half],
        custom_fields={"cf_note": half, "cf_more": {half: [half]}},
        conversations=said,
    )

    assert thread.ticket.subject == thread.ticket.requester.name == "units \ufffd"
    json.dumps(thread.model_dump(mode="json"), ensure_ascii=False).encode()


def test_a_short_thread_costs_one_call_once_we_know_the_account(server: ScriptedServer) -> None:
    server.on(TICKET, Answer(body=a_ticket(conversations=[a_conversation(n) for n in range(9)])))
    desk = a_desk(server)
    desk.thread(42)
    before = len(server.requests)
    assert len(desk.thread(42).messages) == 10
    assert len(server.requests) == before + 1


def test_a_long_thread_is_read_to_its_newest_message(server: ScriptedServer) -> None:
    rows = [a_conversation(n) for n in range(1, 131)]
    server.on(TICKET, Answer(body=a_ticket(conversations=rows[:10])))
    server.on(f"{CONVERSATIONS}?page=1&per_page=100", Answer(body=rows[:100]))  # full, though without a Link header
    server.on(f"{CONVERSATIONS}?page=2&per_page=100", Answer(body=rows[100:]))
    thread = a_desk(server).thread(42)
    assert [m.key for m in thread.messages] == ["ticket", *(f"c{n}" for n in range(1, 131))]


def test_a_short_page_that_links_to_a_next_one_is_not_the_last(server: ScriptedServer) -> None:
    rows = [a_conversation(n) for n in range(1, 41)]
    link = {"Link": f'<{server.url}/api/v2/tickets/42/conversations?page=2>; rel="next"'}
    server.on(TICKET, Answer(body=a_ticket(conversations=rows[:10])))
    server.on(CONVERSATIONS, Answer(body=rows[:30], headers=link), Answer(body=rows[30:]))
    assert len(a_desk(server).thread(42).messages) == 41


def test_messages_are_in_the_order_of_time_whatever_their_offset(server: ScriptedServer) -> None:
    late = a_conversation(1, created_at="2026-03-01T18:30:00+05:30")  # 13:00 UTC
    early = a_conversation(2, created_at="2026-03-01T12:00:00Z")
    same_second_as_the_ticket = a_conversation(3, created_at="2026-03-01T10:00:00Z")
    thread = thread_of(server, conversations=[late, early, same_second_as_the_ticket])
    assert [m.key for m in thread.messages] == ["ticket", "c3", "c2", "c1"]
    assert thread.messages[-1].at.isoformat() == "2026-03-01T13:00:00+00:00"


@pytest.mark.parametrize(
    ("conversation", "author"),
    [
        ({"incoming": True, "user_id": CAROL}, Author.CUSTOMER),
        ({"incoming": True, "user_id": None}, Author.CUSTOMER),
        ({"incoming": False, "user_id": ME}, Author.DESKHAND),
        ({"incoming": True, "user_id": ME}, Author.DESKHAND),
        ({"incoming": False, "user_id": ALICE}, Author.PERSON),
        ({"incoming": True, "user_id": ALICE}, Author.PERSON),
        ({"incoming": False, "user_id": 999}, Author.PERSON),
        ({"incoming": False, "user_id": None}, Author.SYSTEM),
        ({"incoming": True, "user_id": 999, "private": True}, Author.SYSTEM),
    ],
)
def test_who_wrote_follows_from_direction_and_user(
    server: ScriptedServer, conversation: dict[str, Any], author: Author
) -> None:
    assert only_reply(server, **conversation).author is author


@pytest.mark.parametrize("incoming", [True, False])
@pytest.mark.parametrize("user", [CAROL, ALICE, None])
def test_a_survey_is_neither_the_customers_message_nor_anybodys_answer(
    server: ScriptedServer, incoming: bool, user: int | None
) -> None:
    said = a_conversation(source=6, incoming=incoming, user_id=user, body_text="Extremely unhappy")
    thread = thread_of(server, conversations=[said])
    assert (thread.messages[-1].author, thread.messages[-1].public) == (Author.SYSTEM, False)
    assert thread.newest_from_customer is thread.messages[0]


@pytest.mark.parametrize("kind", [2, 3])
def test_what_a_child_or_tracker_is_about_was_written_by_an_agent_and_what_a_customer_adds_by_a_customer(
    server: ScriptedServer, kind: int
) -> None:
    task = thread_of(server, association_type=kind, conversations=[a_conversation(1)])
    assert [m.author for m in task.messages] == [Author.PERSON, Author.CUSTOMER]
    facts = gate_facts(task, task.messages[1], "words", replies_on_ticket=0, replies_to_requester_today=0)
    assert facts["requester_is_agent"] is False
    assert thread_of(server, association_type=kind).newest_from_customer is None


@pytest.mark.parametrize("kind", [None, 1, 4])
def test_a_parent_and_what_hangs_on_a_tracker_are_the_customers_own(server: ScriptedServer, kind: int | None) -> None:
    assert thread_of(server, association_type=kind).messages[0].author is Author.CUSTOMER


def test_a_forwarded_mail_is_never_public(server: ScriptedServer) -> None:
    assert not only_reply(server, source=8, private=False, incoming=False, user_id=ALICE).public


@pytest.mark.parametrize(
    ("ticket", "author"),
    [
        ({"source": 10}, Author.PERSON),
        ({"requester_id": ALICE, "requester": {"id": ALICE, "email": "alice@acme.example"}}, Author.PERSON),
        ({"requester_id": ME, "requester": {"id": ME, "email": "bot@acme.example"}}, Author.DESKHAND),
    ],
)
def test_a_ticket_opened_from_our_side_has_no_customer_message(
    server: ScriptedServer, ticket: dict[str, Any], author: Author
) -> None:
    thread = thread_of(server, **ticket)
    assert thread.messages[0].author is author
    assert thread.newest_from_customer is None


def test_a_key_that_may_not_list_agents_still_reads_threads(server: ScriptedServer) -> None:
    desk = a_desk(server)
    server.on("GET /api/v2/agents", Answer(403, {"code": "access_denied"}))
    server.on(TICKET, Answer(body=a_ticket()))
    assert desk.thread(42).messages[0].author is Author.CUSTOMER


def test_nobody_is_taken_for_a_customer_while_the_agents_could_not_be_asked(server: ScriptedServer) -> None:
    desk, now = a_desk(server), Answer(body=[{"id": ALICE}])
    server.on("GET /api/v2/agents", Answer(503, b""), now)
    server.on(TICKET, Answer(body=a_ticket(conversations=[a_conversation(incoming=True, user_id=ALICE)])))

    with pytest.raises(Retryable):
        desk.thread(42)

    assert desk.thread(42).messages[-1].author is Author.PERSON


def test_a_list_of_agents_that_was_read_once_serves_while_it_cannot_be_read_again(server: ScriptedServer) -> None:
    an_account(server)
    clock = [1000.0]
    people = People(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=lambda: clock[0])
    assert people.is_agent(ALICE)

    for answer in (Answer(503, b""), Answer(403, {"code": "access_denied"})):
        server.on("GET /api/v2/agents", answer)
        clock[0] += 4000

        assert people.is_agent(ALICE)


def test_nobody_waits_for_a_newer_list_of_agents_while_there_is_one_to_go_by(server: ScriptedServer) -> None:
    an_account(server)
    clock = [1000.0]
    wire = Wire(server.url + "/", SecretStr(KEY), timeout=5.0)
    people, pages = People(wire, clock=lambda: clock[0]), wire.pages
    assert people.is_agent(ALICE)
    me, asked, answered = people.me(), Event(), Event()

    def slow(*of: Any, **query: Any) -> Iterator[Any]:
        asked.set()
        assert answered.wait(PATIENT)
        return pages(*of, **query)

    wire.pages = slow  # type: ignore[method-assign]
    clock[0] += 4000
    with ThreadPoolExecutor(1) as reader:
        newer = reader.submit(people.is_agent, ALICE)
        assert asked.wait(PATIENT)
        assert people.is_agent(ALICE)
        assert people.me() == me
        assert not newer.done()
        answered.set()
        assert newer.result(PATIENT)


def test_a_list_of_agents_that_is_older_than_that_is_waited_for(server: ScriptedServer) -> None:
    an_account(server)
    clock = [1000.0]
    people = People(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=lambda: clock[0])
    assert not people.is_agent(BIJU)
    clock[0] += 14 * 3600
    server.on("GET /api/v2/agents", Answer(body=[{"id": ALICE}, {"id": BIJU}]))
    with people._lock, ThreadPoolExecutor(1) as other:
        late = other.submit(people.is_agent, BIJU)
        with pytest.raises(TimeoutError):
            late.result(0.1)
        people._lock.release()
        assert late.result(PATIENT)
        people._lock.acquire()


def test_a_requester_without_address_is_looked_up_among_the_contacts(server: ScriptedServer) -> None:
    server.on(CONTACT, Answer(body={"id": CAROL, "name": "Carol", "email": "c@example.com", "mobile": "98"}))
    ticket = thread_of(server, requester=None).ticket
    assert (ticket.requester.email, ticket.requester.phones) == ("c@example.com", ("98",))


def test_a_requester_who_is_no_contact_stays_without_address(server: ScriptedServer) -> None:
    server.on(CONTACT, Answer(404, b""))
    requester = thread_of(server, requester=None).ticket.requester
    assert (requester.requester_id, requester.email) == (CAROL, "")


def test_text_is_taken_from_the_html_where_freshdesk_gives_none(server: ScriptedServer) -> None:
    assert only_reply(server, body="<p>One</p><p>two &amp; three</p>", body_text=None).text == "One two & three"


def test_numbers_that_freshdesk_invents_and_nulls_are_survived(server: ScriptedServer) -> None:
    nothing = dict.fromkeys(("subject", "description", "description_text", "tags", "custom_fields", "spam"))
    ticket = thread_of(server, status=17, source=99, priority=12, conversations=None, **nothing).ticket
    assert (ticket.state, ticket.channel, ticket.priority) == (TicketState.OTHER, Channel.OTHER, 1)
    assert (ticket.subject, ticket.tags, ticket.custom_fields, ticket.spam) == ("", (), {}, False)


def test_nulls_in_lists_are_left_out(server: ScriptedServer) -> None:
    server.on(TICKET, Answer(body=a_ticket(tags=[None, "vip"])))
    server.on(CONTACT, Answer(body={"id": CAROL, "other_emails": ["d@example.com", None]}))
    desk = a_desk(server)
    contact = desk.contact(CAROL)
    assert desk.thread(42).ticket.tags == ("vip",)
    assert contact is not None
    assert contact.other_emails == ("d@example.com",)


def test_deleted_spam_and_assignment_are_told(server: ScriptedServer) -> None:
    ticket = thread_of(server, deleted=True, spam=True, responder_id=ALICE).ticket
    assert (ticket.deleted, ticket.spam, ticket.assigned_to_person) == (True, True, True)


def test_a_ticket_assigned_to_ourselves_is_not_with_a_person(server: ScriptedServer) -> None:
    assert not thread_of(server, responder_id=ME).ticket.assigned_to_person


@pytest.mark.parametrize(
    ("status", "note", "merged"),
    [
        (5, "This ticket is closed and merged into ticket 77", True),
        (2, "This ticket is closed and merged into ticket 77", False),
        (5, "Ticket 77 was merged into this ticket 42", False),
        (5, "Customer 77 was called", False),
    ],
)
def test_a_closed_ticket_that_points_to_another_one_is_merged(
    server: ScriptedServer, status: int, note: str, merged: bool
) -> None:
    entry = a_conversation(1, body_text=note, incoming=False, private=True, source=2, user_id=ALICE)
    assert thread_of(server, status=status, conversations=[entry]).ticket.merged is merged


def test_there_is_no_thread_of_an_unknown_ticket(server: ScriptedServer) -> None:
    server.on(TICKET, Answer(404, b""))
    with pytest.raises(Permanent) as caught:
        a_desk(server).thread(42)
    assert caught.value.code == 404


def test_a_contact_has_its_other_addresses_and_a_deleted_one_is_none(server: ScriptedServer) -> None:
    contact = {"id": CAROL, "email": "c@example.com", "other_emails": ["d@example.com"], "phone": "1", "mobile": None}
    server.on(CONTACT, Answer(body=contact), Answer(body={**contact, "deleted": True}), Answer(405, b""))
    found, deleted, out_of_reach = (a_desk(server).contact(CAROL) for _ in range(3))
    assert found is not None
    assert (found.email, found.other_emails, found.phones) == ("c@example.com", ("d@example.com",), ("1",))
    assert (deleted, out_of_reach) == (None, None)


def test_earlier_tickets_leave_out_the_one_at_hand_and_reach_back_for_years(server: ScriptedServer) -> None:
    rows = [{"id": n, "custom_fields": {"cf_customer": n}, "updated_at": "2020-01-01T00:00:00Z"} for n in (42, 41, 3)]
    server.on(LISTING, Answer(body=rows))
    assert a_desk(server).earlier_tickets(CAROL, before=42) == [{"cf_customer": 41}, {"cf_customer": 3}]
    query = server.seen(LISTING)[0].query
    assert query["requester_id"] == str(CAROL)
    assert query["updated_since"] < "2011"
    assert (query["order_by"], query["order_type"]) == ("created_at", "desc")


SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = "<p>Your units are <b>there</b>.</p>"


@pytest.mark.parametrize(
    ("conversation", "found"),
    [
        ({}, True),
        ({"body": "<div><p>Your units are\n there.</p></div>"}, True),
        ({"created_at": "2026-03-01T11:58:30Z"}, True),
        ({"created_at": "2026-03-01T11:57:30Z"}, False),
        ({"user_id": ALICE}, False),
        ({"user_id": None}, True),
        ({"user_id": None, "created_at": "2026-03-01T11:57:30Z"}, False),
        ({"user_id": None, "incoming": True}, False),
        ({"private": True}, False),
        ({"body": "<p>Your units are here.</p>"}, False),
    ],
)
def test_our_own_reply_is_recognised_by_author_time_and_words(
    server: ScriptedServer, conversation: dict[str, Any], found: bool
) -> None:
    ours = {"incoming": False, "user_id": ME, "body": BODY, "created_at": "2026-03-01T12:00:05Z", **conversation}
    server.on(CONVERSATIONS, Answer(body=[a_conversation(1), a_conversation(2, **ours)]))
    posted = a_desk(server).find(42, body_hash(BODY), since=SINCE, public=True)
    assert (posted.remote_id if posted else None) == ("2" if found else None)


def test_our_own_note_is_found_among_the_private_entries(server: ScriptedServer) -> None:
    note = a_conversation(5, incoming=False, user_id=ME, private=True, body=BODY, created_at="2026-03-01T12:00:05Z")
    server.on(CONVERSATIONS, Answer(body=[note]))
    posted = a_desk(server).find(42, body_hash(BODY), since=SINCE, public=False)
    assert posted is not None
    assert posted.at == SINCE + timedelta(seconds=5)


def test_ping_says_who_we_are(server: ScriptedServer) -> None:
    assert a_desk(server).ping() == "agent 7, Deskhand"


def test_limits_are_read_also_where_they_come_as_decimals(server: ScriptedServer) -> None:
    headers = {"X-RateLimit-Total": "700.0", "X-RateLimit-Remaining": "12.5", "X-RateLimit-Used-CurrentRequest": "?"}
    desk = a_desk(server)
    server.on("GET /api/v2/agents/me", Answer(body={"id": ME}, headers=headers))
    desk.ping()
    assert (desk.limits.total, desk.limits.remaining, desk.limits.used) == (700.0, 12.5, None)
