"""Conditions of the partial indexes, for the tables that have them and for the queries that are to use them.

Queries must use these very words: with a bound value in their place, neither database can tell that the index applies,
and every row that ever was is read.
"""

from __future__ import annotations

from sqlalchemy import Index, TextClause, text

WAITING = text("state = 'waiting'")
UNREADABLE = text("state = 'unreadable'")
UNENDED = text("status IN ('open', 'approved')")
UNKEPT = text("kept_at IS NULL")
LIVE = text("state IN ('queued', 'posting', 'posted')")
REPLY = text("kind = 'reply' AND state <> 'dropped'")
# One that was tried before it was dropped may be at the customer all the same: there is no second one then.
HOLDING = text("kind = 'holding' AND (state <> 'dropped' OR rounds > 0)")
BRAKED = text("off_at IS NULL")


def partial(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
