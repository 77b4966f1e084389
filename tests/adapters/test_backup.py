"""Copies of a SQLite ledger: whole, private, never in place of another file, and put back only where nobody looks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from worker.adapters.store import backup, migrate, open_ledger
from worker.adapters.store.backup import back_up, restore
from worker.adapters.store.engine import sqlite_module
from worker.bootstrap import open_ledger_for
from worker.errors import BadConfiguration
from worker.models import Ring
from worker.operations.house_checks import database
from worker.settings import ROOT, load_settings

KEY = {"freshdesk_api_key": "k"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    migrate(f"sqlite:///{path}")
    return path


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def ring(path: Path, ticket_id: int) -> None:
    with closing(open_ledger(url(path))) as ledger:
        ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)


def rung(path: Path) -> list[int | None]:
    """Tickets with a waiting doorbell."""
    with closing(open_ledger(url(path))) as ledger:
        bells = [ledger.doorbells.claim(one, timedelta(0)) for one in ledger.doorbells.due(1000)]
        return [bell.ticket_id for bell in bells if bell is not None]


def test_a_copy_is_the_ledger_as_it_was_and_readable_by_its_owner_only(path: Path, tmp_path: Path) -> None:
    ring(path, 1)
    size = back_up(url(path), tmp_path / "copy.db")
    ring(path, 2)

    assert size == (tmp_path / "copy.db").stat().st_size
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert rung(tmp_path / "copy.db") == [1]


def test_a_copy_is_whole_although_messages_come_in_meanwhile(path: Path, tmp_path: Path) -> None:
    stop, accepted = threading.Event(), []

    def messages() -> None:
        with closing(open_ledger(url(path))) as ledger:
            while not stop.is_set():
                accepted.append(ledger.doorbells.ring(Ring.WEBHOOK, len(accepted) + 1))

    thread = threading.Thread(target=messages)
    thread.start()
    try:
        while len(accepted) < 50:
            stop.wait(0.01)
        before = len(accepted)
        back_up(url(path), tmp_path / "copy.db")
    finally:
        stop.set()
        thread.join()

    copied = rung(tmp_path / "copy.db")
    assert len(copied) >= before
    assert copied == list(range(1, len(copied) + 1)), "everything up to one moment, and nothing after it"


def test_no_file_is_ever_written_over(path: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("last week's")

    with pytest.raises(BadConfiguration, match="exists already"):
        back_up(url(path), tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "last week's"


def test_the_folder_that_is_missing_or_takes_no_copy_is_named(path: Path, tmp_path: Path) -> None:
    missing = tmp_path / "nodir"
    with pytest.raises(BadConfiguration, match=f"^There is no folder {missing}: .*Nothing was changed"):
        back_up(url(path), missing / "copy.db")
    assert not missing.exists()

    closed = Path("/sys")  # takes no file from anybody, whoever runs this
    with pytest.raises(BadConfiguration, match=f"^The folder {closed} cannot be written .*Nothing was changed") as said:
        back_up(url(path), closed / "copy.db")
    assert "unfinished" not in str(said.value)


def test_a_restore_brings_the_copy_back_and_keeps_what_was_there(path: Path, tmp_path: Path) -> None:
    ring(path, 1)
    back_up(url(path), tmp_path / "copy.db")
    ring(path, 2)

    kept = restore(url(path), tmp_path / "copy.db", datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert kept == path.with_name("ledger.db.before-20260302T120000Z")
    assert rung(path) == [1]
    assert rung(kept) == [1, 2]
    migrate(url(path))


def test_a_restore_onto_an_empty_machine_needs_no_ledger_there(path: Path, tmp_path: Path) -> None:
    ring(path, 1)
    back_up(url(path), tmp_path / "copy.db")

    assert restore(url(tmp_path / "new" / "ledger.db"), tmp_path / "copy.db") is None
    assert rung(tmp_path / "new" / "ledger.db") == [1]


@pytest.fixture
def of_a_sandbox(path: Path, tmp_path: Path) -> Path:
    """A copy of a ledger that a sandbox filled."""
    open_ledger_for(load_settings(database_url=url(path), freshdesk_url="http://127.0.0.1:8002", **KEY)).close()
    back_up(url(path), tmp_path / "sandbox.db")
    return tmp_path / "sandbox.db"


def test_a_sandboxs_ledger_is_not_restored_for_an_account(of_a_sandbox: Path, tmp_path: Path) -> None:
    target = tmp_path / "production" / "deskhand.db"
    with pytest.raises(BadConfiguration, match=r"sandbox\.db was filled by a sandbox"):
        restore(url(target), of_a_sandbox)
    assert not target.exists()

    restore(url(target), of_a_sandbox, for_sandbox=True)
    assert target.exists(), "a sandbox's own is"


@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        ("http://127.0.0.1:8002", "https://acme.freshdesk.com", "filled by a sandbox"),
        ("https://acme.freshdesk.com", "http://localhost:8002", "belongs to a Freshdesk account"),
    ],
)
def test_a_ledger_is_not_opened_for_the_other_kind_of_freshdesk(path: Path, first: str, then: str, why: str) -> None:
    ours, others = (load_settings(database_url=url(path), freshdesk_url=one, **KEY) for one in (first, then))
    open_ledger_for(ours).close()

    with pytest.raises(BadConfiguration, match=why):
        open_ledger_for(others)
    assert [said.says for said in database(ours) if said.health == "broken"] == []
    with pytest.raises(BadConfiguration, match=why):
        list(database(others))
    open_ledger_for(ours).close()


def without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies stop as on a full disk, by SQLite's own doing."""
    connect = backup._connect

    def narrow(path: Path) -> Any:
        opened = connect(path)
        if path.name.endswith(".unfinished"):
            opened.execute("PRAGMA journal_mode=PERSIST")  # leaves its log, as a write does that is broken off
            opened.execute("PRAGMA max_page_count=8")
        return opened

    monkeypatch.setattr(backup, "_connect", narrow)


