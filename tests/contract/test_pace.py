"""What every limiter does, in one process and shared through Redis: calls stay within what answers told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Barrier

import pytest

from tests.contract.paces import CREDIT, Clock, call
from tests.redis_server import RedisServer, running_redis
from tests.scripted_server import HASTY, PATIENT
from worker.adapters.pace import Ask, Pace, SharedPace, Told
from worker.adapters.pace import shared as shared_pace

PERSON = (Ask("freshdesk", 1.0, keep=-1.0),)
TOKENS = (Ask("groq:m:tokens", 1000.0),)


@pytest.fixture(autouse=True)
def _a_busy_machine_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_pace, "_PATIENCE", PATIENT)


@contextmanager
def hasty(*paces: SharedPace) -> Iterator[None]:
    """They soon give up on Redis, for as long as it does not answer anyway."""
    for patience in (HASTY, PATIENT):
        shared_pace._PATIENCE = patience
        for pace in paces:
            pace._connections.close()  # those that are there keep their time-out
            pace._connections = shared_pace._Connections(pace._connections._url)
        if patience is HASTY:
            yield


def test_nothing_is_refused_before_anybody_told_a_limit(pace: Pace) -> None:
    assert [pace.take(CREDIT).wait for _ in range(50)] == [0.0] * 50


def test_calls_under_way_count_before_they_are_answered(pace: Pace) -> None:
    call(pace, limit=20.0, left=5.0)
    assert [bool(pace.take(CREDIT).wait) for _ in range(5)] == [False, False, False, True, True]


def test_what_is_kept_for_people_is_left_to_people(pace: Pace) -> None:
    call(pace, limit=100.0, left=10.0)
    assert call(pace).wait > 0
    assert call(pace, PERSON).wait == 0


def test_a_call_that_costs_several_takes_several(pace: Pace) -> None:
    call(pace, limit=100.0, left=14.0)
    assert pace.take((Ask("freshdesk", 3.0, keep=0.1),)).wait == 0
    assert pace.take((Ask("freshdesk", 3.0, keep=0.1),)).wait > 0


def test_when_the_minute_is_over_one_call_finds_out_and_the_others_follow(pace: Pace, clock: Clock) -> None:
    call(pace, limit=100.0, left=10.0)
    waits = call(pace).wait
    assert 0 < waits <= 60
    clock.passes(waits)
    probe = pace.take(CREDIT)
    assert probe.wait == 0
    assert pace.take(CREDIT).wait > 0
    pace.tell(probe, [Told("freshdesk", 100.0, 99.0)])
    assert [pace.take(CREDIT).wait for _ in range(20)] == [0.0] * 20


def test_as_long_as_nothing_is_renewed_fewer_and_fewer_calls_find_that_out(pace: Pace, clock: Clock) -> None:
    call(pace, limit=100.0, left=10.0)
    waits = []
    for left in (9.0, 8.0, 7.0, 6.0):
        clock.passes(pace.take(CREDIT).wait or 60)
        assert call(pace, limit=100.0, left=left).wait == 0
        waits.append(round(pace.take(CREDIT).wait))
    assert waits == [15, 30, 60, 120], "an account that is counted by the hour keeps its reserve"


def test_a_renewal_is_believed_as_soon_as_an_answer_shows_it(pace: Pace, clock: Clock) -> None:
    call(pace, limit=100.0, left=12.0)
    clock.passes(7)
    call(pace, limit=100.0, left=99.0)
    assert call(pace).wait == 0


def others_take_half(pace: Pace, clock: Clock) -> None:
    """Fifty of a hundred in a minute of the account; the next one has just begun."""
    call(pace, limit=100.0, left=99.0)
    clock.passes(50)
    call(pace, limit=100.0, left=48.0)
    clock.passes(10)
    call(pace, limit=100.0, left=99.0)


def test_what_others_take_is_left_to_them_until_the_renewal(pace: Pace, clock: Clock) -> None:
    others_take_half(pace, clock)
    assert 35 <= sum(pace.take(CREDIT).wait == 0 for _ in range(100)) <= 50, "of 99, ten kept, and fifty theirs"
    clock.passes(45)
    assert sum(pace.take(CREDIT).wait == 0 for _ in range(100)) >= 25, "what they did not take by then is ours"


def test_one_bad_minute_is_not_held_against_a_quiet_account_for_good(pace: Pace, clock: Clock) -> None:
    """So few calls are made that what is left never rises by enough to show that the allowance was renewed."""
    call(pace, limit=4000.0, left=3990.0)
    clock.passes(40)
    given = pace.take(CREDIT)
    pace.tell(given, [Told("freshdesk", 4000.0, 0.0, refused=True, after=2.0)])
    clock.passes(3)
    assert call(pace, limit=4000.0, left=3995.0).wait == 0
    assert pace.take(CREDIT).wait > 0, "somebody took all of it a moment ago, and may again"
    clock.passes(61)
    assert call(pace, limit=4000.0, left=3990.0).wait == 0
    assert [pace.take(CREDIT).wait for _ in range(100)] == [0.0] * 100


def test_one_quiet_look_does_not_take_from_others_what_they_have_been_using(pace: Pace, clock: Clock) -> None:
    """It may come at the beginning of each of their minutes, as whoever looks every two minutes does."""
    others_take_half(pace, clock)
    clock.passes(60)
    call(pace, limit=100.0, left=98.0)
    assert sum(pace.take(CREDIT).wait == 0 for _ in range(100)) <= 60, "most of what they took is still left to them"


def test_answers_that_overtake_each_other_are_no_renewal(pace: Pace, clock: Clock) -> None:
    call(pace, limit=100.0, left=50.0)
    clock.passes(55)
    call(pace, limit=100.0, left=52.0)
    clock.passes(6)
    taken = [pace.take(CREDIT).wait == 0 for _ in range(60)]
    assert sum(taken) == 43, "what is left over the reserve, and one to find out: the minute is over all the same"


def test_an_answer_that_comes_late_raises_nothing(pace: Pace) -> None:
    slow, quick = pace.take(CREDIT), pace.take(CREDIT)
    pace.tell(quick, [Told("freshdesk", 100.0, 10.0)])
    pace.tell(slow, [Told("freshdesk", 100.0, 90.0)])
    assert pace.take(CREDIT).wait > 0


def test_a_call_that_nobody_answered_has_cost_what_it_takes(pace: Pace) -> None:
    call(pace, limit=100.0, left=12.0)
    call(pace)
    call(pace)
    assert call(pace).wait > 0


def test_a_refusal_shuts_for_as_long_as_it_asked(pace: Pace, clock: Clock) -> None:
    given = pace.take(CREDIT)
    shut = pace.tell(given, [Told("freshdesk", 100.0, 0.0, refused=True, after=17.0)])
    assert shut == pytest.approx(17.0, abs=0.01)
    assert pace.take(PERSON).wait == pytest.approx(17.0, abs=0.01), "people would only be refused as well"
    clock.passes(17.1)
    assert pace.take(PERSON).wait == 0
    assert pace.take(CREDIT).wait == 0, "it may be renewed by now: one call finds out"
    assert pace.take(CREDIT).wait > 0


def test_refusals_that_name_no_time_shut_for_longer_each_time_until_an_answer(pace: Pace, clock: Clock) -> None:
    asks = (Ask("freshdesk", 1.0), Ask("freshdesk:GET:tickets", 0.0))
    told = [Told("freshdesk", 100.0, 80.0), Told("freshdesk:GET:tickets", refused=True)]
    shuts = []
    for _ in range(6):
        shuts.append(pace.tell(pace.take(asks), told))
        clock.passes(shuts[-1] + 0.1)
    assert [round(shut) for shut in shuts] == [5, 10, 20, 40, 60, 60]
    pace.tell(pace.take(asks), [Told("freshdesk", 100.0, 80.0)])
    assert pace.tell(pace.take(asks), told) == pytest.approx(5.0, abs=0.01)


def test_a_route_that_is_shut_leaves_the_others_open(pace: Pace) -> None:
    listing = (Ask("freshdesk", 1.0), Ask("freshdesk:GET:tickets", 0.0))
    reading = (Ask("freshdesk", 1.0), Ask("freshdesk:GET:tickets/{}", 0.0))
    pace.tell(pace.take(listing), [Told("freshdesk", 100.0, 80.0), Told("freshdesk:GET:tickets", refused=True)])
    assert pace.take(listing).wait > 0
    assert pace.take(reading).wait == 0


def test_tokens_flow_back_and_the_wait_is_until_enough_of_them_have(pace: Pace, clock: Clock) -> None:
    call(pace, TOKENS, limit=6000.0, left=500.0, refill=55.0)  # 100 a second
    waits = call(pace, TOKENS).wait
    assert waits == pytest.approx(5.0, abs=0.01)
    clock.passes(waits + 0.01)
    assert call(pace, TOKENS).wait == 0


def test_a_prompt_larger_than_the_whole_allowance_goes_when_nothing_else_does(pace: Pace) -> None:
    call(pace, TOKENS, limit=800.0, left=800.0)
    assert pace.take(TOKENS).wait == 0
    assert pace.take(TOKENS).wait > 0


def test_of_two_gauges_both_must_have_room(pace: Pace) -> None:
    both = (*TOKENS, Ask("groq:m:requests", 1.0))
    pace.tell(pace.take(both), [Told("groq:m:tokens", 6000.0, 6000.0), Told("groq:m:requests", 1000.0, 0.0, 86_400.0)])
    assert pace.take(both).wait == pytest.approx(86.4, rel=0.01)
    assert pace.take(TOKENS).wait == 0


def test_who_is_sent_away_later_is_told_to_come_later_once_there_are_many(pace: Pace) -> None:
    call(pace, limit=100.0, left=10.0)
    waits = [pace.take(CREDIT).wait for _ in range(60)]
    assert waits == sorted(waits)
    assert waits[0] <= 60 < 180 < waits[-1] <= 300


def test_what_a_dead_process_took_is_given_back_after_two_minutes(pace: Pace, clock: Clock) -> None:
    call(pace, limit=100.0, left=100.0)
    taken = [pace.take(CREDIT) for _ in range(90)]
    assert all(t.wait == 0 for t in taken)
    assert pace.take(CREDIT).wait > 0
    clock.passes(121)
    assert [pace.take(CREDIT).wait for _ in range(50)] == [0.0] * 50


@pytest.fixture
def two(redis: RedisServer, clock: Clock) -> Iterator[tuple[SharedPace, SharedPace]]:
    redis.client.flushall()
    one, other = (SharedPace(redis.url, clock=clock, now=clock) for _ in range(2))
    yield one, other
    one.close()
    other.close()


Two = tuple[SharedPace, SharedPace]


def test_two_processes_draw_on_the_same_allowance(two: Two) -> None:
    one, other = two
    call(one, limit=20.0, left=8.0)
    taken = [p.take(CREDIT).wait == 0 for p in (one, other) * 6]
    assert sum(taken) == 6


def test_what_one_was_refused_the_other_does_not_ask_for(two: Two) -> None:
    one, other = two
    one.tell(one.take(CREDIT), [Told("freshdesk", 100.0, 0.0, refused=True, after=30.0)])
    assert other.take(CREDIT).wait == pytest.approx(30.0, abs=0.01)


def test_an_emptied_redis_does_not_forget_what_a_process_was_told(two: Two, redis: RedisServer) -> None:
    one, _ = two
    call(one, limit=100.0, left=10.0)
    redis.client.flushall()
    assert call(one).wait > 0


def test_what_was_told_counts_though_redis_forgot_the_script_or_hung_up(two: Two, redis: RedisServer) -> None:
    one, other = two
    call(one, limit=100.0, left=90.0)
    given = one.take(CREDIT)
    redis.client.script_flush()
    one.tell(given, [Told("freshdesk", 100.0, 60.0)])
    assert one.take(CREDIT).wait == 0, "it is read here that the last word was not understood, and said again"
    assert left(redis) == 60.0
    call(one, limit=100.0, left=30.0)
    redis.client.client_kill_filter(_type="normal", skipme=True)
    assert [one.take(CREDIT).wait, other.take(CREDIT).wait] == [0.0, 0.0]
    assert left(redis) == 30.0
    assert one._shared is True


def left(redis: RedisServer) -> float:
    return float(json.loads(redis.client.get("deskhand:pace:freshdesk"))["left"])


def test_what_answers_told_goes_along_with_the_next_question(two: Two, redis: RedisServer) -> None:
    one, other = two
    call(one, limit=100.0, left=60.0)
    call(one, limit=100.0, left=50.0)
    assert left(redis) == 60.0, "nobody need know at once"
    one.take(CREDIT)
    assert left(redis) == 50.0
    under_way = [one.take(CREDIT) for _ in range(4)]
    for n, given in enumerate(under_way):
        assert left(redis) == 50.0
        one.tell(given, [Told("freshdesk", 100.0, 30.0 - n)])
    assert left(redis) == 27.0, "of a process that asks nothing any more three wait at most"
    call(one, limit=100.0, left=20.0)
    one.close()
    assert left(redis) == 20.0
    assert other.take(CREDIT).wait == 0


@pytest.mark.parametrize("shown_by", ["a later call", "an earlier call"])
def test_an_answer_that_waited_while_the_allowance_was_renewed_changes_nothing(
    two: Two, clock: Clock, shown_by: str
) -> None:
    one, other = two
    call(one, limit=100.0, left=60.0)
    slow = other.take(CREDIT)
    call(one, limit=100.0, left=11.0)
    clock.passes(40)
    other.tell(slow if shown_by == "an earlier call" else other.take(CREDIT), [Told("freshdesk", 100.0, 99.0)])
    other.take(CREDIT)
    clock.passes(1)
    assert [one.take(CREDIT).wait for _ in range(40)] == [0.0] * 40


def test_what_waited_while_redis_was_emptied_does_not_make_later_answers_late(two: Two, redis: RedisServer) -> None:
    one, _ = two
    for _ in range(20):
        call(one, limit=100.0, left=60.0)
    redis.client.flushall()
    for _ in range(3):
        call(one, limit=100.0, left=95.0)
    one.take(CREDIT)
    assert left(redis) == 95.0


def test_redis_holds_figures_under_our_own_names_and_forgets_them(two: Two, redis: RedisServer) -> None:
    call(two[0], limit=100.0, left=50.0)
    keys = redis.client.keys("*")
    assert sorted(keys) == ["deskhand:pace:freshdesk", "deskhand:pace:processes"]
    assert all(0 < redis.client.ttl(key) <= 3700 for key in keys)


Trouble = Callable[[RedisServer], None]


@pytest.mark.parametrize("trouble", [RedisServer.stop, RedisServer.freeze, RedisServer.fill])
def test_without_redis_each_process_keeps_to_its_share(tmp_path: Path, clock: Clock, trouble: Trouble) -> None:
    seen: list[bool] = []
    with running_redis(tmp_path) as server:
        one, other = (SharedPace(server.url, on_shared=seen.append, clock=clock, now=clock) for _ in range(2))
        call(one, limit=100.0, left=60.0)
        call(other, limit=100.0, left=60.0)
        clock.passes(16)  # each says again that it is there, and now knows of the other
        call(one, limit=100.0, left=50.0)
        call(other, limit=100.0, left=50.0)
        trouble(server)
        with hasty(one, other) if trouble is RedisServer.freeze else nullcontext():
            assert [sum(p.take(CREDIT).wait == 0 for _ in range(50)) for p in (one, other)] == [20, 20]
        assert seen == [True, True, False, False]


def test_a_redis_that_is_back_is_used_again(tmp_path: Path, clock: Clock) -> None:
    seen: list[bool] = []
    with running_redis(tmp_path) as server:
        pace = SharedPace(server.url, on_shared=seen.append, clock=clock, now=clock)
        call(pace)
        server.freeze()
        with hasty(pace):
            call(pace)
        server.thaw()
        clock.passes(5.1)
        call(pace)
    assert seen == [True, False, True]


def test_each_thread_has_one_connection_which_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_pace, "_PRESENT_SECONDS", -1.0)  # with each call they say that they are there
    asked, counted = Barrier(4), Barrier(4)
    with running_redis(tmp_path) as redis:
        pace, others = SharedPace(redis.url), connections(redis)

        def calls() -> None:
            for _ in range(5):
                call(pace, limit=1000.0, left=900.0)
            asked.wait()
            counted.wait()

        with ThreadPoolExecutor(3) as threads:
            ended = [threads.submit(calls) for _ in range(3)]
            asked.wait()
            found = connections(redis) - others
            counted.wait()
            assert [one.result() for one in ended] == [None] * 3
        assert found == 3
        until = time.monotonic() + 240
        while connections(redis) > others and time.monotonic() < until:
            time.sleep(0.02)
        assert connections(redis) == others
        pace.close()


def connections(redis: RedisServer) -> int:
    return len(redis.client.client_list())
