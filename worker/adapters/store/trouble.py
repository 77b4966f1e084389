"""Database errors judged as our kinds of trouble. The messages name the kind of error and nothing from any row.

Drivers quote row contents ("Key (email)=(...) already exists"), so their own messages never get through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy import exc

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


@contextmanager
def judged() -> Iterator[None]:
    """Everything that the database, its driver or a stored row can raise, as Retryable or Permanent."""
    try:
        yield
    except (exc.SQLAlchemyError, OverflowError, ValidationError) as error:
        raise _judge(error) from None


def _judge(error: Exception) -> Trouble:
    if isinstance(error, exc.IntegrityError) and _is_unique(error):
        return Taken("a row with this key exists already", part=PART)
    if isinstance(error, exc.TimeoutError):
        return Retryable("no database connection became free in time", part=PART)
    if isinstance(error, exc.DBAPIError):
        return _judge_driver(error)
    if isinstance(error, ValidationError):
        return Permanent("a stored row does not read: was it written by another version?", part=PART)
    if isinstance(error, OverflowError):
        return Permanent("a number does not fit its column", part=PART)
    return Permanent(f"the database refused: {type(error).__name__}", part=PART)


def _is_unique(error: exc.IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint" in str(error.orig)


def _judge_driver(error: exc.DBAPIError) -> Trouble:
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
    return kind(f"the database {'cannot now' if passing else 'refused'}: {name}", part=PART)
