"""What the doctor says of the poller: a dispatcher may sweep and never have read what no webhook announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.contract.steps import held
from tests.empty_ledger import empty_ledger
from worker.adapters.store import open_ledger
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import cases
from worker.intake.poller import poll
from worker.operations.checkup import Health, Said
from worker.operations.house_checks import database
from worker.settings import Settings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with closing(open_ledger(empty_ledger(tmp_path / "ledger.db"))) as opened:
        opened.doorbells.note_sweep()
        yield opened


def said(tmp_path: Path) -> Said:
    """Beside a dispatcher that is at work."""
    found = {one.name: one for one in database(Settings(database_url=f"sqlite:///{tmp_path / 'ledger.db'}"))}
    assert found["dispatcher"].health is Health.OK
    return found["poller"]


def test_a_poller_that_has_read_nothing_yet_is_to_be_looked_at(ledger: SqlLedger, tmp_path: Path) -> None:
    """Seconds after the first start that is as it should be, which no program can know."""
    poller = said(tmp_path)
    assert (poller.health, poller.says) == (Health.LOOK, "has not yet read what changed in Freshdesk")
    assert "within minutes" in poller.todo
    assert "DeskhandPollerBehind" in poller.todo


def test_a_poller_that_never_read_while_mail_came_in_is_warned_of(ledger: SqlLedger, tmp_path: Path) -> None:
    held(ledger)
    assert said(tmp_path).health is Health.LOOK
    with ledger.writing() as connection:
        connection.execute(update(cases).values(opened_at=cases.c.opened_at - 3600))
    poller = said(tmp_path)
    assert poller.health is Health.WARNING
    assert poller.says.startswith("has never read what changed in Freshdesk; the first message came in at ")


def test_a_poller_that_reads_is_well_and_said_to_be_until_it_falls_behind(ledger: SqlLedger, tmp_path: Path) -> None:
    class Quiet:
        def updated_since(self, since: datetime) -> list[Any]:
            return []

    poll(Quiet(), ledger.doorbells, lambda *_: None, datetime.now(UTC))  # type: ignore[arg-type]
    poller = said(tmp_path)
    assert poller.health is Health.OK
    assert poller.says.startswith("has read what changed in Freshdesk up to ")

    ledger.doorbells.set_poll_mark(datetime.now(UTC) - timedelta(hours=2))
    assert (said(tmp_path).health, said(tmp_path).says) == (Health.WARNING, "has read up to 120 minutes ago")
