"""What a lead set going and cannot see the end of: another draft that is to be written, an approval that was stopped.

The part of `ports.people.Reviews` that follows decisions up.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.conditions import WAITING
from worker.adapters.store.room import Room, upsert
from worker.adapters.store.schema import audit, case_moves, cases, doorbells, marks
from worker.models import Ring, Status
from worker.ports import AskedAnew, NotSent

_DAY = 86_400.0  # seconds; what is older was told by the queue itself
_STOPPED = (Status.SUPERSEDED, Status.HANDED_OVER, Status.HELD)


class Errands(Room):
    """What became of decisions, over SQL."""

    def asked_anew(self, case_id: str) -> AskedAnew | None:
        ticket = select(cases.c.ticket_id).where(cases.c.case_id == case_id).scalar_subquery()
        bells = select(doorbells.c.hint, doorbells.c.received_at).where(
            WAITING, doorbells.c.ring == Ring.REDRAFT, doorbells.c.ticket_id == ticket, doorbells.c.case_id == case_id
        )
        asked = select(audit.c.login).where(audit.c.action == "redraft", audit.c.subject == case_id)
        with self.reading() as connection:
            bell = connection.execute(bells.order_by(doorbells.c.received_at.desc()).limit(1)).first()
            if bell is None:
                return None
            by = connection.execute(asked.order_by(audit.c.entry_id.desc()).limit(1)).scalar()
            return AskedAnew(by=by or "", hint=bell.hint, at=moment(bell.received_at))

    def not_sent(self, user: str) -> Sequence[NotSent]:
        """One mark per lead says up to when she was told; it is only written when there is something to tell."""
        mark = f"told {user}"
        ended, given = case_moves.alias("ended"), case_moves.alias("given")
        told = select(marks.c.at).where(marks.c.name == mark).scalar_subquery()
        last = select(func.max(given.c.move_id)).where(
            given.c.case_id == ended.c.case_id, given.c.move_id < ended.c.move_id, given.c.to_status == Status.APPROVED
        )
        approver = select(case_moves.c.moved_by).where(case_moves.c.move_id == last.scalar_subquery()).scalar_subquery()
        query = (
            select(ended, cases.c.ticket_id)
            .join(cases, cases.c.case_id == ended.c.case_id)
            .where(ended.c.at > clock() - _DAY, ended.c.at > func.coalesce(told, 0.0), ended.c.to_status.in_(_STOPPED))
            .where(ended.c.from_status == Status.APPROVED, ended.c.moved_by != user, approver == user)
            .order_by(ended.c.at)
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        if rows:
            newest = {"at": rows[-1].at}
            with self.writing() as connection:
                noted = upsert(connection.dialect.name, marks).values(name=mark, **newest)
                connection.execute(noted.on_conflict_do_update(index_elements=["name"], set_=newest))
        return [
            NotSent(case_id=row.case_id, ticket_id=row.ticket_id, reason=" ".join(row.reasons), by=row.moved_by)
            for row in rows
        ]
