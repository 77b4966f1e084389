"""The statements that conclude a draft, made once: SQLAlchemy needs longer to put one together than SQLite to carry it
out, and every ticket would have them put together anew. Called by cases.py.

What they leave open is given with the call; no column may have the name of one of these.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Double, and_, bindparam, exists, or_, select

from worker.adapters.store.columns import clock
from worker.adapters.store.room import EPOCH, SECONDS, THIS, upsert
from worker.adapters.store.schema import case_words, cases, doorbells, snapshots
from worker.models import Status

_ANSWER = bindparam("seconds_to_answer", type_=Double)
STALE = select(exists().where(doorbells.c.doorbell_id == THIS, doorbells.c.epoch != EPOCH))
JUDGED = select(cases.c.message_key, cases.c.status).where(
    cases.c.ticket_id == THIS,
    and_(cases.c.status != Status.IGNORED, cases.c.status != Status.SUPERSEDED),
    or_(cases.c.status != Status.OPEN, cases.c.lease_until > clock()),
)
ON_TICKET = select(cases.c.case_id, cases.c.status, cases.c.message_key, cases.c.opened_at).where(
    cases.c.ticket_id == THIS, cases.c.case_id != bindparam("newest")
)


@cache
def opening(dialect: str) -> Any:
    """An INSERT that leaves a case alone that is there already. The databases each have their own."""
    times = {
        "opened_at": clock(),
        "moved_at": clock(),
        "lease_until": clock() + SECONDS,
        "answer_by": clock() + _ANSWER,
    }
    return upsert(dialect, cases).values(times).on_conflict_do_nothing().returning(*cases.c)


@cache
def snapshot(dialect: str) -> Any:
    """In place of the one before."""
    fresh = upsert(dialect, snapshots)
    new = {"thread": fresh.excluded.thread, "trace": fresh.excluded.trace}
    return fresh.on_conflict_do_update(index_elements=["case_id"], set_=new)


@cache
def wording(dialect: str, drafted: bool) -> Any:
    """What a search finds a case by; without a new draft the last one's words stay."""
    fresh = upsert(dialect, case_words)
    new = {"thread_words": fresh.excluded.thread_words}
    if drafted:
        new["draft_words"] = fresh.excluded.draft_words
    return fresh.on_conflict_do_update(index_elements=["case_id"], set_=new)
