"""Redis down, frozen, full, emptied: webhooks are accepted as before, and what waits is worked on once it is back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.empty_ledger import empty_ledger
from tests.outages.web import NOBODY, Web, a_web
from tests.redis_server import RedisServer, running_redis
from worker import bootstrap
from worker.adapters.store.ledger import open_ledger
from worker.dispatcher import Sweep
from worker.models import Ring
from worker.queues import DRAFT, make_celery
from worker.settings import ROOT, load_settings

TROUBLES: dict[str, tuple[Callable[[RedisServer], None], Callable[[RedisServer], None]]] = {
    "down": (RedisServer.stop, RedisServer.start),
    "frozen": (RedisServer.freeze, RedisServer.thaw),
    "full": (RedisServer.fill, RedisServer.make_room),
}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, shared_redis: RedisServer) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("web"), REDIS_URL=shared_redis.url) as running:
        yield running


@pytest.mark.parametrize(("trouble", "end"), TROUBLES.values(), ids=TROUBLES)
def test_webhooks_are_kept_and_answered_while_redis_does_not_answer(
    web: Web, shared_redis: RedisServer, trouble: Callable[[RedisServer], None], end: Callable[[RedisServer], None]
) -> None:
    kept = open_ledger(f"sqlite:///{web.database}")
    before = len(kept.doorbells.due(1000))
    trouble(shared_redis)
    # Redis stays as it is until the last answer is here: none of them can have waited for it.
    assert [web.ring(ticket).status_code for ticket in range(1, 31)] == [202] * 30
    assert len(kept.doorbells.due(1000)) == before + 30
    kept.close()
    ready = web.settled("ledger", "redis")
    assert ready.status_code == 200, "webhooks are welcome"
    assert ready.json()["status"] == "degraded"
    assert ready.json()["parts"]["ledger"]["ok"] is True
    assert "Redis does not answer" in str(ready.json()["parts"]["redis"]["reason"])
    end(shared_redis)
    assert web.ready_again("redis")


def length(redis: RedisServer) -> int:
    return int(redis.client.llen(DRAFT))


def wait_for(redis: RedisServer, count: int) -> None:
    until = time.monotonic() + 240
    while length(redis) < count and time.monotonic() < until:
        time.sleep(0.02)
    assert length(redis) == count


def test_what_was_lost_with_an_emptied_redis_is_put_on_the_queue_again(redis: RedisServer, tmp_path: Path) -> None:
    url = empty_ledger(tmp_path / "ledger.db")
    ledger = open_ledger(url)
    ledger.doorbells.ring(Ring.WEBHOOK, 7)
    now = datetime.now(UTC)
    enqueue = bootstrap.make_enqueue(make_celery(load_settings(), redis.url))
    sweep = Sweep(ledger, enqueue, lambda: now, lambda queue: 0)
    sweep.once()
    wait_for(redis, 1)
    redis.client.flushall()
    now += timedelta(seconds=11)
    sweep.once()
    wait_for(redis, 1)
    ledger.close()


def test_a_queue_that_nobody_empties_does_not_grow_without_end(redis: RedisServer) -> None:
    for number in range(bootstrap.BACKLOG):
        redis.client.rpush(DRAFT, number)
    enqueue = bootstrap.make_enqueue(make_celery(load_settings(), redis.url))
    lost = bootstrap.metrics.HINTS_LOST._value.get()
    for number in range(20):
        enqueue(DRAFT, f"d{number}")
    until = time.monotonic() + 240
    while bootstrap.metrics.HINTS_LOST._value.get() < lost + 20 and time.monotonic() < until:
        time.sleep(0.02)
    assert length(redis) == bootstrap.BACKLOG


# ------------------------------------------------------------ the worker

# The real worker, whose work is to say that it ran, and to end the doorbell where the ledger has it.
WORKER = """
import sys
from datetime import timedelta
from types import SimpleNamespace
from worker import bootstrap, tasks

class Shop:
    def __init__(self, settings):
        self._desk = SimpleNamespace(ledger=bootstrap.open_ledger_for(settings))

    def desk(self):
        return self._desk

def draft(row, desk, enqueue):
    print("ran", row, file=sys.stderr, flush=True)
    if doorbell := desk.ledger.doorbells.claim(row, timedelta(seconds=60)):
        desk.ledger.doorbells.finish(row, doorbell.epoch, "ended")

