"""What is only read of cases: their history, drafts and threads, and the figures for gates, metrics and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, union_all

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.conditions import LIVE, REPLY, UNENDED, WAITING
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import SECONDS, THIS, Room, to_case
from worker.adapters.store.schema import case_moves, cases, doorbells, drafts, sends, snapshots
from worker.models import Case, Draft, Status, Strength, Thread, Trace

# What every draft asks; see room.THIS.
_ONE = Prepared(select(cases).where(cases.c.case_id == THIS))
_OF_TICKET = Prepared(select(cases).where(cases.c.ticket_id == THIS).order_by(cases.c.opened_at, cases.c.case_id))
_MOVES = Prepared(select(case_moves).where(case_moves.c.case_id == THIS).order_by(case_moves.c.move_id))
_THREAD = Prepared(select(snapshots.c.thread).where(snapshots.c.case_id == THIS))
_REPLIES = select(func.count()).select_from(sends).where(REPLY)
_REPLIES_ON = Prepared(_REPLIES.where(sends.c.ticket_id == THIS))
_REPLIES_TO = Prepared(
    _REPLIES.where(
        sends.c.case_id.in_(select(cases.c.case_id).where(cases.c.requester_id == THIS)),
        sends.c.queued_at >= clock() + SECONDS,
    )
)
_REPLIED_TO = Prepared(
    select(sends.c.case_id)
    .where(REPLY)
    .where(
        sends.c.case_id.in_(select(cases.c.case_id).where(cases.c.requester_id == THIS)),
        # It may have left days after it was queued, for want of a key.
        or_(sends.c.queued_at >= clock() + SECONDS, sends.c.intended_at >= clock() + SECONDS),
    )
    .order_by(sends.c.queued_at, sends.c.send_id)
)
_CUSTOMERS = Prepared(
    select(cases.c.customer_id)
    .distinct()
    .where(cases.c.requester_id == THIS, cases.c.customer_id.is_not(None))
    .where(or_(cases.c.strength == Strength.VERIFIED, cases.c.strength == Strength.LINKED))
    .limit(2)
)


class CaseLookups(Room):
    """The reading half of `ports.ledger.Cases`."""

    def get(self, case_id: str) -> Case | None:
        with self.looking() as line:
            row = _ONE.one(line, {"this_row": case_id})
            return None if row is None else to_case(row)

    def of_ticket(self, ticket_id: int) -> Sequence[Case]:
        with self.looking() as line:
            return [to_case(row) for row in _OF_TICKET.all(line, {"this_row": ticket_id})]

    def of_requester(self, requester_id: int, limit: int = 20) -> Sequence[Case]:
        newest = (cases.c.opened_at.desc(), cases.c.case_id.desc())
        query = select(cases).where(cases.c.requester_id == requester_id).order_by(*newest).limit(limit)
        with self.reading() as connection:
            return [to_case(row) for row in connection.execute(query)]

    def by_status(self, status: Status, *, limit: int = 50, offset: int = 0) -> Sequence[Case]:
        newest = (cases.c.moved_at.desc(), cases.c.case_id.desc())
        query = select(cases).where(cases.c.status == status).order_by(*newest).limit(limit).offset(offset)
        with self.reading() as connection:
            return [to_case(row) for row in connection.execute(query)]

    def moves(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        with self.looking() as line:
            return [
                {
                    "at": moment(row.at),
                    "from_status": Status(row.from_status),
                    "to_status": Status(row.to_status),
                    "by": row.moved_by,
                    "reasons": tuple(row.reasons),
                }
                for row in _MOVES.all(line, {"this_row": case_id})
            ]

    def drafts(self, case_id: str) -> Sequence[tuple[str, Draft, Trace]]:
        query = select(drafts).where(drafts.c.case_id == case_id).order_by(drafts.c.number)
        with self.reading() as connection:
            return [
                (row.draft_id, Draft.model_validate(row.draft), Trace.model_validate(row.trace))
                for row in connection.execute(query)
            ]

    def thread(self, case_id: str) -> Thread | None:
        with self.looking() as line:
            stored = _THREAD.scalar(line, {"this_row": case_id})
            return None if stored is None else Thread.model_validate(stored)

    def trace(self, case_id: str) -> Trace | None:
        with self.reading() as connection:
            stored = connection.execute(select(snapshots.c.trace).where(snapshots.c.case_id == case_id)).scalar()
            return None if stored is None else Trace.model_validate(stored)

    def replies_on_ticket(self, ticket_id: int) -> int:
        with self.looking() as line:
            return int(_REPLIES_ON.scalar(line, {"this_row": ticket_id}))

    def replies_to_requester(self, requester_id: int, within: timedelta) -> int:
        recent = {"this_row": requester_id, "seconds_from_now": -within.total_seconds()}
        with self.looking() as line:
            return int(_REPLIES_TO.scalar(line, recent))

    def replied_to_requester(self, requester_id: int, within: timedelta) -> Sequence[str]:
        recent = {"this_row": requester_id, "seconds_from_now": -within.total_seconds()}
        with self.looking() as line:
            return [row.case_id for row in _REPLIED_TO.all(line, recent)]

    def customer_of_requester(self, requester_id: int) -> str | None:
        with self.looking() as line:
            found = _CUSTOMERS.all(line, {"this_row": requester_id})
        return found[0].customer_id if len(found) == 1 else None

    def counts(self) -> Mapping[str, int]:
        query = select(cases.c.status, func.count().label("n")).group_by(cases.c.status)
        with self.reading() as connection:
            found = {row.status: row.n for row in connection.execute(query)}
        return {status.value: found.get(status.value, 0) for status in Status}

    def oldest_open(self) -> timedelta | None:
        leaving = select(func.min(sends.c.queued_at).label("at")).where(LIVE)
        return self._oldest(select(func.min(cases.c.opened_at).label("at")).where(UNENDED), leaving)

    def oldest_undrafted(self) -> timedelta | None:
        opened = select(func.min(cases.c.opened_at).label("at")).where(UNENDED, cases.c.status == Status.OPEN)
        return self._oldest(opened)

    def _oldest(self, *others: Select[tuple[float]]) -> timedelta | None:
        """Age of what began first: a doorbell that waits, or one of the `others`."""
        starts = union_all(select(func.min(doorbells.c.received_at).label("at")).where(WAITING), *others).subquery()
        with self.reading() as connection:
            age = connection.execute(select(clock() - func.min(starts.c.at))).scalar()
        return None if age is None else timedelta(seconds=max(0.0, age))

    def move_times(self) -> Sequence[Mapping[str, Any]]:
        columns = (cases.c.ticket_id, cases.c.message_key, cases.c.status, cases.c.opened_at, cases.c.moved_at)
        with self.reading() as connection:
            return [
                {
                    "ticket_id": row.ticket_id,
                    "message_key": row.message_key,
                    "status": Status(row.status),
                    "opened_at": moment(row.opened_at),
                    "moved_at": moment(row.moved_at),
                }
                for row in connection.execute(select(*columns).order_by(cases.c.opened_at, cases.c.case_id))
            ]
