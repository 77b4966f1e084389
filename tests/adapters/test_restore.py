"""A restore where the ledger's file is gone and its logs are not, or where something stops it half way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.test_backup import HOLDS, path, ring, rung, script, url
from worker.adapters.store import backup
from worker.adapters.store.backup import back_up, restore
from worker.adapters.store.engine import sqlite_module
from worker.errors import BadConfiguration
from worker.settings import ROOT

__all__ = ["path"]  # a fixture

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RINGS_AND_DIES = """
import os, sys
from worker.adapters.store import open_ledger
from worker.models import Ring
ledger = open_ledger(sys.argv[1])
for ticket in range(100, 400):
    ledger.doorbells.ring(Ring.WEBHOOK, ticket)
os._exit(9)
"""


@pytest.fixture
def copy(path: Path, tmp_path: Path) -> Path:
    """A copy of a ledger with one doorbell."""
    ring(path, 1)
    back_up(url(path), tmp_path / "copy.db")
    return tmp_path / "copy.db"


def killed_while_writing(path: Path) -> None:
    """A worker dies in the middle of its work: what it wrote lies in the log beside the ledger."""
    subprocess.run([sys.executable, "-c", RINGS_AND_DIES, url(path)], cwd=ROOT, check=False)


def everything(path: Path) -> dict[str, bytes | list[int | None]]:
    """Of a ledger what it says: its log may have been taken into it."""
    return {one.name: rung(one) if one == path else one.read_bytes() for one in sorted(path.parent.iterdir())}


def is_sound(path: Path) -> bool:
    with closing(sqlite_module().connect(str(path))) as opened:
        return bool(opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def test_the_log_of_a_ledger_that_is_gone_is_put_aside_and_does_not_get_into_the_copy(path: Path, copy: Path) -> None:
    killed_while_writing(path)
    wal = path.with_name("ledger.db-wal").read_bytes()
    assert wal, "what the worker wrote lies in the log"
    path.unlink()  # by an operator who took the damaged file away and forgot the rest

    kept = restore(url(path), copy, NOON)

    assert kept == path.with_name("ledger.db.before-20260302T120000Z-wal")
    assert kept.read_bytes() == wal, "put aside, not thrown away"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert is_sound(path)
    assert rung(path) == [1]


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_every_kind_of_log_is_put_aside_and_the_script_says_where(path: Path, copy: Path, end: str) -> None:
    path.unlink()
    path.with_name(path.name + end).write_bytes(b"of the ledger that is gone")

    done = script("--restore", str(copy), DATABASE_URL=url(path))

    [aside] = path.parent.glob(f"ledger.db.before-*{end}")
    assert done.returncode == 0, done.stderr
    assert "own file was gone" in done.stdout
    assert str(aside) in done.stdout
    assert aside.read_bytes() == b"of the ledger that is gone"
    assert rung(path) == [1]


@pytest.mark.parametrize(("call", "gone"), [("link", False), ("replace", False), ("replace", True)])
def test_a_restore_that_the_disk_stops_half_way_leaves_everything_as_it_was(
    path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch, call: str, gone: bool
) -> None:
    if gone:
        killed_while_writing(path)
        path.unlink()
    before = everything(path)

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fails)
        with pytest.raises(BadConfiguration, match="Nothing was changed"):
            restore(url(path), copy)

    assert everything(path) == before


@pytest.mark.parametrize("gone", [False, True])
def test_a_copy_that_does_not_read_in_its_new_place_is_taken_out_again(
    path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    if gone:
        killed_while_writing(path)
        path.unlink()
    before = everything(path)
    replace = os.replace

    def spoils(source: Path, target: Path) -> None:
        """A disk that loses what was written to it."""
        if str(source).endswith(".unfinished"):
            raw = bytearray(source.read_bytes())
            raw[4096 : 4096 * 20] = os.urandom(4096 * 19)
            source.write_bytes(raw)
        replace(source, target)

    monkeypatch.setattr(backup.os, "replace", spoils)
    with pytest.raises(BadConfiguration, match=r"is well\. Nothing was changed"):
        restore(url(path), copy)

    assert everything(path) == before


def test_nothing_is_restored_while_a_process_still_has_the_file_that_is_gone(path: Path, copy: Path) -> None:
    command = [sys.executable, "-c", HOLDS, url(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        path.unlink()
        with pytest.raises(BadConfiguration, match=f"in use by process {process.pid}.*Nothing was changed"):
            restore(url(path), copy)
        assert not path.exists()
        process.communicate()

    restore(url(path), copy)
    assert rung(path) == [1]