tasks.Shop, tasks.draft_doorbell = Shop, draft
sys.exit(tasks.main())
"""
# Whoever runs a worker starts it again when it ends; Celery ends on some troubles.
SUPERVISED = 'while :; do "$0" -c "$1"; echo "worker ended with $?" >&2; done'


@contextmanager
def a_worker(redis: RedisServer, log: Path) -> Iterator[None]:
    settings = {"REDIS_URL": redis.url, "WORKER_CONCURRENCY": "2", "WORKER_METRICS_PORT": "0"}
    environment = {**os.environ, "DATA_DIR": str(log.parent), **settings}
    with log.open("ab") as output:
        command = ["sh", "-c", SUPERVISED, sys.executable, WORKER]
        # A session of its own: the shell and its worker end together.
        shell = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=output, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()


def runs_a_task(redis: RedisServer, log: Path, *, patience: float = 240) -> bool:
    """Rows are put on the queue again and again, as the dispatcher does."""
    enqueue = bootstrap.make_enqueue(make_celery(load_settings(), redis.url))
    before, until = log.read_text().count("ran "), time.monotonic() + patience
    while time.monotonic() < until:
        enqueue(DRAFT, "d1")
        time.sleep(0.2)
        if log.read_text().count("ran ") > before:
            return True
    return False


def test_a_worker_goes_on_by_itself_with_a_redis_that_was_emptied(redis: RedisServer, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with a_worker(redis, log):
        assert runs_a_task(redis, log)
        redis.client.flushall()
        assert runs_a_task(redis, log), log.read_text()


@pytest.mark.parametrize("already", [False, True], ids=["while it works", "before it starts"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_work_goes_on_while_redis_does_not_answer_and_by_itself_once_it_is_back(
    redis: RedisServer, tmp_path: Path, trouble: str, already: bool
) -> None:
    begin, end = TROUBLES[trouble]
    log = tmp_path / "worker.log"
    url = empty_ledger(tmp_path / "deskhand.db")
    ledger = open_ledger(url)
    if already:
        begin(redis)
    with a_worker(redis, log):
        if not already:
            assert runs_a_task(redis, log)
            begin(redis)
        for ticket in range(1, 6):
            ledger.doorbells.ring(Ring.WEBHOOK, ticket)
        until = time.monotonic() + 240
        while ledger.doorbells.due(1) and time.monotonic() < until:
            time.sleep(0.05)
        assert ledger.doorbells.due(1) == [], log.read_text()
        if not already:
            _a_hint_is_lost(redis)
            end(redis)
            assert runs_a_task(redis, log), log.read_text()
    ledger.close()
    assert "standby_begun" in log.read_text()


def test_a_dispatcher_that_is_told_to_end_does_not_wait_for_redis(redis: RedisServer, tmp_path: Path) -> None:
    url = empty_ledger(tmp_path / "deskhand.db")
    ledger = open_ledger(url)
    for ticket in range(1, 101):  # each would be tried for seven seconds
        ledger.doorbells.ring(Ring.WEBHOOK, ticket)
    ledger.close()
    redis.freeze()
    log = tmp_path / "dispatcher.log"
    with log.open("wb") as output:
        settings = {"REDIS_URL": redis.url, "FRESHDESK_URL": f"http://{NOBODY}", "FRESHDESK_API_KEY": "key"}
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "DISPATCHER_METRICS_PORT": "0", **settings}
        command = [sys.executable, "-m", "worker.dispatcher"]
        dispatcher = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=output)
    until = time.monotonic() + 240
    while "enqueue_failed" not in log.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    dispatcher.send_signal(signal.SIGTERM)
    try:
        assert dispatcher.wait(240) == 0
    finally:
        dispatcher.kill()


def _a_hint_is_lost(redis: RedisServer) -> None:
    """Whoever enqueues has waited, and given up."""
    lost = bootstrap.metrics.HINTS_LOST._value.get()
    bootstrap.make_enqueue(make_celery(load_settings(), redis.url))(DRAFT, "d2")
    until = time.monotonic() + 240
    while bootstrap.metrics.HINTS_LOST._value.get() == lost:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_worker_that_gives_up_says_so_and_does_not_look_done(redis: RedisServer, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with a_worker(redis, log):
        assert runs_a_task(redis, log)
        redis.client.rpush(DRAFT, "not a message of ours")  # one of the things that end Celery
        until = time.monotonic() + 240
        while "worker ended with" not in log.read_text() and time.monotonic() < until:
            time.sleep(0.05)
        assert runs_a_task(redis, log)
    said = log.read_text()
    assert "worker ended with 1" in said
    assert '"event": "worker_ended"' in said
