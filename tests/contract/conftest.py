"""What contract tests run against: ledgers in memory, in a SQLite file and in a PostgreSQL of its own, and limiters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.contract.paces import Clock
from tests.postgres import PostgresServer, missing
from tests.redis_server import RedisServer, running_redis
from tests.scripted_server import PATIENT
from worker.adapters.memory import MemoryLedger
from worker.adapters.pace import LocalPace, Pace, SharedPace
from worker.adapters.pace import shared as shared_pace
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


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["local", "shared"])
def pace(request: pytest.FixtureRequest, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pace]:
    if request.param == "local":
        yield LocalPace(clock)
        return
    monkeypatch.setattr(shared_pace, "_PATIENCE", PATIENT)  # a busy machine is no outage
    server: RedisServer = request.getfixturevalue("redis")
    server.client.flushall()
    shared = SharedPace(server.url, clock=clock, now=clock)
    yield shared
    shared.close()
