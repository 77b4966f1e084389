"""Calls that are made one right after the other: all have room before the first, or none is begun."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.contract.paces import CREDIT, Clock, call
from tests.redis_server import RedisServer
from tests.scripted_server import PATIENT
from worker.adapters.breaker import Breaker
from worker.adapters.pace import Ask, Pace, SharedPace, Told, in_a_row, one_by_one
from worker.adapters.pace import shared as shared_pace
from worker.adapters.turnstile import Turnstile
from worker.errors import Retryable

READ = (Ask("freshdesk", 1.0, keep=0.14), Ask("freshdesk:GET", 0.0))
REPLY = (Ask("freshdesk", 1.0, keep=0.1), Ask("freshdesk:reply", 0.0))
CHANGE = (Ask("freshdesk", 1.0, keep=0.1), Ask("freshdesk:PUT", 0.0))
DELIVERY = (READ, REPLY, CHANGE)


@pytest.fixture
def turnstile(pace: Pace, clock: Clock) -> Turnstile:
    return Turnstile(Breaker("freshdesk", clock=clock), pace)


def room(pace: Pace) -> int:
    """How many more calls are let in. They stay under way."""
    return next(taken for taken in range(500) if pace.take(CREDIT).wait)


def test_who_asks_for_three_calls_takes_three_and_each_is_told_of_by_itself(
    pace: Pace, turnstile: Turnstile, clock: Clock
) -> None:
    call(pace, limit=100.0, left=50.0)
    look, reply, change = (
        turnstile.enter(asks, given) for asks, given in zip(DELIVERY, turnstile.ahead(DELIVERY), strict=True)
    )
    assert room(pace) == 37, "three of the forty that are not kept for people"
    for given, left in ((look, 49.0), (reply, 48.0), (change, 47.0)):
        turnstile.leave(given, [Told("freshdesk", 100.0, left)])
    clock.passes(130)  # what others have under way is forgotten by then
    probe = pace.take(CREDIT)
    pace.tell(probe, [Told("freshdesk", 100.0, 60.0)])
    assert room(pace) == 50


def test_a_renewal_that_a_later_call_of_a_row_shows_is_believed(pace: Pace, turnstile: Turnstile) -> None:
    call(pace, limit=400.0, left=90.0)
    look, reply, _ = turnstile.ahead(DELIVERY)
    turnstile.leave(turnstile.enter(READ, look), [Told("freshdesk", 400.0, 89.0)])
    call(pace, limit=400.0, left=60.0)  # somebody else, who began later and was answered first
    turnstile.leave(turnstile.enter(REPLY, reply), [Told("freshdesk", 400.0, 399.0)])
    assert room(pace) > 300


def test_one_call_is_enough_to_find_out_whether_there_is_room_again(
    pace: Pace, turnstile: Turnstile, clock: Clock
) -> None:
    call(pace, limit=100.0, left=10.0)
    clock.passes(pace.take(CREDIT).wait)
    row = turnstile.ahead(DELIVERY)
    assert len(row) == 1
    turnstile.leave(turnstile.enter(READ, row[0]), [Told("freshdesk", 100.0, 9.0)])
    with pytest.raises(Retryable):
        turnstile.enter(REPLY)
    pace.tell(pace.take((Ask("freshdesk", 1.0, keep=-1.0),)), [Told("freshdesk", 100.0, 99.0)])
    assert room(pace) == 89, "the two that the probe did not take along were given back"


def test_nobody_begins_who_would_be_put_off_in_the_middle(pace: Pace, turnstile: Turnstile) -> None:
    call(pace, limit=100.0, left=16.0)
    with pytest.raises(Retryable) as put_off:
        turnstile.ahead(DELIVERY)
    assert 0 < (put_off.value.after or 0) <= 60
    assert pace.take(CREDIT).wait == 0, "one call alone still has room, and the three took nothing"


def test_what_is_not_called_for_is_given_back_and_counts_for_nobody(pace: Pace, turnstile: Turnstile) -> None:
    call(pace, limit=100.0, left=50.0)
    look, *unused = turnstile.ahead(DELIVERY)
    turnstile.leave(turnstile.enter(READ, look), [Told("freshdesk", 100.0, 49.0)])
    turnstile.give_back(unused)
    assert room(pace) == 39


def test_more_is_given_back_at_once_than_waits_for_a_question(pace: Pace, turnstile: Turnstile) -> None:
    call(pace, limit=100.0, left=50.0)
    rows = [turnstile.ahead(DELIVERY) for _ in range(4)]
    for row in rows:
        turnstile.give_back(row)
    assert room(pace) == 40


def test_what_was_let_in_ahead_stops_where_a_refusal_came_meanwhile(pace: Pace, turnstile: Turnstile) -> None:
    call(pace, limit=100.0, left=50.0)
    look, reply, _ = turnstile.ahead(DELIVERY)
    turnstile.leave(look, [Told("freshdesk", 100.0, 0.0, refused=True, after=30.0)])
    with pytest.raises(Retryable) as put_off:
        turnstile.enter(REPLY, reply)
    assert put_off.value.after == pytest.approx(30.0, abs=0.01)


def test_nothing_is_taken_ahead_of_a_part_that_is_left_alone(pace: Pace, clock: Clock) -> None:
    breaker = Breaker("freshdesk", clock=clock)
    turnstile = Turnstile(breaker, pace)
    call(pace, limit=100.0, left=50.0)
    breaker.failed("it is down", pause=20.0)
    assert turnstile.ahead(DELIVERY) == []
    with pytest.raises(Retryable, match="left alone"):
        turnstile.enter(READ)
    assert room(pace) == 40


def test_a_row_asks_of_each_gauge_for_all_its_calls_and_keeps_what_the_strictest_keeps() -> None:
    assert in_a_row((READ, REPLY)) == (
        Ask("freshdesk", 2.0, keep=0.14),
        Ask("freshdesk:GET", 0.0),
        Ask("freshdesk:reply", 0.0),
    )


@pytest.fixture
def shared(redis: RedisServer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedPace]:
    monkeypatch.setattr(shared_pace, "_PATIENCE", PATIENT)
    redis.client.flushall()
    pace = SharedPace(redis.url, clock=clock, now=clock)
    yield pace
    pace.close()


def test_redis_is_asked_once_for_a_row(shared: SharedPace, redis: RedisServer) -> None:
    call(shared, limit=100.0, left=50.0)
    asked = redis.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    row = one_by_one(shared.take(in_a_row(DELIVERY)), DELIVERY)
    assert redis.client.info("commandstats")["cmdstat_evalsha"]["calls"] == asked + 1
    shared.give_back(row[2])
    shared.tell(row[0], [Told("freshdesk", 100.0, 49.0)])
    shared.tell(row[1], [Told("freshdesk", 100.0, 48.0)])
    shared.take(CREDIT)
    gauge = json.loads(redis.client.get("deskhand:pace:freshdesk"))
    assert (gauge["left"], gauge["flying"]) == (48.0, 1.0)
    assert gauge["mine"] == 52.0, "the fifty that somebody took before, and two calls of ours"
    assert redis.client.keys("deskhand:pace:freshdesk*") == ["deskhand:pace:freshdesk"], "nothing is known of routes"
