"""What limiter and breakers tell people: who leaves what alone, and what is left of each allowance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis_server import RedisServer, running_redis
from tests.scripted_server import PATIENT
from tests.stack.running import wait_until
from worker.adapters import board as board_module
from worker.adapters.board import Board
from worker.adapters.breaker import FAILURES, Breaker
from worker.adapters.pace import Ask, SharedPace, Told
from worker.adapters.pace import shared as shared_pace
from worker.bootstrap_looks import kept_within
from worker.errors import Permanent, Retryable
from worker.probes import Look

CALL = (Ask("freshdesk", 1.0), Ask("freshdesk:PUT:/tickets", 0.0))
WELL = Look("agent 501, Deskhand")


def well() -> Look:
    return WELL


@pytest.fixture(autouse=True)
def _a_busy_machine_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "_PATIENCE", PATIENT)
    monkeypatch.setattr(shared_pace, "_PATIENCE", PATIENT)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.client.flushall()
    return server


def a_process(redis: RedisServer, name: str, part: str = "freshdesk") -> Breaker:
    board = Board(redis.url, name)
    return Breaker(part, on_state=lambda state: board.post(part, state))


def fails(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        breaker.failed("no answer")


def test_a_part_that_processes_leave_alone_is_told_until_they_reach_it_again(redis: RedisServer) -> None:
    board = Board(redis.url)
    one, other = a_process(redis, "host:1"), a_process(redis, "host:2")
    fails(one)
    wait_until(lambda: len(board.left_alone()) == 1, "the first says so")
    fails(other)
    wait_until(lambda: len(board.left_alone()) == 2, "the second says so")
    assert [(found.part, found.process, found.trying) for found in board.left_alone()] == [
        ("freshdesk", "host:1", False),
        ("freshdesk", "host:2", False),
    ]
    look = kept_within(well, "freshdesk", board)
    assert not look.ok
    assert look.says == "agent 501, Deskhand; left alone after failures by 2 of our processes"
    assert look.facts[0][0] == "Left alone by host:1, after failures"
    assert kept_within(well, "groq", board).ok

    def refused() -> Look:
        raise Permanent("the key was refused", part="freshdesk")

    down = kept_within(refused, "freshdesk", board)  # when it matters most
    assert down.says == "the key was refused; left alone after failures by 2 of our processes"
    assert down.facts == look.facts
    one.succeeded()
    wait_until(lambda: [found.process for found in board.left_alone()] == ["host:2"], "the first is back")
    board.close()


def test_a_process_that_has_nothing_to_tell_asks_nothing_of_redis(tmp_path: Path) -> None:
    nobody = Board("redis://127.0.0.1:1/0", "host:1")
    breaker = Breaker("groq", on_state=lambda state: nobody.post("groq", state))
    breaker.succeeded()
    assert nobody._tell._thread is None


def test_what_is_left_of_an_allowance_is_what_the_limiter_reckons_with(redis: RedisServer) -> None:
    board, pace = Board(redis.url), SharedPace(redis.url)
    given = pace.take(CALL)
    pace.tell(given, (Told("freshdesk", limit=1000.0, left=880.0),))
    pace.take(CALL)  # under way
    refused = pace.take((Ask("groq:m:tokens", 10.0),))
    pace.tell(refused, (Told("groq:m:tokens", refused=True, after=40.0),))

    found = {one.gauge: one for one in board.allowances()}
    assert (found["freshdesk"].limit, round(found["freshdesk"].left)) == (1000.0, 879)
    assert 30 < found["groq:m:tokens"].shut <= 40
    look = kept_within(well, "freshdesk", board)
    assert look.ok
    assert look.facts == (
        ("Left alone after failures (breaker)", "by nobody"),
        ("Allowance (limiter): freshdesk", "879 of 1,000 left"),
    )
    [_, (name, said)] = kept_within(well, "groq", board).facts
    assert name == "Allowance (limiter): groq m tokens"
    assert str(said).startswith("limit not known, shut for ")
    pace.close()
    board.close()


def test_without_redis_the_part_is_shown_all_the_same() -> None:
    board = Board("redis://127.0.0.1:1/0")
    with pytest.raises(Retryable):
        board.left_alone()
    look = kept_within(well, "freshdesk", board)
    assert (look.says, look.ok) == (WELL.says, True)
    assert look.facts == (("Limiter and breakers", "not known: Redis does not answer"),)
