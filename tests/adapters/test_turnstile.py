"""Limiter and breaker as the adapters use them, at the wire: what is called, what is not, and what callers are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from tests.adapters.freshdesk_json import CAROL, CONTACT, PUT, REPLY, TICKET, a_desk, a_ticket
from tests.adapters.test_groq import ASK, KEY, LARGE, LLAMA, SCHEMA, refused, said
from tests.scripted_server import CUT, PATIENT, Answer, ScriptedServer, scripted_server
from worker.adapters.breaker import FAILURES, Breaker, State
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.groq import GroqWriter
from worker.adapters.pace import LocalPace
from worker.adapters.turnstile import Turnstile
from worker.errors import InDoubt, Permanent, Retryable, Trouble
from worker.models import TicketChange
from worker.uptime import uptime

HTML = Answer(body="<html>maintenance</html>", headers={"Content-Type": "text/html"})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        yield scripted


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("freshdesk", clock=clock)


@pytest.fixture
def pace(clock: Clock) -> LocalPace:
    return LocalPace(clock)


@pytest.fixture
def desk(server: ScriptedServer, breaker: Breaker, pace: LocalPace) -> FreshdeskHelpdesk:
    """Knows already who it is, who the other agents are, and which mailboxes the account has."""
    desk = a_desk(server, turnstile=Turnstile(breaker, pace), reserve=0.1)
    server.on("GET /api/v2/email_configs", Answer(body=[]))
    server.on(TICKET, Answer(body=a_ticket(email_config_id=1)))
    desk.thread(42)
    server.on(TICKET, Answer(body=a_ticket()))
    server.requests.clear()
    return desk


def limits(left: float, total: float = 100.0, **more: str) -> dict[str, str]:
    """As decimals, which is how some accounts get them."""
    return {"X-RateLimit-Total": f"{total:.1f}", "X-RateLimit-Remaining": f"{left:.1f}", **more}


def trouble(call: Any) -> Trouble:
    with pytest.raises(Trouble) as caught:
        call()
    return caught.value


def reply(desk: FreshdeskHelpdesk) -> object:
    return desk.reply(42, "<p>Dear Carol</p>", not_after=uptime() + 60)


def test_automatic_reads_stop_before_the_reserve_and_what_was_begun_may_end(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(14)))
    server.on(PUT, Answer(body={"id": 42}, headers=limits(13)))
    desk.thread(42)
    put_off = trouble(lambda: desk.thread(42))
    assert isinstance(put_off, Retryable)
    assert 0 < (put_off.after or 0) <= 60
    desk.change(42, TicketChange(priority=3))
    assert [r.method for r in server.requests] == ["GET", "PUT"]


def test_a_delivery_without_room_for_its_reply_is_not_begun(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(12)))
    desk.thread(42)
    server.requests.clear()

    def deliver() -> None:
        with desk.delivering(public=True):
            desk.thread(42)

    assert isinstance(trouble(deliver), Retryable)
    assert server.requests == [], "a look that nothing may follow would be paid for in vain"


def test_a_delivery_ends_what_was_begun_where_no_new_ticket_is_read_any_more(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(14)))
    desk.thread(42)
    assert isinstance(trouble(lambda: desk.thread(42)), Retryable)
    with desk.delivering(public=True):
        desk.thread(42)


def test_a_look_that_costs_more_than_was_thought_asks_for_that(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(13)))
    desk.thread(42)
    with desk.delivering(public=True):  # three calls; with its messages the look costs two
        assert isinstance(trouble(lambda: desk.thread(42)), Retryable)


def test_whoever_has_looked_writes_whatever_others_have_used_meanwhile(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(30)), Answer(body=a_ticket(), headers=limits(10)))
    server.on(REPLY, Answer(201, {"id": 9, "created_at": "2026-03-01T12:00:00Z"}, headers=limits(9)))
    server.on(PUT, Answer(body={"id": 42}, headers=limits(8)))
    desk.thread(42)
    server.requests.clear()
    with desk.delivering(public=True):
        desk.thread(42)
        reply(desk)
        desk.change(42, TicketChange(priority=3))
    assert [r.method for r in server.requests] == ["GET", "POST", "PUT"]
    assert isinstance(trouble(lambda: desk.thread(42)), Retryable)


def test_what_a_delivery_did_not_call_for_is_free_again(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(18)))
    desk.thread(42)
    for _ in range(9):
        with suppress(LookupError), desk.delivering(public=True):
            raise LookupError("the draft is overtaken")
    desk.thread(42)


def test_who_calls_a_second_time_within_a_delivery_asks_for_room_again(
    server: ScriptedServer, desk: FreshdeskHelpdesk
) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(30)), Answer(body=a_ticket(), headers=limits(10)))
    desk.thread(42)
    with desk.delivering(public=True):
        desk.thread(42)
        assert isinstance(trouble(lambda: desk.thread(42)), Retryable)


def test_whoever_opens_a_ticket_is_let_in_with_it(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    carol = {"id": CAROL, "name": "Carol", "email": "carol@example.com"}
    server.on(CONTACT, Answer(body=carol, headers=limits(9)))
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(20)))
    desk.thread(42)
    server.on(TICKET, Answer(body=a_ticket(requester=None), headers=limits(10)))
    assert desk.thread(42, first=True).ticket.requester.email == "carol@example.com"


def test_nothing_automatic_touches_the_reserve_and_a_person_may(
    server: ScriptedServer, desk: FreshdeskHelpdesk, breaker: Breaker, pace: LocalPace
) -> None:
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(10)))
    desk.thread(42)
    for call in (lambda: desk.thread(42), lambda: reply(desk), lambda: desk.change(42, TicketChange(priority=3))):
        assert isinstance(trouble(call), Retryable)
    console = a_desk(server, turnstile=Turnstile(breaker, pace))
    assert console.thread(42).ticket.ticket_id == 42
    assert len(server.seen(TICKET)) == 2


def test_a_call_costs_what_it_cost_the_last_time(server: ScriptedServer, desk: FreshdeskHelpdesk) -> None:
    told = {"X-RateLimit-Used-CurrentRequest": "9.0"}
    server.on(TICKET, Answer(body=a_ticket(), headers=limits(20, **told)))
    desk.thread(42)
    assert isinstance(trouble(lambda: desk.thread(42)), Retryable), "9 of 20 would leave less than 15"


@pytest.mark.parametrize(
    ("headers", "after"),
    [({"Retry-After": "17"}, 17.0), ({"Retry-After": "17.5"}, 17.5), ({}, 5.0)],
    ids=["told", "told as a decimal", "not told"],
)
def test_a_used_up_allowance_stops_every_call_until_it_may_be_back(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock, headers: dict[str, str], after: float
) -> None:
    server.on(TICKET, Answer(429, b"", limits(0, **headers)), Answer(body=a_ticket(), headers=limits(99)))
    told = trouble(lambda: desk.thread(42))
    assert isinstance(told, Retryable)
    assert told.after == pytest.approx(after)
    assert isinstance(trouble(lambda: reply(desk)), Retryable), "nothing left, so it is not in doubt"
    assert len(server.requests) == 1
    clock.now += after + 0.1
    assert desk.thread(42).ticket.ticket_id == 42


def test_a_429_with_calls_to_spare_stops_that_route_alone(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock
) -> None:
    server.on("GET /api/v2/tickets", Answer(429, b"", limits(2)))
    server.on(PUT, Answer(body={"id": 42}, headers=limits(79)))
    told = trouble(lambda: desk.earlier_tickets(501, before=42))
    assert isinstance(told, Retryable)
    assert told.after == pytest.approx(5.0)
    trouble(lambda: desk.earlier_tickets(501, before=42))
    desk.thread(42)
    desk.change(42, TicketChange(priority=3))
    assert [r.path for r in server.requests] == ["/api/v2/tickets", "/api/v2/tickets/42", "/api/v2/tickets/42"]


@pytest.mark.parametrize("answer", [CUT, Answer(503, b""), HTML], ids=["cut", "503", "HTML with 200"])
def test_a_freshdesk_that_is_down_is_left_alone_and_found_again(
    server: ScriptedServer, desk: FreshdeskHelpdesk, breaker: Breaker, clock: Clock, answer: Answer
) -> None:
    server.on(TICKET, *[answer] * FAILURES, Answer(body=a_ticket()))
    for _ in range(FAILURES):
        assert isinstance(trouble(lambda: desk.thread(42)), Retryable)
    assert breaker.state is State.OPEN
    for _ in range(20):
        told = trouble(lambda: reply(desk))
        assert isinstance(told, Retryable), "a reply that was not sent is not in doubt"
        assert told.after == 2.0
    assert len(server.requests) == FAILURES
    clock.now += 2.1
    desk.thread(42)
    assert breaker.state is State.CLOSED


def test_replies_in_doubt_count_as_failures_of_freshdesk(
    server: ScriptedServer, desk: FreshdeskHelpdesk, breaker: Breaker
) -> None:
    server.on(REPLY, Answer(502, b""))
    for _ in range(FAILURES):
        assert isinstance(trouble(lambda: reply(desk)), InDoubt)
    assert breaker.state is State.OPEN


def test_a_refused_key_is_shown_once_and_then_left_alone_for_a_minute(
    server: ScriptedServer, desk: FreshdeskHelpdesk, clock: Clock
) -> None:
    server.on(TICKET, Answer(401, {"code": "invalid_credentials"}), Answer(body=a_ticket()))
    for _ in range(10):
        told = trouble(lambda: desk.thread(42))
        assert isinstance(told, Retryable)
        assert told.after == 60
        assert "FRESHDESK_API_KEY" in told.reason
    assert len(server.requests) == 1
    clock.now += 60.1
    desk.thread(42)


def test_one_ticket_that_is_refused_says_nothing_of_the_others_but_all_of_them_do(
    server: ScriptedServer, desk: FreshdeskHelpdesk, breaker: Breaker
) -> None:
    server.on(TICKET, Answer(404, b""))
    for _ in range(FAILURES + 1):
        assert isinstance(trouble(lambda: desk.thread(42)), Permanent)
    assert breaker.state is State.CLOSED
    server.on(TICKET, Answer(403, {"code": "access_denied"}))
    for _ in range(FAILURES):
        assert isinstance(trouble(lambda: desk.thread(42)), Permanent)
    assert isinstance(trouble(lambda: desk.thread(42)), Retryable)


# ------------------------------------------------------------ Groq


def a_writer(server: ScriptedServer, clock: Clock, *models: str) -> GroqWriter:
    turnstile = Turnstile(Breaker("groq", clock=clock), LocalPace(clock))
    chain = models or (LLAMA,)
    return GroqWriter(SecretStr(KEY), server.url, chain, timeout=PATIENT, max_tokens=900, turnstile=turnstile)


def ask(writer: GroqWriter) -> object:
    return writer.complete("Answer in JSON.", "x" * 400, SCHEMA)  # 104 tokens, and 900 to answer


def groq_limits(left: float, reset: str, requests: float = 900, requests_reset: str = "2m59.56s") -> dict[str, str]:
    return {
        "x-ratelimit-limit-tokens": "8000",
        "x-ratelimit-remaining-tokens": f"{left:g}",
        "x-ratelimit-reset-tokens": reset,
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": f"{requests:g}",
        "x-ratelimit-reset-requests": requests_reset,
    }


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        (groq_limits(340, "7.66s"), (1003.75 - 340) / (7660 / 7.66)),
        (groq_limits(0, "1m0s"), 1003.75 / (8000 / 60)),
        (groq_limits(8000, "0s", requests=0, requests_reset="2m59.56s"), 0.17956),
    ],
    ids=["tokens", "tokens, in minutes", "requests"],
)
def test_groqs_allowance_is_waited_for_as_long_as_its_headers_say(
    server: ScriptedServer, clock: Clock, headers: dict[str, str], after: float
) -> None:
    answer = said()
    server.on(ASK, Answer(body=answer.body, headers=headers), answer)
    writer = a_writer(server, clock)
    ask(writer)
    told = trouble(lambda: ask(writer))
    assert isinstance(told, Retryable)
    assert not told.down
    assert told.after == pytest.approx(after, rel=0.01)
    assert len(server.requests) == 1
    clock.now += after * 1.02
    ask(writer)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (refused(429, retry_after="9"), 9.0),
        (refused(429), 5.0),
        (refused(429, message="tokens per day: please try again in 9m36s."), 576.0),
    ],
    ids=["told", "not told", "per day, in the body alone"],
)
def test_a_refusal_of_groq_shuts_the_model_for_everybody(
    server: ScriptedServer, clock: Clock, answer: Answer, after: float
) -> None:
    server.on(ASK, answer, said())
    writer = a_writer(server, clock)
    for _ in range(5):
        told = trouble(lambda: ask(writer))
        assert isinstance(told, Retryable)
        assert told.after == pytest.approx(after)
    assert len(server.requests) == 1
    clock.now += after + 0.1
    ask(writer)


@pytest.mark.parametrize("answer", [refused(503), refused(498), CUT, Answer(body=b"")], ids=str)
def test_a_groq_that_is_down_is_left_alone_and_says_so(server: ScriptedServer, clock: Clock, answer: Answer) -> None:
    server.on(ASK, *[answer] * FAILURES, said())
    writer = a_writer(server, clock)
    for _ in range(FAILURES):
        trouble(lambda: ask(writer))
    told = trouble(lambda: ask(writer))
    assert isinstance(told, Retryable)
    assert told.down
    assert len(server.requests) == FAILURES
    clock.now += 2.1
    ask(writer)


def test_a_model_that_is_gone_is_no_outage(server: ScriptedServer, clock: Clock) -> None:
    server.on(ASK, refused(403, "model_permission_blocked_org"), said())
    assert a_writer(server, clock, LLAMA, LARGE).complete("JSON", "Where?", SCHEMA).usage.model == LARGE
