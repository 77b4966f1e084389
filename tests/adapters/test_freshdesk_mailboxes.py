"""Whoever wrote to one of the account's mailboxes is answered from it, and never for the price of a second reply."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.adapters.freshdesk_json import CONVERSATIONS, KEY, REPLY, TICKET, a_conversation, a_desk, a_ticket
from tests.scripted_server import CUT, PATIENT, Answer, ScriptedServer, scripted_server
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk.mailboxes import Mailboxes
from worker.adapters.freshdesk.wire import Wire
from worker.errors import InDoubt, Permanent, Retryable
from worker.models import Thread
from worker.uptime import uptime

MAILBOXES = "GET /api/v2/email_configs"
FIRST, OF_A_PRODUCT, SECOND, OFF, GONE = 41, 42, 43, 44, 99
SUPPORT, GRIEVANCE, LOANS = "support@acme.example", "grievance@acme.example", "loans@acme.example"
POSTED = Answer(201, {"id": 900, "created_at": "2026-03-01T12:00:00Z"})
DENIED = Answer(403, {"code": "access_denied", "message": "You are not authorized to perform this action."})


def a_mailbox(number: int, address: str, **fields: Any) -> dict[str, Any]:
    given = {"product_id": None, "to_email": f"box{number}@acme.freshdesk.com", "primary_role": False, "active": True}
    return given | {"id": number, "reply_email": address, "group_id": None} | fields


LIST = [
    a_mailbox(FIRST, SUPPORT, primary_role=True),
    a_mailbox(OF_A_PRODUCT, LOANS, primary_role=True, product_id=5),
    a_mailbox(SECOND, GRIEVANCE),
    a_mailbox(OFF, "old@acme.example", active=False),
]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        scripted.on(MAILBOXES, Answer(body=LIST))
        scripted.on(REPLY, POSTED)
        yield scripted


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(*fields: str) -> Answer:
    errors = [{"field": field, "message": "It is not one of ours", "code": "invalid_value"} for field in fields]
    return Answer(400, {"description": "Validation failed", "errors": errors})


def sent(server: ScriptedServer) -> list[Any]:
    return [request.json for request in server.seen(REPLY)]


def answered(server: ScriptedServer, mailbox: str) -> None:
    a_desk(server).reply(42, "<p>Hi</p>", not_after=uptime() + 60, mailbox=mailbox)


@pytest.mark.parametrize(
    ("written_to", "mailbox"),
    [(SECOND, GRIEVANCE), (OF_A_PRODUCT, LOANS), (FIRST, ""), (OFF, ""), (GONE, ""), (None, "")],
)
def test_a_ticket_knows_the_mailbox_it_came_to_where_that_is_not_the_accounts_own(
    server: ScriptedServer, written_to: int | None, mailbox: str
) -> None:
    server.on(TICKET, Answer(body=a_ticket(email_config_id=written_to)))
    assert a_desk(server).thread(42).ticket.mailbox == mailbox


def test_a_reply_leaves_from_the_tickets_mailbox(server: ScriptedServer) -> None:
    answered(server, GRIEVANCE)
    assert sent(server) == [{"body": "<p>Hi</p>", "from_email": GRIEVANCE}]


def test_the_mailboxes_are_asked_for_once_for_all_tickets_and_not_where_no_ticket_names_one(
    server: ScriptedServer,
) -> None:
    desk = a_desk(server)
    server.on(TICKET, Answer(body=a_ticket()))
    desk.thread(42)
    assert server.seen(MAILBOXES) == []
    server.on(TICKET, Answer(body=a_ticket(email_config_id=SECOND)))
    assert [desk.thread(42).ticket.mailbox for _ in range(3)] == [GRIEVANCE] * 3
    assert [seen.query for seen in server.seen(MAILBOXES)] == [{}]


def test_a_look_that_takes_the_messages_as_known_knows_the_mailbox_too(server: ScriptedServer) -> None:
    """A ticket may be moved to another mailbox while its draft waits for a lead."""
    desk = a_desk(server)
    desk._since._moved = 3
    opened = "2026-03-01T10:00:00Z"
    told = {"created_at": opened, "updated_at": opened}
    later = {"Date": "Sun, 01 Mar 2026 10:01:00 GMT"}
    server.on(TICKET, Answer(body=a_ticket(email_config_id=FIRST, **told), headers=later))
    before = desk.thread(42, first=True)
    server.on(TICKET, Answer(body=a_ticket(email_config_id=SECOND, **told), headers=later))
    assert (before.ticket.mailbox, desk.thread(42, known=before).ticket.mailbox) == ("", GRIEVANCE)
    assert server.seen(CONVERSATIONS) == []


@pytest.fixture
def desk(server: ScriptedServer, clock: Clock) -> FreshdeskHelpdesk:
    """Knows who it is and who the other agents are, and nothing of the mailboxes."""
    desk = a_desk(server)
    desk._mailboxes._clock = clock
    server.on(TICKET, Answer(body=a_ticket()))
    desk.thread(42)
    server.on(TICKET, Answer(body=a_ticket(email_config_id=SECOND)))
    server.requests.clear()
    return desk


def calls(server: ScriptedServer) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in server.requests]


def test_the_first_list_and_each_newer_one_is_read_before_the_last_look_and_not_between_it_and_the_reply(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock
) -> None:
    for _ in range(2):
        server.requests.clear()
        with desk.delivering(public=True):
            mailbox = desk.thread(42).ticket.mailbox
            desk.reply(42, "<p>Hi</p>", not_after=uptime() + 60, mailbox=mailbox)
        assert (mailbox, calls(server)) == (GRIEVANCE, [MAILBOXES, TICKET, REPLY])
        clock.now += 3600


def test_a_list_that_grows_old_during_a_delivery_is_not_read_before_the_next_one(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock
) -> None:
    with desk.delivering(public=True):
        clock.now += 3600
        assert desk.thread(42).ticket.mailbox == GRIEVANCE
    assert calls(server) == [MAILBOXES, TICKET]
    desk.thread(42)
    assert calls(server) == [MAILBOXES, TICKET, TICKET, MAILBOXES]


def test_where_the_first_list_cannot_be_had_only_a_ticket_with_a_mailbox_waits(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(MAILBOXES, Answer(503, b""))
    with desk.delivering(public=True), pytest.raises(Retryable):
        desk.thread(42)
    assert calls(server) == [MAILBOXES, TICKET]
    server.on(TICKET, Answer(body=a_ticket()))
    with desk.delivering(public=True):
        assert desk.thread(42).ticket.mailbox == ""


def test_a_delivery_that_needs_no_list_of_agents_does_not_wait_for_one(server: ScriptedServer) -> None:
    """Where the ticket tells that nothing was written, its messages are taken as known, and nobody is looked up."""
    told = {"created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:00:00Z"}
    later = {"Date": "Sun, 01 Mar 2026 10:01:00 GMT"}
    server.on(TICKET, Answer(body=a_ticket(**told), headers=later))
    before, desk = a_desk(server).thread(42, first=True), a_desk(server)
    desk._since._moved = 3
    server.on("GET /api/v2/agents", Answer(503, b""))
    with desk.delivering(public=True):
        assert desk.thread(42, known=before).messages == before.messages


def test_a_note_needs_no_mailbox(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    with desk.delivering(public=False):
        assert calls(server) == []


def test_whoever_only_looks_whether_a_ticket_is_as_it_was_needs_no_list_of_mailboxes(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    """A console may be started while the list cannot be had, and a lead wants to know what the customer wrote since."""
    before = a_desk(server).thread(42)
    server.on(MAILBOXES, Answer(503, b""))
    server.on(TICKET, Answer(body=a_ticket(email_config_id=SECOND, conversations=[a_conversation(2)])))
    with pytest.raises(Retryable):
        desk.thread(42)
    server.requests.clear()
    now = desk.thread(42, known=before)
    assert ([m.key for m in now.messages], now.ticket.mailbox) == (["ticket", "c2"], "")
    assert server.seen(MAILBOXES) == []


def test_what_freshdesk_does_not_send_from_is_posted_once_without_it(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(REPLY, refused("from_email"), POSTED)
    mailbox = desk.thread(42).ticket.mailbox
    with capture_logs() as logs:
        posted = desk.reply(42, "<p>Hi</p>", not_after=uptime() + 60, mailbox=mailbox)
    assert posted.remote_id == "900"
    assert sent(server) == [{"body": "<p>Hi</p>", "from_email": GRIEVANCE}, {"body": "<p>Hi</p>"}]
    assert [said["event"] for said in logs] == ["mailbox_refused"]


OK, NO = True, False


@pytest.mark.parametrize(
    ("replies", "then"),
    [
        ([(42, NO)], GRIEVANCE),
        ([(42, NO), (42, NO)], GRIEVANCE),
        ([(42, NO), (43, OK), (44, NO)], GRIEVANCE),
        ([(42, NO), (43, NO)], ""),
    ],
    ids=["one odd ticket", "twice the same", "others are sent from there", "another one too"],
)
def test_a_mailbox_that_is_refused_for_two_tickets_running_is_left_alone_until_the_next_list(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock, replies: list[tuple[int, bool]], then: str
) -> None:
    for ticket, taken in replies:
        server.on(f"POST /api/v2/tickets/{ticket}/reply", *([] if taken else [refused("from_email")]), POSTED)
        mailbox = desk.thread(42).ticket.mailbox
        assert mailbox == GRIEVANCE
        desk.reply(ticket, "<p>Hi</p>", not_after=uptime() + 60, mailbox=mailbox)
    assert desk.thread(42).ticket.mailbox == then
    clock.now += 3600
    assert desk.thread(42).ticket.mailbox == GRIEVANCE


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (refused("body"), Permanent),
        (refused("from_email", "body"), Permanent),
        (Answer(400, {"errors": [{"field": "from_email"}, {"code": "inconsistent_state"}]}), Permanent),
        (Answer(400, {"code": "invalid_json", "message": "from_email"}), Permanent),
        (Answer(403, refused("from_email").body), Permanent),
        (Answer(429, refused("from_email").body), Retryable),
        (Answer(500, refused("from_email").body), InDoubt),
        (Answer(201, refused("from_email").body), InDoubt),
        (CUT, InDoubt),
    ],
)
def test_any_other_trouble_with_a_reply_is_never_followed_by_another_one(
    server: ScriptedServer, answer: Answer, trouble: type[Exception]
) -> None:
    server.on(REPLY, answer, POSTED)
    with pytest.raises(trouble):
        answered(server, GRIEVANCE)
    assert len(server.seen(REPLY)) == 1


def test_a_reply_without_a_mailbox_is_posted_once_whatever_is_said_of_it(server: ScriptedServer) -> None:
    server.on(REPLY, refused("from_email"), POSTED)
    with pytest.raises(Permanent):
        answered(server, "")
    assert len(server.seen(REPLY)) == 1


@pytest.fixture
def mailboxes(server: ScriptedServer, clock: Clock) -> Mailboxes:
    return Mailboxes(Wire(server.url + "/", SecretStr(KEY), timeout=5.0), clock=clock)


def test_a_key_that_may_not_read_them_says_so_once_an_hour_and_stops_nothing(
    server: ScriptedServer, mailboxes: Mailboxes, clock: Clock
) -> None:
    server.on(MAILBOXES, DENIED)
    with capture_logs() as logs:
        assert [mailboxes.answers_from(SECOND) for _ in range(5)] == [""] * 5
        clock.now += 3599
        assert mailboxes.answers_from(SECOND) == ""
    assert [said["event"] for said in logs] == ["mailboxes_unreadable"]
    server.on(MAILBOXES, Answer(body=LIST))
    clock.now += 1
    assert mailboxes.answers_from(SECOND) == GRIEVANCE
    assert len(server.seen(MAILBOXES)) == 2


def test_tickets_wait_some_minutes_for_a_first_list_rather_than_be_answered_from_another_mailbox(
    server: ScriptedServer, mailboxes: Mailboxes, clock: Clock
) -> None:
    server.on(MAILBOXES, Answer(503, b""), Answer(503, b""), Answer(body=LIST))
    for _ in range(2):
        with pytest.raises(Retryable):
            mailboxes.answers_from(SECOND)
        clock.now += 200
    assert mailboxes.answers_from(SECOND) == GRIEVANCE


def test_a_list_that_cannot_be_had_for_longer_than_that_stops_nothing_and_is_asked_for_again(
    server: ScriptedServer, mailboxes: Mailboxes, clock: Clock
) -> None:
    server.on(MAILBOXES, Answer(503, b""))
    with pytest.raises(Retryable):
        mailboxes.answers_from(SECOND)
    clock.now += 300
    assert mailboxes.answers_from(SECOND) == ""
    server.on(MAILBOXES, Answer(body=LIST))
    clock.now += 300
    assert mailboxes.answers_from(SECOND) == GRIEVANCE


@pytest.mark.parametrize("trouble", [Answer(503, b""), DENIED])
def test_a_list_that_was_read_once_serves_while_it_cannot_be_read_again(
    server: ScriptedServer, mailboxes: Mailboxes, clock: Clock, trouble: Answer
) -> None:
    assert mailboxes.answers_from(SECOND) == GRIEVANCE
    server.on(MAILBOXES, trouble)
    clock.now += 4000
    assert mailboxes.answers_from(SECOND) == GRIEVANCE


def test_nobody_waits_for_a_newer_list_while_there_is_one_to_go_by(
    server: ScriptedServer, mailboxes: Mailboxes, clock: Clock
) -> None:
    assert mailboxes.answers_from(SECOND) == GRIEVANCE
    clock.now += 4000
    with ThreadPoolExecutor(1) as other, mailboxes._lock:  # as a thread holds it that reads
        assert other.submit(mailboxes.answers_from, SECOND).result(PATIENT) == GRIEVANCE
    assert len(server.seen(MAILBOXES)) == 1


def at_once(mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads find that a list is wanted before either of them asks for it."""
    stale, both, seen = mailboxes._stale, Barrier(2), local()

    def seen_by_both() -> bool:
        found = stale()
        if not hasattr(seen, "once"):
            seen.once = True
            both.wait(PATIENT)
        return found

    monkeypatch.setattr(mailboxes, "_stale", seen_by_both)


