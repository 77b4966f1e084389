"""The doctor says whether anybody works: a worker that is gone or hangs is told, with a real Redis between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker

from tests.redis_server import RedisServer
from worker.operations import worker_checks
from worker.operations.checkup import Health, Said
from worker.queues import make_celery
from worker.settings import Settings


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


def workers(settings: Settings) -> Said:
    [said] = worker_checks.workers(settings)
    return said


def test_a_worker_that_answers_is_counted_and_none_is_a_warning(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_checks, "SECONDS", 1.0)
    settings = Settings(redis_url=redis.url)
    none = workers(settings)
    assert (none.health, none.says) == (Health.WARNING, "none answers: nothing is drafted, and nothing is sent")
    assert "docker compose restart worker" in none.todo

    with make_celery(settings, redis.url) as app, start_worker(app, perform_ping_check=False, pool="solo"):
        until = time.monotonic() + 60
        while (one := workers(settings)).health is not Health.OK and time.monotonic() < until:
            pass  # on a machine that is busy it takes longer to answer
    assert (one.health, one.says) == (Health.OK, "1 answers")


def test_without_redis_nobody_can_be_asked_and_only_that_is_told() -> None:
    said = workers(Settings(redis_url="redis://:pass-of-redis@127.0.0.1:1/0"))
    assert (said.health, said.todo) == (Health.LOOK, "See redis, above.")
    assert "pass-of-redis" not in said.says
