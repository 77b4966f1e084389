"""The connection pool, SQLite or PostgreSQL, set so that a commit survives a crash and writers queue up.

No tables in here (schema.py) and no statements (the rooms). Called by ledger.py and by the migrations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError

from worker.errors import BadConfiguration

_SYNCED = "deskhand_synced"  # of a pooled connection: whether its next transaction writes, and waits for the disk
_LEVELS = "deskhand_levels"  # of one to SQLite: how it is to sync where it waits for the disk, and where it does not
_BUSY_SECONDS = 10
# A transaction that reads first and then writes fails with "locked" whenever another one wrote in between.
_BEGIN = "BEGIN IMMEDIATE"
_POOL: dict[str, Any] = {"pool_size": 32, "max_overflow": 8, "pool_timeout": 10}


def parse(url: str) -> URL:
    """BadConfiguration for anything but SQLite and PostgreSQL; the message does not repeat the URL's password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # no URL, or a port that is no number
        raise BadConfiguration("DATABASE_URL is not a URL: give it as postgresql+psycopg://user@host/name") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    if parsed.drivername == "postgresql+psycopg":
        return parsed
    raise BadConfiguration(
        f"DATABASE_URL begins with {parsed.drivername}:// but must begin with postgresql+psycopg://, "
        "or name a SQLite file as sqlite:////var/lib/deskhand.db"
    )


def open_engine(url: str) -> Engine:
    """A pool for 32 threads. Connects only when first used."""
    parsed = parse(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


def _postgresql(url: URL) -> Engine:
    # A stuck lock holder or a vanished network must not hold our threads for ever.
    wanted = {
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
    }
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    return sqlalchemy.create_engine(
        url, connect_args=arguments, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True, **_POOL
    )


def _sqlite(url: URL) -> Engine:
    module = sqlite_module()
    engine = sqlalchemy.create_engine(
        url, module=module, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True, pool_use_lifo=True, **_POOL
    )  # last in, first out: in turns, each of 32 connections would fill a cache of its own with the same pages
    mode = journal_mode(module.sqlite_version_info)
    every, unsynced = "FULL", "NORMAL" if mode == "WAL" else "FULL"  # without WAL a file could be left broken

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        record.info[_LEVELS] = (every, unsynced)
        connection.isolation_level = None  # the driver would begin late and deferred; `begin` does it
        for pragma in (
            f"busy_timeout={_BUSY_SECONDS * 1000}",
            f"journal_mode={mode}",
            f"synchronous={every}",
            "foreign_keys=ON",
            "cache_size=-512",  # KB: 40 connections with 2 MB each, the default, keep 80 of pages that a commit voids
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Any) -> None:
        synced = connection.info.pop(_SYNCED, None)
        if synced is None:
            connection.execute("BEGIN")
            return
        _set_level(connection, connection.info, synced)
        connection.execute(_BEGIN)

    # Its own does nothing. An event would do as well, but then SQLAlchemy looks for listeners at each step of each
    # statement, which takes longer than this.
    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]
    return engine


def _set_level(connection: Any, info: Any, synced: bool) -> None:
    """Whether the next commit to SQLite waits for the disk; it may not do without where levels are the same."""
    waiting, not_waiting = info[_LEVELS]
    level = waiting if synced else not_waiting
    if info.get("synchronous", waiting) != level:
        connection.execute(f"PRAGMA synchronous={level}")
        info["synchronous"] = level


def sync(line: Any, synced: bool) -> None:
    """Before a write to SQLite that is a transaction by itself. PostgreSQL syncs every commit."""
    if line.dialect.name == "sqlite":
        _set_level(line.connection, line.info, synced)


def begin_writing(line: Any, synced: bool) -> None:
    """PostgreSQL's driver begins by itself."""
    if line.dialect.name == "sqlite":
        _set_level(line.connection, line.info, synced)
        line.connection.execute(_BEGIN)


@contextmanager
def writing(engine: Engine, *, synced: bool = True) -> Iterator[Connection]:
    """A transaction that will write; one that `engine` begins without this must only read."""
    with engine.connect() as connection:
        connection.info[_SYNCED] = synced
        with connection.begin():
            yield connection


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the bundled one, else the interpreter's."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:  # no wheel for this platform
        from sqlite3 import dbapi2
    return dbapi2  # type: ignore[no-any-return]


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL, except where SQLite (3.7.0 to 3.51.2) can corrupt a WAL file with two connections; see its 3.51.3 notes."""
    return "TRUNCATE" if (3, 7, 0) <= version <= (3, 51, 2) else "WAL"
