"""The power fails between any two commits of a ticket: on the disk is what was synced last, and nothing after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.engine.default import DefaultDialect

from tests.answering import an_answering_office
from tests.desk import Office
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import doorbells, sends
from worker.models import Ring, SendState, Status
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

SYNCED = 2  # what `PRAGMA synchronous` says of FULL
COMMITS = ["ring", "claim", "open", "conclude", "finish", "claim the send", "intend", "posted", "done"]


class PowerFailure(BaseException):
    """Nothing that hears it can write any more."""


class Disk:
    """Keeps, at every commit that waited for it, the ledger's files as they are then. After so many commits the power
    fails: that commit was told, and no other one comes through."""

    def __init__(self, ledger: Path, kept: Path, commits: int) -> None:
        self._ledger, self._kept, self._left = ledger, kept, commits

    @contextmanager
    def powered(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        commits = DefaultDialect.do_commit
        with monkeypatch.context() as patch, suppress(PowerFailure):
            patch.setattr(DefaultDialect, "do_commit", lambda dialect, wire: self._commit(commits, dialect, wire))
            yield
        assert not self._left, "it did not come to that many commits"

    def _commit(self, commits: Any, dialect: Any, wire: Any) -> None:
        if not self._left:
            raise PowerFailure
        commits(dialect, wire)
        if wire.execute("PRAGMA synchronous").fetchone()[0] == SYNCED:
            for file in self._ledger.parent.glob(f"{self._ledger.name}*"):
                shutil.copy(file, self._kept / file.name)
        self._left -= 1
        if not self._left:
            raise PowerFailure


def let_leases_run_out(ledger: SqlLedger) -> None:
    with ledger.writing() as connection:
        for table in (doorbells, sends):
            connection.execute(update(table).values(due_at=0.0))
            connection.execute(update(table).where(table.c.lease_until > 0).values(lease_until=1.0))


def works_on(office: Office, ledger: SqlLedger) -> None:
    """What a worker does with all that is due, until nothing is."""
    desk = replace(office.desk, ledger=ledger, directory=type(office.desk.directory)(ledger.customers))
    for _ in range(10):
        for doorbell in ledger.doorbells.due(10):
            draft_doorbell(doorbell, desk, lambda *_: None)
        for send in ledger.sends.due(10):
            deliver(send, desk)
    assert not ledger.doorbells.due(10)
    assert not ledger.sends.due(10)


@pytest.mark.parametrize("commits", range(1, len(COMMITS) + 1), ids=COMMITS)
def test_the_power_fails_after_any_commit_and_the_customer_gets_one_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with an_answering_office(tmp_path) as office:
        with Disk(tmp_path / "ledger.db", disk, commits).powered(monkeypatch):
            office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
            works_on(office, office.ledger)

        with closing(open_ledger(f"sqlite:///{disk / 'ledger.db'}")) as found:
            let_leases_run_out(found)
            works_on(office, found)

            (case,) = found.cases.of_ticket(1)
            assert case.status is Status.SENT
            assert [send.state for send in found.sends.of_case(case.case_id)] == [SendState.DONE]
        assert [kind for kind, _ in office.helpdesk.posted] == ["reply"]
