"""The database locked, read-only or full: nothing is accepted that is not kept, and it heals by itself."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event

from tests.desk import Office, an_office
from tests.empty_ledger import empty_ledger
from tests.outages.web import SECRET, Web, a_web
from worker.adapters.store.engine import sqlite_module
from worker.adapters.store.ledger import open_ledger
from worker.errors import Retryable
from worker.intake.webhook import make_router
from worker.models import Posted, Ring, SendState, Status
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

RING = {"headers": {"X-Webhook-Secret": SECRET}, "json": {"ticket_id": 7}}


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """By somebody else, for as long as the block lasts."""
    connection = sqlite_module().connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def full(web: Web) -> Iterator[None]:
    """No file of the process may grow: what a full disk is to it."""
    resource.prlimit(web.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(web.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("web")) as running:
        yield running


@pytest.mark.parametrize("trouble", [lambda web: locked(web.database), full], ids=["locked", "disk full"])
def test_a_webhook_that_cannot_be_kept_is_refused_and_ops_see_why(web: Web, trouble: Any) -> None:
    assert web.ring(1).status_code == 202
    with trouble(web):
        assert web.ring(2).status_code == 503
        ready = web.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["status"] == "not ready"
        assert ready.json()["parts"]["ledger"]["ok"] is False
        metrics = web.get("/metrics").text
        assert 'deskhand_webhooks_total{status="503"}' in metrics
        assert "deskhand_ledger_up 0.0" in metrics, "somebody is paged"
    assert web.ring(3).status_code == 202, "it heals by itself"
    assert web.ready_again()
    assert "deskhand_ledger_up 1.0" in web.get("/metrics").text


@pytest.mark.parametrize("pragma", ["query_only=ON", "max_page_count=1"], ids=["read-only", "no page left"])
def test_a_database_that_takes_no_writes_refuses_webhooks_and_leaves_work_where_it_is(
    tmp_path: Path, pragma: str
) -> None:
    url = empty_ledger(tmp_path / "ledger.db")
    ledger = open_ledger(url)
    waiting = ledger.doorbells.ring(Ring.WEBHOOK, 7)
    app = FastAPI()
    app.include_router(make_router(ledger.doorbells, (SECRET,), lambda queue, row: None))
    engine = ledger._engine

    def spoil(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    ledger._lines.close()  # whoever writes next takes another connection, which is spoilt
    event.listen(engine, "checkout", spoil)
    big = {"headers": RING["headers"], "content": b"no ticket here " * 9000}  # more than the last pages have room for
    assert TestClient(app).post("/webhooks/freshdesk", **big).status_code == 503
    event.remove(engine, "checkout", spoil)
    ledger._lines.close()
    engine.dispose()
    assert TestClient(app).post("/webhooks/freshdesk", **RING).status_code == 202
    assert waiting in ledger.doorbells.due(10)
    ledger.close()


def test_work_on_a_locked_ledger_is_left_alone_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.adapters.store.engine._BUSY_SECONDS", 0.2)
    with an_office(tmp_path) as office:
        doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
        with locked(tmp_path / "ledger.db"), pytest.raises(Retryable) as caught:
            draft_doorbell(doorbell, office.desk, lambda queue, row: None)
        assert caught.value.part == "ledger"
        assert office.ledger.doorbells.due(10) == [doorbell]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("worker.adapters.store.engine._BUSY_SECONDS", 0.2)
    with an_office(tmp_path, settle=timedelta(seconds=0)) as opened:
        yield opened


def test_a_ledger_that_fails_between_the_post_and_its_record_doubles_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, send_id = office.approved()
    sends = office.ledger.sends
    record = sends.posted

    def fails_once(*said: Any) -> bool:
        monkeypatch.setattr(sends, "posted", record)
        raise Retryable("the database cannot now: OperationalError", part="ledger")

    monkeypatch.setattr(sends, "posted", fails_once)
    assert deliver(send_id, office.desk) == "parked"
    assert office.send(case).state is SendState.POSTING
    office.make_due(send_id)
    assert deliver(send_id, office.desk) == "done"
    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT


def test_a_ledger_that_is_locked_right_after_the_post_doubles_nothing(office: Office, tmp_path: Path) -> None:
    case, send_id = office.approved()
    reply = office.helpdesk.reply
    lock = locked(tmp_path / "ledger.db")

    def then_locked(*said: Any, **more: Any) -> Posted:
        posted = reply(*said, **more)
        lock.__enter__()
        return posted

    office.helpdesk.reply = then_locked  # type: ignore[method-assign]
    with pytest.raises(Retryable):  # it cannot even be parked: its lease brings it back
        deliver(send_id, office.desk)
    lock.__exit__(None, None, None)
    office.lease_runs_out(send_id)
    assert deliver(send_id, office.desk) == "done"
    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT
