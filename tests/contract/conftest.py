"""The ledgers that every contract test runs against: in memory, SQLite in a file, and a PostgreSQL of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.postgres import PostgresServer, missing
from worker.adapters.memory import MemoryLedger
from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.engine import open_engine
from worker.adapters.store.schema import METADATA
from worker.ports import Ledger

SQL = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if reason := missing():
        pytest.skip(reason)
    server = PostgresServer()
    try:
        server.start()
        migrate(server.url())
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


NAMES = [table.name for table in METADATA.sorted_tables]
# TRUNCATE makes a new file for each table and index, most of which are empty already: ten times as long as this.
USED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in reversed(NAMES))
MANY = " OR ".join(f"EXISTS (SELECT 1 FROM {name} OFFSET 200)" for name in NAMES)
RESTARTED = (
    "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
)


def empty(server: PostgresServer) -> None:
    """As after `migrate`: no rows, and identities begin at 1."""
    engine = open_engine(server.url())
    with engine.begin() as connection:
        if connection.execute(text(f"SELECT {MANY}")).scalar():  # rows that were deleted would stay in the way of plans
            connection.execute(text(f"TRUNCATE {', '.join(NAMES)} RESTART IDENTITY"))
        else:
            for name in connection.execute(text(USED)).scalars().all():
                connection.execute(text(f"DELETE FROM {name}"))
            connection.execute(text(RESTARTED))
    engine.dispose()


def database(request: Any, tmp_path: Path) -> str:
    """The URL of an empty, migrated database of the kind that `request.param` names."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    server: PostgresServer = request.getfixturevalue("postgres")
    empty(server)
    return server.url()


@pytest.fixture(params=SQL)
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return database(request, tmp_path)


@pytest.fixture(params=["memory", *SQL])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    opened = open_ledger(database(request, tmp_path))
    yield opened
    opened.close()
