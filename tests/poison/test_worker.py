"""A real Celery worker with two threads, on a real Redis: poison goes through it and leaves nothing behind.

An error that got out of a task would never be acknowledged, and each would take one of the two threads with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.answering import QUESTION
from tests.empty_ledger import empty_ledger
from tests.poison.venom import ERRORS, MAILS, venomous
from tests.redis_server import RedisServer, running_redis
from tests.sandbox_server import API_KEY, RunningSandbox, running_sandbox
from worker import bootstrap
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import doorbells
from worker.dispatcher import Sweep
from worker.models import Ring, Status
from worker.queues import QUEUES, make_celery
from worker.settings import ROOT, load_settings

PATIENCE = 120


@dataclass
class Works:
    """The worker's process, and what stands around it. `log`: what the process wrote."""

    process: subprocess.Popen[bytes]
    redis: RedisServer
    sandbox: RunningSandbox
    ledger: SqlLedger
    log: Path

    def mail(self, email: str, html: str = f"<p>{QUESTION}</p>") -> int:
        ticket_id = self.sandbox.mail(email, "Withdrawal", html, name="Asha Rao")
        self.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
        return ticket_id

    def until(self, happened: Callable[[], bool]) -> None:
        """The dispatcher sweeps meanwhile, and what waits for a later try is due at once."""
        enqueue = bootstrap.make_enqueue(make_celery(load_settings(), self.redis.url))
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None, f"the worker has ended\n{self.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            with self.ledger.writing() as connection:
                connection.execute(update(doorbells).values(due_at=0.0))
            Sweep(self.ledger, enqueue, lambda: datetime.now(UTC), lambda queue: 0).once()
            time.sleep(0.3)

    def status(self, ticket_id: int) -> Status | None:
        return next((case.status for case in self.ledger.cases.of_ticket(ticket_id)), None)

    def at_rest(self) -> bool:
        """Nothing is on a queue."""
        return not any(self.redis.client.llen(queue) for queue in QUEUES)


@contextmanager
def a_worker(
    folder: Path, redis: RedisServer, sandbox: RunningSandbox
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    settings = {"REDIS_URL": redis.url, "WORKER_CONCURRENCY": "2", "WORKER_METRICS_PORT": "0"}
    desk = {"FRESHDESK_URL": sandbox.freshdesk_url, "FRESHDESK_API_KEY": API_KEY, "DATA_DIR": str(folder)}
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.poison.worker"],
            cwd=ROOT, env={**os.environ, **settings, **desk}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    url = empty_ledger(tmp_path / "deskhand.db")
    ledger = open_ledger(url)
    with (
        running_redis(tmp_path) as redis,
        running_sandbox() as sandbox,
        a_worker(tmp_path, redis, sandbox) as (process, log),
    ):
        yield Works(process, redis, sandbox, ledger, log)
    ledger.close()


def test_poison_goes_to_a_person_and_the_workers_threads_stay(works: Works) -> None:
    poisoned = [works.mail(venomous(error)) for error in ERRORS]
    large = works.mail("asha@example.com", MAILS["a megabyte in one word"])
    neighbour = works.mail("asha@example.com")

    works.until(lambda: all(works.status(one) is Status.HANDED_OVER for one in [*poisoned, large]))
    works.until(lambda: works.status(neighbour) is Status.SENT)
    works.until(lambda: all(len(works.sandbox.notes(one)) == 1 for one in [*poisoned, large]))
    later = works.mail("asha@example.com", f"<p>Good morning! {QUESTION}</p>")
    works.until(lambda: works.status(later) is Status.SENT)
    works.until(works.at_rest)
    works.process.terminate()
    works.process.wait(240)

    assert works.at_rest(), "the worker put back what it had never acknowledged"
    assert [len(works.sandbox.replies(one)) for one in (neighbour, later)] == [1, 1]
    assert not any(works.sandbox.replies(one) for one in [*poisoned, large])
    for ticket_id in poisoned:
        assert "failed on this ticket 3 times" in works.ledger.cases.of_ticket(ticket_id)[0].reasons[0]
