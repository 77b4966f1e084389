"""PostgreSQL gone or read-only: webhooks are refused, work stays where it is, and nobody has to restart anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.outages.web import SECRET
from tests.postgres import SAFE, PostgresServer, missing
from worker.adapters.store.engine import open_engine
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate
from worker.errors import Retryable
from worker.intake.webhook import make_router
from worker.ledger_metrics import LedgerMetrics
from worker.models import Ring

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    if reason := missing():
        pytest.skip(reason)
    postgres = PostgresServer(SAFE)  # what was committed outlives it
    try:
        postgres.start()
        migrate(postgres.url())
        yield postgres
    finally:
        postgres.stop()


@pytest.fixture
def ledger(server: PostgresServer) -> Iterator[SqlLedger]:
    opened = open_ledger(server.url())
    yield opened
    opened.close()


def takes_writes(server: PostgresServer, wanted: bool) -> None:
    """For all of its sessions, as on a standby or a disk that the system has mounted read-only."""
    engine = open_engine(server.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER SYSTEM SET default_transaction_read_only = {'off' if wanted else 'on'}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        until = time.monotonic() + 240
        while _says_read_only(connection) is wanted and time.monotonic() < until:
            time.sleep(0.01)
    engine.dispose()


def _says_read_only(connection: object) -> bool:
    assert hasattr(connection, "execute")
    return bool(connection.execute(text("SHOW default_transaction_read_only")).scalar_one() == "on")


def up(ledger: SqlLedger) -> float:
    """What Prometheus is told."""
    return next(iter(LedgerMetrics(ledger).collect())).samples[0].value


TROUBLES: dict[str, tuple[Callable[[PostgresServer], None], Callable[[PostgresServer], None]]] = {
    "gone": (PostgresServer.down, PostgresServer.up),
    "read-only": (lambda server: takes_writes(server, False), lambda server: takes_writes(server, True)),
}


@pytest.mark.parametrize(("begin", "end"), TROUBLES.values(), ids=TROUBLES)
def test_webhooks_are_refused_and_work_is_found_again(
    server: PostgresServer,
    ledger: SqlLedger,
    begin: Callable[[PostgresServer], None],
    end: Callable[[PostgresServer], None],
) -> None:
    app = FastAPI()
    app.include_router(make_router(ledger.doorbells, (SECRET,), lambda queue, row: None))
    webhook = TestClient(app)

    def ring(ticket_id: int) -> int:
        headers = {"X-Webhook-Secret": SECRET}
        return webhook.post("/webhooks/freshdesk", headers=headers, json={"ticket_id": ticket_id}).status_code

    waiting = ledger.doorbells.ring(Ring.WEBHOOK, 7)
    assert ring(8) == 202
    begin(server)
    try:
        assert ring(9) == 503
        with pytest.raises(Retryable) as caught:
            ledger.writable()  # what /readyz asks
        assert caught.value.part == "ledger"
        assert up(ledger) == 0, "somebody is paged"
        with pytest.raises(Retryable):
            ledger.sends.claim("s1", timedelta(minutes=1))
    finally:
        end(server)
    assert ring(10) == 202, "connections that broke are replaced"
    ledger.writable()
    assert up(ledger) == 1
    assert waiting in ledger.doorbells.due(100)
