"""What Freshdesk's headers say of the allowance, and what of it is believed: an absurd figure stops nobody for long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.freshdesk_json import TICKET, a_desk, a_ticket
from tests.scripted_server import Answer, ScriptedServer, scripted_server
from worker.adapters.breaker import Breaker
from worker.adapters.freshdesk.allowance import Allowance
from worker.adapters.freshdesk.verdicts import Limits
from worker.adapters.pace import LocalPace
from worker.adapters.turnstile import Turnstile

LOOK = "GET tickets/{}"
TOTAL, LEFT, USED = "X-RateLimit-Total", "X-RateLimit-Remaining", "X-RateLimit-Used-CurrentRequest"
WELL = {TOTAL: "700.0", LEFT: "690.0", USED: "1.0"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        scripted.on(TICKET, Answer(body=a_ticket()))
        yield scripted


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def price(allowance: Allowance, **query: str) -> float:
    return allowance.asks(LOOK, query)[0].cost


@pytest.mark.parametrize(("told", "alone", "with_messages"), [("99", 5.0, 10.0), ("100000", 1.0, 2.0)])
def test_a_call_is_never_thought_to_cost_many_times_what_is_documented(
    told: str, alone: float, with_messages: float
) -> None:
    allowance = Allowance(0.1)
    allowance.told(LOOK, 200, WELL | {USED: told})
    assert (price(allowance), price(allowance, include="conversations")) == (alone, with_messages)


def test_what_a_call_cost_is_forgotten_when_nothing_more_is_heard_of_it() -> None:
    clock = Clock()
    allowance = Allowance(0.1, clock)
    allowance.told(LOOK, 200, WELL | {USED: "4"})
    clock.now += 299
    assert price(allowance) == 4.0
    clock.now += 2
    assert price(allowance) == 1.0


@pytest.mark.parametrize("odd", ["1e308", "-1", "100000000"])
@pytest.mark.parametrize("header", [TOTAL, LEFT, USED])
def test_a_figure_that_cannot_be_is_no_news(odd: str, header: str) -> None:
    limits = Limits.told_by(WELL | {header: odd})
    told = {TOTAL: limits.total, LEFT: limits.remaining, USED: limits.used}
    assert told == {TOTAL: 700.0, LEFT: 690.0, USED: 1.0} | {header: None}


@pytest.mark.parametrize("header", [TOTAL, USED])
def test_after_an_absurd_minute_the_next_ticket_is_read_at_once(server: ScriptedServer, header: str) -> None:
    clock = Clock()
    desk = a_desk(server, turnstile=Turnstile(Breaker("freshdesk", clock=clock), LocalPace(clock)), reserve=0.1)
    server.on(TICKET, *[Answer(body=a_ticket(), headers=WELL | {header: "1e308"})] * 7, Answer(body=a_ticket()))
    for _ in range(7):
        desk.thread(42)
        clock.now += 10
    server.on(TICKET, Answer(body=a_ticket(), headers=WELL))
    for _ in range(3):
        desk.thread(42)


def test_who_counts_what_calls_cost_hears_nothing_of_a_cost_below_nothing(server: ScriptedServer) -> None:
    heard: list[float] = []
    desk = a_desk(server, on_spent=lambda _what, credits: heard.append(credits))
    server.on(TICKET, Answer(body=a_ticket(), headers=WELL | {USED: "-1"}))
    desk.thread(42)
    assert heard == []