def test_a_backup_onto_a_full_disk_says_which_disk_and_leaves_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_room(monkeypatch)
    (tmp_path / "small").mkdir()

    with pytest.raises(BadConfiguration, match=f"disk of {tmp_path}/small is full: {path} .*Nothing was changed"):
        back_up(url(path), tmp_path / "small" / "copy.db")

    assert list((tmp_path / "small").iterdir()) == []


def test_a_restore_without_room_leaves_the_ledger_as_it_was(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(path, 1)
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "copy.db"
    back_up(url(path), copy)
    ring(path, 2)
    without_room(monkeypatch)
    before = {file.name for file in tmp_path.iterdir()}

    with pytest.raises(BadConfiguration, match=f"disk of {tmp_path} is full: {copy} .*Make room"):
        restore(url(path), copy)

    assert {file.name for file in tmp_path.iterdir()} == before
    assert rung(path) == [1, 2]


@pytest.mark.parametrize("header", [True, False])
def test_a_damaged_ledger_gives_no_copy_and_is_named_itself(path: Path, tmp_path: Path, header: bool) -> None:
    raw = bytearray(path.read_bytes())
    begin = 0 if header else 3 * 4096
    raw[begin : begin + 40 * 4096] = os.urandom(40 * 4096)
    path.write_bytes(raw)
    done = script(str(tmp_path / "copy.db"), DATABASE_URL=url(path))

    assert done.returncode == 2
    assert done.stderr.startswith(f"{path} is damaged")
    assert "--restore FILE" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".*"))


HOLDS = """
import sys
from worker.adapters.store import open_ledger
ledger = open_ledger(sys.argv[1])
ledger.ping()
print("open", flush=True)
sys.stdin.read()
"""


def test_nothing_is_restored_under_a_running_process(path: Path, tmp_path: Path) -> None:
    """It would go on writing into the replaced file, and what it accepts there nobody would ever see."""
    back_up(url(path), tmp_path / "copy.db")
    command = [sys.executable, "-c", HOLDS, url(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(BadConfiguration, match=f"in use by process {process.pid}.*Nothing was changed"):
            restore(url(path), tmp_path / "copy.db")
        process.communicate()

    assert restore(url(path), tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('9999')", "newer release"),
        ("DROP TABLE sends", "not a ledger"),
    ],
)
def test_a_copy_that_this_release_cannot_use_is_refused(path: Path, tmp_path: Path, spoil: str, reason: str) -> None:
    copy = tmp_path / "copy.db"
    back_up(url(path), copy)
    with closing(sqlite_module().connect(str(copy))) as opened:
        opened.executescript(spoil)
    ring(path, 1)

    with pytest.raises(BadConfiguration, match=f"{reason}.*Nothing was changed"):
        restore(url(path), copy)

    assert rung(path) == [1], "the ledger that was there is untouched"


def test_a_damaged_copy_is_refused(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(url(path), copy)
    raw = bytearray(copy.read_bytes())
    raw[4096 : 4096 + 8192] = os.urandom(8192)
    copy.write_bytes(raw)

    with pytest.raises(BadConfiguration, match="Nothing was changed"):
        restore(url(path), copy)
    copy.write_bytes(b"a letter and no ledger" * 400)
    with pytest.raises(BadConfiguration, match=f"{copy} is not a ledger .*Nothing was changed"):
        restore(url(path), copy)


def test_a_damaged_ledger_can_be_replaced(path: Path, tmp_path: Path) -> None:
    """Its log too: read together with the copy, it would damage that as well."""
    ring(path, 1)
    back_up(url(path), tmp_path / "copy.db")
    path.write_bytes(b"not a database at all" * 400)
    path.with_name("ledger.db-wal").write_bytes(os.urandom(4096))

    kept = restore(url(path), tmp_path / "copy.db")

    assert kept is not None
    assert kept.read_bytes().startswith(b"not a database")
    assert not path.with_name("ledger.db-wal").exists()
    assert rung(path) == [1]


def script(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DESKHAND_ENV_FILE": os.devnull, **settings}
    command = [sys.executable, str(ROOT / "scripts" / "backup.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_the_script_backs_up_and_restores(path: Path, tmp_path: Path) -> None:
    ring(path, 1)
    copy = str(tmp_path / "copy.db")
    made = script(copy, DATABASE_URL=url(path))
    ring(path, 2)
    back = script("--restore", copy, DATABASE_URL=url(path))

    assert (made.returncode, back.returncode) == (0, 0), made.stderr + back.stderr
    assert copy in made.stdout
    assert "is kept as" in back.stdout
    assert rung(path) == [1]


def test_the_script_puts_no_sandbox_in_an_accounts_place(of_a_sandbox: Path, tmp_path: Path) -> None:
    account = {"FRESHDESK_URL": "https://acme.freshdesk.com", "FRESHDESK_API_KEY": "k"}
    done = script("--restore", str(of_a_sandbox), DATABASE_URL=url(tmp_path / "mine.db"), **account)

    assert done.returncode == 2
    assert "filled by a sandbox" in done.stderr
    assert "restore a backup of the account's own ledger. Nothing was changed." in done.stderr
    assert not (tmp_path / "mine.db").exists()


def test_the_script_says_what_to_do_for_postgresql() -> None:
    done = script("copy.dump", DATABASE_URL="postgresql+psycopg://deskhand:secret@db/deskhand")

    assert done.returncode == 2
    assert "pg_dump" in done.stderr
    assert "secret" not in done.stderr
