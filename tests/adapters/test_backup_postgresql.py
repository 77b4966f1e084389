"""The commands that ops are told for copies of a PostgreSQL ledger do what is said of them, as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.postgres import PostgresServer, missing
from worker.adapters.store.engine import open_engine
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.models import Ring
from worker.settings import ROOT

pytestmark = pytest.mark.postgres

# Compose on a machine without containers: what runs in postgres' runs here, and what is stopped or started is noted.
DOCKER = """#!/bin/sh
case "$2" in
exec) shift 4; exec "$@" ;;
*) shift; echo "$*" >>"$NOTES" ;;
esac
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    if reason := missing():
        pytest.skip(reason)
    postgres = PostgresServer()
    try:
        postgres.start()
        does(postgres, "postgres", "CREATE ROLE deskhand SUPERUSER LOGIN")
        yield postgres
    finally:
        postgres.stop()


def does(server: PostgresServer, database: str, statement: str) -> None:
    engine = open_engine(server.url(database))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


class Ops:
    """Somebody who types what docs/operations.md says."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server, self.folder, self.notes = server, folder, folder / "notes"
        manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        told = re.findall(r"^  ```\n(.*?)^  ```", manual[manual.index("## Back up") :].split("\n## ")[0], re.M | re.S)
        self.dump, self.put_back = (block.replace("\n  ", "\n").strip() for block in told)
        for name in ("deskhand", "deskhand_before", "deskhand_new"):
            does(server, "postgres", f"DROP DATABASE IF EXISTS {name}")
        does(server, "postgres", "CREATE DATABASE deskhand OWNER deskhand")
        migrate(server.url("deskhand"))
        docker = folder / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(DOCKER, encoding="utf-8")
        docker.chmod(0o755)

    def types(self, commands: str) -> int:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        known = {**os.environ, "PATH": path, "PGHOST": str(self.server.folder), "NOTES": str(self.notes)}
        return subprocess.run(["bash", "-c", commands], cwd=self.folder, env=known, check=False).returncode

    def dumps(self) -> list[Path]:
        return sorted(self.folder.glob("deskhand-*"))

    def rings(self, ticket: int) -> None:
        ledger = open_ledger(self.server.url("deskhand"))
        ledger.doorbells.ring(Ring.WEBHOOK, ticket)
        ledger.close()

    def waiting(self, database: str = "deskhand") -> int:
        ledger = open_ledger(self.server.url(database))
        try:
            return len(ledger.doorbells.due(10))
        finally:
            ledger.close()


@pytest.fixture
def ops(server: PostgresServer, tmp_path: Path) -> Ops:
    return Ops(server, tmp_path)


def test_a_ledger_that_a_later_release_has_changed_is_put_back_to_what_it_was(ops: Ops) -> None:
    ops.rings(7)
    assert ops.types(ops.dump) == 0
    later = "CREATE TABLE later (send_id varchar REFERENCES sends (send_id))"
    does(ops.server, "deskhand", later)
    ops.rings(8)

    [dump] = ops.dumps()
    assert dump.stat().st_mode & 0o077 == 0, "customers' mail is not for everybody"
    assert ops.types(f"f={dump}\n{ops.put_back}") == 0

    assert (ops.waiting(), ops.waiting("deskhand_before")) == (1, 2)
    assert ops.notes.read_text(encoding="utf-8").splitlines() == [
        "stop index webhook console dispatcher worker",
        "up -d",
    ]


def test_a_dump_that_is_cut_off_is_not_put_in_the_ledgers_place(ops: Ops) -> None:
    ops.rings(7)
    assert ops.types(ops.dump) == 0
    [dump] = ops.dumps()
    dump.write_bytes(dump.read_bytes()[:-2000])

    assert ops.types(f"f={dump}\n{ops.put_back}") != 0

    assert ops.waiting() == 1
    assert "up -d" not in ops.notes.read_text(encoding="utf-8")


def test_a_dump_that_fails_leaves_the_last_good_one_as_it_is(ops: Ops) -> None:
    assert ops.types(ops.dump) == 0
    [dump] = ops.dumps()
    good = dump.read_bytes()
    does(ops.server, "postgres", "DROP DATABASE deskhand")

    assert ops.types(ops.dump) != 0

    assert dump.read_bytes() == good
