"""Freshdesk and Groq in trouble, whole pipeline against the sandbox: what the customer gets, and that it heals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.outages.house import LARGE, LLAMA, House, a_house
from tests.sandbox_server import RunningSandbox, running_sandbox
from worker.models import Status


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def house(running: RunningSandbox, tmp_path: Path) -> Iterator[House]:
    """Has answered a message already, so that it knows the account."""
    with a_house(tmp_path, running) as opened:
        ticket = opened.mail()
        opened.work()
        assert opened.case(ticket).status is Status.SENT, opened.case(ticket)
        yield opened
    running.all_well()


def while_it_lasts(house: House, fault: dict[str, Any], port: str) -> AbstractContextManager[None]:
    return house.hasty(port) if fault["kind"] in ("hang", "drip") else nullcontext()


def answered_once(house: House, ticket: int) -> bool:
    return len(house.sandbox.replies(ticket)) == 1 and house.case(ticket).status is Status.SENT


# ------------------------------------------------------------ Freshdesk


# What goes wrong, and what the log gives as the reason.
USED_UP: dict[str, tuple[dict[str, Any], str]] = {
    "429 with Retry-After": ({"kind": "rate_limit", "retry_after": 17}, "429"),
    "429 without Retry-After": ({"kind": "rate_limit"}, "429"),
    "429 with calls remaining": ({"kind": "rate_limit", "remaining": 350}, "429"),
}
DOWN: dict[str, tuple[dict[str, Any], str]] = {
    "401 in mid-run": ({"kind": "refuse", "status": 401}, "FRESHDESK_API_KEY"),
    "HTML with 200": ({"kind": "html_page"}, "not the JSON"),
    "an empty 200": ({"kind": "empty"}, "not the JSON"),
    "500": ({"kind": "refuse", "status": 500}, "500"),
    "503": ({"kind": "refuse", "status": 503}, "503"),
    "cut": ({"kind": "cut"}, "no answer"),
    "hang": ({"kind": "hang"}, "no answer"),
    "drip": ({"kind": "drip", "seconds": 5}, "no answer"),
}
OUTAGES = {**USED_UP, **DOWN}


@pytest.mark.parametrize("outage", OUTAGES)
def test_while_freshdesk_cannot_be_read_messages_wait_and_are_answered_after_it(house: House, outage: str) -> None:
    fault, reason = OUTAGES[outage]
    with capture_logs() as logs:
        house.sandbox.goes_wrong(endpoint="reads", **fault)
        tickets = [house.mail() for _ in range(2)]
        with while_it_lasts(house, fault, "helpdesk"):
            assert set(house.work()) == {"parked"}
            for _ in range(4):
                house.passes(1)
                house.work()
        assert max(house.tries()) == 0, "an outage is nobody's fault"
        house.sandbox.all_well()
        for _ in range(6):  # the first one after a pause finds out, the others follow
            house.passes(61)
            house.work()
    assert all(answered_once(house, ticket) for ticket in tickets)
    assert any(reason in said["reason"] for said in logs if said["event"] == "draft_failed")
    of_breaker = [said["event"] for said in logs if said["event"].startswith("breaker_")]
    assert of_breaker[:1] == (["breaker_opened"] if outage in DOWN else [])
    assert of_breaker[-1:] == (["breaker_closed"] if outage in DOWN else [])


def test_a_key_that_is_refused_is_not_shown_again_and_again(house: House) -> None:
    house.sandbox.goes_wrong("refuse", "freshdesk", status=401)
    for _ in range(10):
        house.mail()
    before = house.sandbox.state.limiter.spent_ever
    house.work()
    assert house.sandbox.state.limiter.spent_ever - before <= 1


@pytest.mark.parametrize(
    "fault",
    [{"kind": "rate_limit", "retry_after": 17}, {"kind": "rate_limit"}, {"kind": "rate_limit", "remaining": 350}],
    ids=["told", "not told", "calls remaining"],
)
def test_a_reply_that_meets_a_used_up_allowance_goes_out_later_and_once(house: House, fault: dict[str, Any]) -> None:
    house.sandbox.goes_wrong(endpoint="reply", **fault)
    ticket = house.mail()
    house.work()
    assert house.case(ticket).status is Status.APPROVED
    house.sandbox.all_well()
    for _ in range(3):
        house.passes(61)
        house.work()
    assert answered_once(house, ticket)


def test_a_reply_that_was_cut_and_is_listed_without_its_author_goes_out_once(house: House) -> None:
    house.sandbox.state.world.names_the_bot = False
    house.sandbox.goes_wrong("commit_then_cut", "reply", first=1)
    try:
        ticket = house.mail()
        assert "in doubt" in house.work()
        house.desk = replace(house.desk, policy=replace(house.desk.policy, settle=timedelta(0)))
        house.passes(0)
        assert house.work() == ["done"]
    finally:
        house.sandbox.state.world.names_the_bot = True
    assert answered_once(house, ticket)


def test_a_ticket_that_cannot_be_read_yet_is_read_a_moment_later(house: House) -> None:
    house.sandbox.goes_wrong("refuse", "ticket", status=404, first=2)
    ticket = house.mail()
    for _ in range(3):
        house.work()
        house.passes(1)
    house.work()
    assert answered_once(house, ticket)


def test_an_account_that_refuses_everything_takes_no_tries_once_that_is_clear(house: House) -> None:
    house.sandbox.goes_wrong("refuse", "freshdesk", status=403)
    for _ in range(5):
        house.mail()
    house.work()
    later = [house.mail() for _ in range(3)]
    assert set(house.work()) == {"parked"}
    assert house.tries()[-3:] == [0, 0, 0]
    house.sandbox.all_well()
    for _ in range(4):
        house.passes(61)
        house.work()
    assert all(answered_once(house, ticket) for ticket in later)


def test_a_busy_minute_leaves_the_reserve_to_people_and_loses_nobody(tmp_path: Path) -> None:
    """A plan of 50 calls a minute, and mail for more than two of them."""
    with running_sandbox(allowance="trial") as sandbox, a_house(tmp_path, sandbox) as house:
        account = sandbox.state.limiter
        account._clock, account._begun = house.clock, house.clock()  # its minutes pass as ours do
        tickets = [house.mail() for _ in range(10)]
        lowest = 50.0
        for _ in range(12):
            house.work()
            lowest = min(lowest, 50.0 - account.used())
            house.passes(20)
        assert all(answered_once(house, ticket) for ticket in tickets)
        assert lowest >= 5, "a tenth is left to people"


# ------------------------------------------------------------ Groq


WAITS: dict[str, dict[str, Any]] = {
    "429 with retry-after": {"kind": "rate_limit", "retry_after": 7},
    "429 without": {"kind": "refuse", "status": 429},
    "429 per day, in the body alone": {"kind": "tokens_per_day"},
}


@pytest.mark.parametrize("fault", WAITS.values(), ids=WAITS)
def test_a_used_up_allowance_of_groq_is_waited_for(house: House, fault: dict[str, Any]) -> None:
    house.sandbox.goes_wrong(endpoint="groq", **fault)
    ticket = house.mail()
    assert house.work() == ["parked"]
    assert house.case(ticket).status is Status.OPEN
    house.sandbox.all_well()
    house.passes(600)
    house.work()
    assert answered_once(house, ticket)
    assert house.draft(ticket).written_by.endswith(LLAMA)


def test_nobody_waits_for_an_allowance_that_is_hours_away(house: House) -> None:
    house.sandbox.goes_wrong("rate_limit", "groq", retry_after=3600)
    for _ in range(2):  # the first finds out, the second is told by the limiter
        ticket = house.mail()
        house.work()
        assert house.case(ticket).status is Status.HELD
        assert house.draft(ticket).written_by == "template"
    house.sandbox.all_well()
    house.passes(3601)
    after = house.mail()
    house.work()
    assert answered_once(house, after)


HELD: dict[str, dict[str, Any]] = {
    "413": {"kind": "too_large"},
    "401": {"kind": "refuse", "status": 401},
    "498": {"kind": "capacity"},
    "500": {"kind": "refuse", "status": 500},
    "503": {"kind": "refuse", "status": 503},
    "hang": {"kind": "hang"},
    "drip": {"kind": "drip", "seconds": 9},
    "cut": {"kind": "cut"},
    "an empty 200": {"kind": "empty"},
    "an answer without words": {"kind": "empty_content"},
}


@pytest.mark.parametrize("fault", HELD.values(), ids=HELD)
def test_with_groq_down_a_lead_gets_the_filled_in_template_at_once(house: House, fault: dict[str, Any]) -> None:
    house.sandbox.goes_wrong(endpoint="groq", **fault)
    ticket = house.mail()
    with while_it_lasts(house, fault, "writer"):
        house.work()
    assert house.case(ticket).status is Status.HELD
    assert house.draft(ticket).written_by == "template"
    assert not house.sandbox.replies(ticket)
    house.sandbox.all_well()
    house.passes(61)
    after = house.mail()
    house.work()
    assert answered_once(house, after)


def test_a_groq_that_is_down_is_not_asked_for_every_message(house: House) -> None:
    house.sandbox.goes_wrong("refuse", "groq", status=503)
    for _ in range(10):
        house.mail()
    house.work()
    [fault] = house.sandbox.state.board.listed()
    assert fault["fired"] <= 6


def test_a_model_that_is_gone_is_replaced_by_the_next(house: House) -> None:
    house.sandbox.goes_wrong("model_not_found", "groq", when_body_has=LLAMA)
    ticket = house.mail()
    house.work()
    assert answered_once(house, ticket)
    assert house.draft(ticket).written_by.endswith(LARGE)
