"""The statements that conclude a draft, made once: SQLAlchemy needs longer to put one together than SQLite to carry it
out, and every ticket would have them put together anew. Called by cases.py.

What they leave open is given with the call; no column may have the name of one of these.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, and_, bindparam, exists, or_, select, update

from worker.adapters.store.columns import clock
from worker.adapters.store.moving import MOVE
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import EPOCH, SECONDS, THIS, upsert
from worker.adapters.store.schema import case_words, cases, doorbells, sends, snapshots
from worker.models import SendState, Status

_ANSWER = bindparam("seconds_to_answer", type_=Double)
STALE = Prepared(select(exists().where(doorbells.c.doorbell_id == THIS, doorbells.c.epoch != EPOCH)))
JUDGED = Prepared(
    select(cases.c.message_key, cases.c.status).where(
        cases.c.ticket_id == THIS,
        and_(cases.c.status != Status.IGNORED, cases.c.status != Status.SUPERSEDED),
        or_(cases.c.status != Status.OPEN, cases.c.lease_until > clock()),
    )
)
_THIS_MESSAGE = (
    cases.c.ticket_id == bindparam("this_ticket"),
    cases.c.message_key == bindparam("this_key"),
)
_AGAIN = {
    "epoch": cases.c.epoch + 1,
    "lease_until": clock() + SECONDS,
    "answer_by": cases.c.opened_at + _ANSWER,
}
LEFT_OPEN = Prepared(
    update(cases)
    .where(*_THIS_MESSAGE, cases.c.status == Status.OPEN)
    .where(or_(cases.c.lease_until <= clock(), cases.c.opened_by == bindparam("this_doorbell")))
    .values(_AGAIN)
    .returning(*cases.c)
)
REDRAFT = Prepared(MOVE.where(*_THIS_MESSAGE).values(_AGAIN))
QUEUED_ON = Prepared(
    select(sends.c.case_id).where(sends.c.ticket_id == THIS, sends.c.state == SendState.QUEUED, sends.c.kind == "reply")
)
ON_TICKET = Prepared(
    select(cases.c.case_id, cases.c.status, cases.c.message_key, cases.c.opened_at).where(
        cases.c.ticket_id == THIS, cases.c.case_id != bindparam("newest")
    )
)


def _opening(dialect: str) -> Any:
    """An INSERT that leaves a case alone that is there already. The databases each have their own."""
    times = {
        "opened_at": clock(),
        "moved_at": clock(),
        "lease_until": clock() + SECONDS,
        "answer_by": clock() + _ANSWER,
    }
    return upsert(dialect, cases).values(times).on_conflict_do_nothing().returning(*cases.c)


def _snapshot(dialect: str) -> Any:
    """In place of the one before."""
    fresh = upsert(dialect, snapshots)
    new = {"thread": fresh.excluded.thread, "trace": fresh.excluded.trace}
    return fresh.on_conflict_do_update(index_elements=["case_id"], set_=new)


def _wording(dialect: str) -> Any:
    """What a search finds a case by; without a new draft the last one's words stay."""
    fresh = upsert(dialect, case_words)
    new = {"thread_words": fresh.excluded.thread_words}
    return fresh.on_conflict_do_update(index_elements=["case_id"], set_=new)


def _wording_with_draft(dialect: str) -> Any:
    fresh = upsert(dialect, case_words)
    new = {"thread_words": fresh.excluded.thread_words, "draft_words": fresh.excluded.draft_words}
    return fresh.on_conflict_do_update(index_elements=["case_id"], set_=new)


OPENING, SNAPSHOT = Prepared(_opening), Prepared(_snapshot)
WORDING, WORDING_WITH_DRAFT = Prepared(_wording), Prepared(_wording_with_draft)
