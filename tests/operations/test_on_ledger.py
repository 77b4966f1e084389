"""What a command on the ledger ends with: whoever wrote a script around it must be able to tell done from not done."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import psycopg
import pytest
from sqlalchemy import exc, make_url

from worker.adapters.store import SqlLedger, migrate
from worker.adapters.store.trouble import judged, shown
from worker.errors import BadConfiguration, Retryable
from worker.operations.checkup import run
from worker.operations.house_checks import database
from worker.operations.on_ledger import on_ledger
from worker.ports import Ledger
from worker.settings import Settings


def test_a_command_that_is_done_ends_with_0_and_has_had_the_ledger(tmp_path: Path):
    seen: list[str] = []

    def work(ledger: Ledger, settings: Settings) -> None:
        seen.append(ledger.ping())

    _, settings = a_ledger(tmp_path)
    assert on_ledger(work, lambda: settings) == 0
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


SECRET = "postgresql+psycopg://nobody:hunter2@127.0.0.1:9/none"


def test_a_ledger_out_of_reach_is_named_by_host_and_name_with_what_helps(capsys: pytest.CaptureFixture[str]):
    assert on_ledger(lambda *_: None, lambda: Settings(database_url=SECRET)) == 1
    said = capsys.readouterr().err
    assert "PostgreSQL at 127.0.0.1:9, database none, cannot be reached" in said
    assert "Start it, or correct DATABASE_URL, then run this again." in said
    assert "hunter2" not in said


def a_ledger(folder: Path) -> tuple[Path, Settings]:
    url = f"sqlite:///{folder / 'ledger.db'}"
    migrate(url)
    return folder / "ledger.db", Settings(database_url=url)


def test_a_damaged_ledger_is_named_and_nobody_is_told_to_try_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, settings = a_ledger(tmp_path)
    path.write_bytes(b"not a database at all" * 400)

    assert on_ledger(lambda *_: None, lambda: settings) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"The ledger cannot be used: {path} is damaged")
    assert "scripts/backup.py --restore FILE" in said
    assert "again" not in said
    [found] = run({"database": lambda: database(settings)})
    assert (found.health, f"{path} is damaged" in found.says, "--restore" in found.todo) == ("broken", True, True)


def test_a_full_disk_is_told_with_the_file_that_lies_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, settings = a_ledger(tmp_path)

    def work(ledger: Ledger, _: Settings) -> None:
        with cast(SqlLedger, ledger).writing() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")  # what follows finds no room, by SQLite's own doing
            connection.exec_driver_sql("CREATE TABLE big (words)")
            connection.exec_driver_sql("INSERT INTO big VALUES (zeroblob(1000000))")

    assert on_ledger(work, lambda: settings) == 1
    said = capsys.readouterr().err
    assert f"the disk of {path} is full" in said
    assert "Make room on it, then run this again." in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('FATAL:  password authentication failed for user "nobody"', "refuses this user or password"),
        ('FATAL:  database "none" does not exist', "does not exist"),
        ("FATAL:  sorry, too many clients already", "has no connection left"),
        ("FATAL:  the database system is starting up", "is starting or stopping"),
    ],
)
def test_a_postgresql_that_lets_nobody_in_says_why(words: str, says: str):
    where = shown(make_url(SECRET))
    with pytest.raises(Retryable) as found, judged(where):
        raise exc.OperationalError("", {}, psycopg.OperationalError(f"connection failed: {words}"))
    assert f"PostgreSQL at 127.0.0.1:9, database none, {says}" in found.value.reason
