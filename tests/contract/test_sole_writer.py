"""One reindex at a time, on one host and on several; whoever is killed leaves nothing that locks others out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from worker.adapters.sole_writer import on_all_hosts, on_this_host
from worker.errors import Retryable
from worker.settings import ROOT

HOLDING = """
import sys, time
from pathlib import Path
from worker.adapters.sole_writer import on_all_hosts, on_this_host
kind, where = sys.argv[1:]
with on_this_host(Path(where)) if kind == "host" else on_all_hosts(where):
    print("held", flush=True)
    time.sleep(600)
"""


def a_holder(kind: str, where: str) -> subprocess.Popen[str]:
    """Another process that holds the lock by now."""
    command = [sys.executable, "-c", HOLDING, kind, where]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def killed(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate()


def test_the_second_on_a_host_is_told_who_is_at_work_and_a_killed_first_is_in_nobodys_way(tmp_path: Path) -> None:
    holder = a_holder("host", str(tmp_path))
    try:
        with pytest.raises(Retryable) as refused, on_this_host(tmp_path):
            pass
        assert f"another reindex is at work on it (process {holder.pid} on " in refused.value.reason
        assert re.search(
            r", since \d\d:\d\d UTC\): let it finish, or end it, and run this again$", refused.value.reason
        )
    finally:
        killed(holder)

    with on_this_host(tmp_path), pytest.raises(Retryable, match=f"process {os.getpid()} on"), on_this_host(tmp_path):
        pass


def test_at_a_start_the_second_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = a_holder("host", str(tmp_path))
    # What it does between two looks is the end of the first one.
    monkeypatch.setattr("worker.adapters.sole_writer.time.sleep", lambda seconds: killed(holder))
    with on_this_host(tmp_path, wait=True):
        assert holder.returncode is not None


def test_a_folder_that_takes_no_file_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with on_this_host(tmp_path / "file"):
        pass


@pytest.mark.postgres
def test_hosts_with_one_postgresql_ledger_write_one_after_the_other(postgres: PostgresServer) -> None:
    holder = a_holder("hosts", postgres.url())
    try:
        with (
            pytest.raises(Retryable, match=rf"\(process {holder.pid} on .*, since \d\d:\d\d UTC\)"),
            on_all_hosts(postgres.url()),
        ):
            pass
    finally:
        killed(holder)

    with on_all_hosts(postgres.url(), wait=True):  # the server may need a moment to see that its client is gone
        pass
    with on_all_hosts(postgres.url()), pytest.raises(Retryable), on_all_hosts(postgres.url()):
        pass


def test_a_ledger_that_cannot_be_asked_locks_nobody_out() -> None:
    with on_all_hosts("postgresql+psycopg://nobody@127.0.0.1:1/none"), on_all_hosts("sqlite:////none/ledger.db"):
        pass
