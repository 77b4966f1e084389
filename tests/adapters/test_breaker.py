"""A part that fails again and again is left alone, and found again by one caller, not by all of them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from worker.adapters.breaker import FAILURES, Breaker, State
from worker.errors import Retryable


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def states() -> list[State]:
    return []


@pytest.fixture
def breaker(clock: Clock, states: list[State]) -> Breaker:
    return Breaker("freshdesk", on_state=states.append, clock=clock)


def refused(breaker: Breaker) -> Retryable:
    with pytest.raises(Retryable) as caught:
        breaker.enter()
    return caught.value


def opened(breaker: Breaker) -> Breaker:
    for _ in range(FAILURES):
        breaker.enter()
        breaker.failed("no answer")
    return breaker


def test_failures_with_a_success_in_between_open_nothing(breaker: Breaker) -> None:
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.failed("no answer")
        breaker.succeeded()
    breaker.enter()


def test_failures_in_a_row_open_it_and_callers_are_told_why_and_when_to_come_back(breaker: Breaker) -> None:
    with capture_logs() as logs:
        trouble = refused(opened(breaker))
    assert (trouble.part, trouble.after, trouble.down) == ("freshdesk", 2.0, True)
    assert "no answer" in trouble.reason
    assert [(entry["event"], entry["part"], entry["failures"]) for entry in logs] == [
        ("breaker_opened", "freshdesk", FAILURES)
    ]


def test_after_the_pause_one_caller_tries_and_the_others_still_wait(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 2.1
    breaker.enter()
    assert refused(breaker).after == 2.0
    breaker.succeeded()
    breaker.enter()


def test_each_failed_attempt_doubles_the_pause_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    pauses = []
    for _ in range(7):
        pauses.append(refused(breaker).after)
        clock.now += pauses[-1] + 0.1
        breaker.enter()
        breaker.failed("no answer")
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_caller_who_tries_and_is_never_heard_of_again_is_replaced(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 2.1
    breaker.enter()
    clock.now += 60.1
    breaker.enter()


def test_a_call_that_was_not_made_lets_another_one_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 2.1
    breaker.enter()
    breaker.leave()
    breaker.enter()


def test_what_will_not_pass_by_itself_opens_it_at_once(breaker: Breaker) -> None:
    breaker.failed("the key was refused", pause=60.0)
    assert refused(breaker).after == 60.0


def test_stragglers_do_not_lengthen_the_pause(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    for _ in range(10):
        breaker.failed("no answer")
    assert refused(breaker).after == 2.0


def test_the_metric_sees_every_change(breaker: Breaker, clock: Clock, states: list[State]) -> None:
    opened(breaker)
    clock.now += 2.1
    breaker.enter()
    breaker.succeeded()
    assert states == [State.CLOSED, State.OPEN, State.PROBING, State.CLOSED]