def test_of_two_who_need_the_first_list_at_once_one_asks_for_it(
    server: ScriptedServer, mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(mailboxes, monkeypatch)
    with ThreadPoolExecutor(2) as readers:
        assert set(readers.map(mailboxes.answers_from, [SECOND] * 2)) == {GRIEVANCE}
    assert len(server.seen(MAILBOXES)) == 1


def test_of_two_who_need_the_first_list_at_once_neither_waits_for_it_twice_where_it_cannot_be_had(
    server: ScriptedServer, mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on(MAILBOXES, Answer(503, b"", {"Retry-After": "7"}), Answer(body=LIST))
    at_once(mailboxes, monkeypatch)

    def asks(_: int) -> float | None:
        with pytest.raises(Retryable) as caught:
            mailboxes.answers_from(SECOND)
        return caught.value.after

    with ThreadPoolExecutor(2) as readers:
        assert list(readers.map(asks, range(2))) == [7.0] * 2
    assert len(server.seen(MAILBOXES)) == 1
    monkeypatch.undo()
    assert mailboxes.answers_from(SECOND) == GRIEVANCE, "whoever comes later tries again"


def test_all_pages_of_a_long_list_are_read(server: ScriptedServer, mailboxes: Mailboxes) -> None:
    many = [a_mailbox(number, f"box{number}@acme.example") for number in range(100, 135)]
    server.on(MAILBOXES, Answer(body=many[:30]))
    server.on(f"{MAILBOXES}?page=2", Answer(body=many[30:]))
    assert mailboxes.answers_from(134) == "box134@acme.example"


def test_a_thread_that_was_stored_before_mailboxes_were_known_can_still_be_read(server: ScriptedServer) -> None:
    server.on(TICKET, Answer(body=a_ticket(email_config_id=SECOND)))
    stored = a_desk(server).thread(42).model_dump(mode="json")
    del stored["ticket"]["mailbox"]
    assert Thread.model_validate(stored).ticket.mailbox == ""
