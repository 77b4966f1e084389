"""Database errors judged as our kinds of trouble. The messages name the database, the kind of error, and nothing from
any row.

Drivers quote row contents ("Key (email)=(...) already exists"), so their own messages never get through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, exc

from worker.errors import Permanent, Retryable, Trouble

PART = "ledger"
_LASTING_SQLITE = (
    "no such table",
    "no such column",
    "has no column",
    "syntax error",
    "malformed",
    "not a database",
)
# Connection, resources, operator's shutdown, rollback by conflict, lock timeouts, cancelled; and a read-only standby.
_PASSING_SQLSTATES = ("08", "53", "57", "58", "40", "55P03", "25006")


class Taken(Permanent):
    """A unique constraint refused the row. Stays inside the store: the rooms make a None of it."""


class _Kind(NamedTuple):
    """`signs`: beginnings of an SQLSTATE, or words of the driver. `says`: of {where}. `todo`: see Trouble."""

    signs: tuple[str, ...]
    says: str
    todo: str = ""


_FULL = _Kind(("database or disk is full", "53100"), "the disk of {where} is full", "make room on it")
_SQLITE_KINDS = (
    _FULL,
    _Kind(
        ("database disk image is malformed", "file is not a database"),
        "{where} is damaged",
        "stop Deskhand and put the last good copy back with scripts/backup.py --restore FILE",
    ),
    _Kind(("locked",), "the database cannot now: {where} is locked by another process"),
    _Kind(("readonly",), "{where} may only be read", "let this user write the file and its folder"),
    _Kind(("unable to open",), "{where} cannot be opened", "let this user write the file and its folder"),
    _Kind(("disk I/O error",), "{where} cannot be read or written", "see whether its disk is full or broken"),
)
_POSTGRESQL_KINDS = (
    _FULL,
    _Kind(
        ("XX001", "XX002"),
        "{where} is damaged",
        "see its log, and docs/operations.md, “Back up”, for putting a dump back",
    ),
    _Kind(
        ("28", "authentication failed", "no password supplied", "pg_hba.conf", "role "),
        "{where} refuses this user or password",
        "correct them in DATABASE_URL, or let the user in there",
    ),
    _Kind(("3D000", "does not exist"), "{where} does not exist", "create it, or correct DATABASE_URL"),
    _Kind(("53300", "too many", "connection slots"), "{where} has no connection left", "raise its max_connections"),
    _Kind(("25006",), "{where} may only be read", "name the primary in DATABASE_URL"),
    _Kind(("57P03", "starting up", "shutting down"), "{where} is starting or stopping", "wait until it is up"),
)
_BROKEN_ROW = "take back what was written there, or put a copy of before in its place (docs/operations.md, “Back up”)"
_AWAY = _Kind((), "{where} cannot be reached", "start it, or correct DATABASE_URL")


@contextmanager
def judged(where: str = "the database") -> Iterator[None]:
    """Everything that the database, its driver or a stored row can raise, as Retryable or Permanent. `where`: what
    `shown` calls it."""
    try:
        yield
    except (exc.SQLAlchemyError, OverflowError, ValueError) as error:  # what a column holds is quoted by the last
        raise _judge(error, where) from None


def named(url: URL) -> str:
    """Which database that is, without user and password: its file, or its host and name."""
    if url.get_backend_name() == "sqlite":
        return str(Path(str(url.database)).absolute())
    host = url.host or str(url.query.get("host", "this machine"))
    return f"PostgreSQL at {host}:{url.port or 5432}, database {url.database or url.username}"


def shown(url: URL) -> str:
    """The same as the subject of a sentence."""
    return f"{named(url)}{'' if url.get_backend_name() == 'sqlite' else ','}"


def _judge(error: Exception, where: str) -> Trouble:
    if isinstance(error, exc.IntegrityError) and _is_unique(error):
        return Taken("a row with this key exists already", part=PART)
    if isinstance(error, exc.TimeoutError):
        return Retryable("no database connection became free in time", part=PART)
    if isinstance(error, exc.DBAPIError):
        return _judge_driver(error, where)
    if isinstance(error, ValueError):  # no JSON, no word that we know, no noun of ours
        why = f"({type(error).__name__}), as another version or a hand may have written it"
        return Permanent(f"{where} holds a row that does not read {why}", part=PART, todo=_BROKEN_ROW)
    if isinstance(error, OverflowError):
        return Permanent("a number does not fit its column", part=PART)
    return Permanent(f"the database refused: {type(error).__name__}", part=PART)


def _is_unique(error: exc.IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint" in str(error.orig)


def _judge_driver(error: exc.DBAPIError, where: str) -> Trouble:
    state = getattr(error.orig, "sqlstate", None)
    name = f"{type(error.orig).__name__}{f' {state}' if state else ''}"
    if state:
        passing = state.startswith(_PASSING_SQLSTATES)
    elif isinstance(error, exc.OperationalError | exc.InterfaceError):
        # Without an SQLSTATE: PostgreSQL out of reach, or SQLite locked, full, read-only or gone.
        passing = not any(words in str(error.orig) for words in _LASTING_SQLITE)
    else:
        passing = error.connection_invalidated
    kind = Retryable if passing else Permanent
    sqlite = type(error.orig).__module__.startswith(("sqlite3", "pysqlite3"))
    unheard = error.connection_invalidated or isinstance(error, exc.OperationalError)
    found = _kind_of(str(error.orig), state, sqlite=sqlite, unheard=unheard)
    if found is None:
        return kind(f"the database {'cannot now' if passing else 'refused'}: {name}", part=PART)
    return kind(f"{found.says.format(where=where)} ({name})", part=PART, todo=found.todo)


def _kind_of(words: str, state: str | None, *, sqlite: bool, unheard: bool) -> _Kind | None:
    """Of the trouble that an operator can do something about; None for any other. `unheard`: it may be that no server
    answered; a driver refuses some values before any is asked."""
    for kind in _SQLITE_KINDS if sqlite else _POSTGRESQL_KINDS:
        if any(state.startswith(sign) if state else sign in words for sign in kind.signs):
            return kind
    away = not sqlite and (state.startswith(("08", "57P01", "57P02")) if state else unheard)
    return _AWAY if away else None
