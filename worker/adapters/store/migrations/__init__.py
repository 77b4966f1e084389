"""Brings a database to the newest schema, at every start, under a lock: several processes may start at once.

The steps are in versions/; Alembic finds them there and runs them through env.py. Called as `migrate(url)`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sqlalchemy import Connection, inspect, text

from worker.adapters.store.engine import open_engine, parse, writing
from worker.adapters.store.trouble import judged, named, shown
from worker.errors import BadConfiguration

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x6465736B  # PostgreSQL's advisory lock: any number that no other program on that database uses


def migrate(url: str) -> None:
    """Creates or upgrades the tables, in one transaction: after a crash half-way the old schema is still there.
    Raises BadConfiguration, also for a ledger of a newer release, Retryable or Permanent."""
    engine = open_engine(url)
    try:
        with _file_lock(url), judged(shown(engine.url)), writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may be at a long step
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            refuse_newer(_applied(connection), named(engine.url))  # in the lock: who waited may be older
            _upgrade(connection)
    finally:
        engine.dispose()


def known_versions() -> set[str]:
    """All versions of the schema that this release knows."""
    from alembic.script import ScriptDirectory

    return {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}


def newest_version() -> str:
    """The version that `migrate` brings a database to."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config()).get_current_head())


def applied_versions(url: str) -> set[str]:
    """What a database says of itself, without changing it; empty where it has no tables. Retryable or Permanent."""
    engine = open_engine(url)
    try:
        with judged(shown(engine.url)), engine.connect() as connection:
            return _applied(connection)
    finally:
        engine.dispose()


def require(url: str) -> None:
    """BadConfiguration where there is no ledger yet. Who stops sending, or forgets a person, in one that was made for a
    mistyped DATA_DIR has changed nothing in the service's. Retryable or Permanent."""
    parsed = parse(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if (sqlite and not _is_there(Path(str(parsed.database)))) or not applied_versions(url):
        raise BadConfiguration(
            f"There is no ledger {'at' if sqlite else 'in'} {named(parsed)}, and none was made: let DATABASE_URL or"
            " DATA_DIR name the one that the service works on, which makes it when it first starts"
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise BadConfiguration(
            f"{path} cannot be looked at ({error.strerror}): let this user read its folder"
        ) from None


def refuse_newer(applied: Set[str], name: str) -> None:
    """BadConfiguration if this release does not know each version of `applied`. `name`: what the ledger is called."""
    if unknown := applied - known_versions():
        raise BadConfiguration(f"{name} comes from a newer release (schema {', '.join(sorted(unknown))}): update first")


def _applied(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


@contextmanager
def _file_lock(url: str) -> Iterator[None]:
    """For SQLite, a lock beside its file: BEGIN IMMEDIATE orders the steps, but not the switch to WAL before it."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield
        return
    path = Path(parsed.database)
    with _lock_beside(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_private(path)
        yield


def _make_private(path: Path) -> None:
    """An empty file that only its owner reads, where none is: SQLite would make it as the umask has it, mostly readable
    by everybody, and it gives the logs beside a file that file's mode. One that is there stays as it is."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:  # not opened even to look: closing it would take this process's own locks on it
        return
    except OSError:  # SQLite says the same, and whoever hears it names the file
        return


def _lock_beside(path: Path) -> TextIO:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open(path.with_name(path.name + ".lock"), "a", opener=private)
    except OSError as error:
        raise BadConfiguration(
            f"The ledger would be {path}, but its folder cannot be written ({error.strerror}): set DATABASE_URL, or"
            " DATA_DIR, to another one"
        ) from error
