"""A ledger holds customers' mail: nobody else on the machine reads it, whatever made it and whatever the umask is."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scripts import users
from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.backup import back_up, restore
from worker.models import Ring
from worker.operations.checkup import Health, Said
from worker.operations.house_checks import database
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _everybody_reads_what_is_made() -> Iterator[None]:
    """The umask that most machines have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_what_a_script_makes_is_its_owners_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    assert users.main(["add", "maya", "--no-password"]) == 0

    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    made = modes(tmp_path / "var")
    assert set(made.values()) == {0o600}
    assert {"deskhand.db", "deskhand.db.lock"} <= made.keys()


def test_the_logs_beside_an_open_ledger_are_its_owners_only_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deskhand.db'}"
    migrate(url)
    with closing(open_ledger(url)) as ledger:
        ledger.doorbells.ring(Ring.WEBHOOK, 1)
        with ledger.writing() as connection:  # whichever way SQLite keeps its log, it is there now
            connection.exec_driver_sql("DELETE FROM doorbells")
            beside = modes(tmp_path)

    assert set(beside) & {"deskhand.db-wal", "deskhand.db-journal"}
    assert set(beside.values()) == {0o600}


def test_a_ledger_that_is_there_keeps_the_mode_that_ops_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    migrate(f"sqlite:///{path}")
    path.chmod(0o640)
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_a_restore_puts_back_and_what_it_keeps_are_their_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deskhand.db"
    migrate(f"sqlite:///{tmp_path / 'old.db'}")
    back_up(f"sqlite:///{tmp_path / 'old.db'}", tmp_path / "copy.db")
    restore(f"sqlite:///{path}", tmp_path / "copy.db")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)  # as an earlier release made it

    kept = restore(f"sqlite:///{path}", tmp_path / "copy.db")

    assert kept is not None
    assert modes(path.parent) == {path.name: 0o600, kept.name: 0o600}


def told(settings: Settings) -> dict[str, Said]:
    return {one.name: one for one in database(settings)}


def test_the_doctor_warns_of_a_ledger_that_others_can_read(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "the desk")
    path = tmp_path / "the desk" / "deskhand.db"
    migrate(settings.ledger_url)
    assert "database file" not in told(settings)

    path.chmod(0o644)
    assert "database file" not in told(settings), "nobody gets into its folder"

    path.parent.chmod(0o755)
    kept = path.with_name("deskhand.db.before-20260302T120000Z")
    kept.write_bytes(b"")
    found = told(settings)["database file"]
    assert found.health is Health.WARNING
    command, mode, *named = shlex.split(found.todo)
    assert (command, mode) == ("chmod", "600")
    assert {str(path), str(kept)} <= set(named)

    path.chmod(0o600)
    kept.unlink()
    assert "database file" not in told(settings)
