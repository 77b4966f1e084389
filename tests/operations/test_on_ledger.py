"""What a command on the ledger ends with: whoever wrote a script around it must be able to tell done from not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import BadConfiguration
from worker.operations.on_ledger import on_ledger
from worker.ports import Ledger
from worker.settings import Settings


def test_a_command_that_is_done_ends_with_0_and_has_had_the_ledger(tmp_path: Path):
    seen: list[str] = []

    def work(ledger: Ledger, settings: Settings) -> None:
        seen.append(ledger.ping())

    assert on_ledger(work, lambda: Settings(data_dir=tmp_path)) == 0
    assert seen[0].startswith("SQLite")


def test_a_ledger_that_is_away_is_said_and_is_not_done(capsys: pytest.CaptureFixture[str]):
    away = Settings(database_url="postgresql+psycopg://nobody@127.0.0.1:9/none")
    assert on_ledger(lambda *_: None, lambda: away) == 1
    assert "The ledger does not answer" in capsys.readouterr().err


def test_wrong_settings_are_said_one_a_line(capsys: pytest.CaptureFixture[str]):
    def wrong() -> Settings:
        raise BadConfiguration(["LEASE_SECONDS is no number.", "DATABASE_URL is not a URL."])

    assert on_ledger(lambda *_: None, wrong) == 2
    assert capsys.readouterr().err.splitlines() == ["LEASE_SECONDS is no number.", "DATABASE_URL is not a URL."]
