"""The dispatcher's health check: well is who sweeps, not who merely has a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.empty_ledger import empty_ledger
from tests.the_script import the_script
from worker.adapters.store import open_ledger
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import marks
from worker.dispatcher import Sweep


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlLedger]:
    url = empty_ledger(tmp_path / "ledger.db")
    monkeypatch.setenv("DATABASE_URL", url)
    with closing(open_ledger(url)) as opened:
        yield opened


def sweep(ledger: SqlLedger) -> None:
    """One pass of a dispatcher, with nothing to do."""
    Sweep(ledger, lambda *_: None, lambda: datetime.now(UTC), lambda _: 0).once()


def swept(ledger: SqlLedger, seconds_ago: float) -> None:
    sweep(ledger)
    with ledger.writing() as connection:
        connection.execute(update(marks).values(at=marks.c.at - seconds_ago))


def asked() -> int:
    return int(the_script("healthy").main(["dispatcher"]))


def test_a_dispatcher_that_never_swept_is_not_well_and_is_once_it_has(
    ledger: SqlLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Nobody has ever swept" in said.err

    sweep(ledger)
    assert asked() == 0
    assert capsys.readouterr().out == "dispatcher: well\n"


def test_who_stopped_sweeping_is_told_with_the_ledger_and_what_to_do(
    ledger: SqlLedger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swept(ledger, 3_000)
    assert asked() == 1
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith("dispatcher: For 3,0")
    assert str(tmp_path / "ledger.db") in said
    assert "Look at the log" in said


@pytest.mark.parametrize(("seconds_ago", "code"), [(20, 0), (100, 1), (-3_600, 1)])
def test_a_sweep_of_the_last_minute_counts_and_one_that_lies_ahead_does_not(
    ledger: SqlLedger, seconds_ago: float, code: int
) -> None:
    """A mark lies ahead once the database's clock was put back: nobody may have swept since."""
    swept(ledger, seconds_ago)
    assert asked() == code


def test_a_dispatcher_that_is_set_to_sweep_seldom_is_well_between_two_rounds(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_SECONDS", "300")
    swept(ledger, 200)
    assert asked() == 0
