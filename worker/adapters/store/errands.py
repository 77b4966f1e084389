"""What a lead set going and cannot see the end of: another draft that is to be written, an approval that was stopped.

The part of `ports.people.Reviews` that follows decisions up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Text, cast, delete, func, literal, select

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.conditions import WAITING
from worker.adapters.store.room import Room, upsert
from worker.adapters.store.schema import audit, case_moves, cases, doorbells, marks
from worker.models import Ring, Status
from worker.ports import AskedAnew, NotSent

_DAY = 86_400.0  # seconds; what is older was told by the queue itself
_TOLD = "told "
_STOPPED = (Status.SUPERSEDED, Status.HANDED_OVER, Status.HELD)


class Errands(Room):
    """What became of decisions, over SQL."""

    def asked_anew(self, case_id: str) -> AskedAnew | None:
        ticket = select(cases.c.ticket_id).where(cases.c.case_id == case_id).scalar_subquery()
        bells = select(doorbells.c.hint, doorbells.c.received_at).where(
            WAITING, doorbells.c.ring == Ring.REDRAFT, doorbells.c.ticket_id == ticket, doorbells.c.case_id == case_id
        )
        with self.reading() as connection:
            bell = connection.execute(bells.order_by(doorbells.c.received_at.desc()).limit(1)).first()
            if bell is None:
                return None
            # Who asked with these words: another lead's request, made later, may have been written already.
            this = (audit.c.action == "redraft", audit.c.subject == case_id, audit.c.detail == bell.hint)
            asked = select(audit.c.login).where(*this).order_by(audit.c.entry_id.desc())
            by = connection.execute(asked.limit(1)).scalar()
            return AskedAnew(by=by or "", hint=bell.hint, at=moment(bell.received_at))

    def not_sent(self, user: str) -> Sequence[NotSent]:
        ended, given = case_moves.alias("ended"), case_moves.alias("given")
        told = select(marks.c.name).where(marks.c.name == _mark(user, ended.c.move_id))
        last = select(func.max(given.c.move_id)).where(
            given.c.case_id == ended.c.case_id, given.c.move_id < ended.c.move_id, given.c.to_status == Status.APPROVED
        )
        # Of this case: two selects deep it would not be tied to it by itself, and be the last approval of all cases.
        newest = last.correlate(ended).scalar_subquery()
        approver = select(case_moves.c.moved_by).where(case_moves.c.move_id == newest).scalar_subquery()
        query = (
            select(ended, cases.c.ticket_id)
            .join(cases, cases.c.case_id == ended.c.case_id)
            .where(ended.c.at > clock() - _DAY, ~told.exists(), ended.c.to_status.in_(_STOPPED))
            .where(ended.c.from_status == Status.APPROVED, ended.c.moved_by != user, approver == user)
            .order_by(ended.c.at, ended.c.move_id)
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return [
            NotSent(
                move_id=row.move_id,
                case_id=row.case_id,
                ticket_id=row.ticket_id,
                reason=" ".join(row.reasons),
                by=row.moved_by,
                at=moment(row.at),
            )
            for row in rows
        ]

    def heard(self, user: str, move_ids: Collection[int]) -> None:
        """A mark for each move. Up to a time would not do, nor up to a number: on PostgreSQL a move may be committed
        after a later one has been told."""
        possible = [move_id for move_id in move_ids if move_id < 2**31]  # PostgreSQL refuses to compare with others
        moved = select(_mark(user, case_moves.c.move_id), case_moves.c.at)
        moved = moved.where(case_moves.c.move_id.in_(possible), case_moves.c.at > clock() - _DAY)
        old = (marks.c.name.startswith(_TOLD), marks.c.at < clock() - _DAY)
        with self.writing(synced=False) as connection:
            noted = upsert(connection.dialect.name, marks).from_select(["name", "at"], moved)
            connection.execute(noted.on_conflict_do_nothing())
            connection.execute(delete(marks).where(*old))


def _mark(user: str, move_id: ColumnElement[int]) -> ColumnElement[str]:
    return literal(f"{_TOLD}{user} ") + cast(move_id, Text)
