"""Who is at what: whose a case is, who has it open, and which tickets a colleague has taken over.

The part of `ports.people.Reviews` that is about people rather than drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from worker.adapters.store.columns import clock
from worker.adapters.store.moving import move
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import (
    THIS,
    Room,
    add_send,
    drop_queued,
    drop_queued_replies,
    note_audit,
    upsert,
)
from worker.adapters.store.schema import cases, sends, taken, viewers
from worker.models import SendKind, Status
from worker.ports import Outgoing

GIVEN_BACK_BEFORE = "Not written: {} gave the ticket back before."
OVERTAKEN = (SendKind.HELD_NOTE, SendKind.GIVEN_BACK)  # by somebody's taking the ticket over
_FORGOTTEN = 3600.0  # seconds after which nobody asks any more who had a case open


class Desks(Room):
    """Leads at their desks, over SQL."""

    def mind(self, case_id: str, minder: str, user: str, *, was: str = "") -> bool:
        this = (cases.c.case_id == case_id, cases.c.status == Status.HELD, cases.c.minder.in_({"", was, minder}))
        with self.writing() as connection:
            if connection.execute(update(cases).where(*this).values(minder=minder)).rowcount == 0:
                return False
            note_audit(connection, user, "mind", case_id, minder)
            return True

    def look(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        known = select(cases.c.case_id).where(cases.c.case_id == case_id)
        with self.writing() as connection:
            if connection.execute(known).first() is None:
                return []
            seen = upsert(connection.dialect.name, viewers).values(case_id=case_id, login=user, seen_at=clock())
            connection.execute(
                seen.on_conflict_do_update(index_elements=["case_id", "login"], set_={"seen_at": clock()})
            )
            connection.execute(delete(viewers).where(viewers.c.seen_at < clock() - _FORGOTTEN))
            return _others(connection, case_id, user, within)

    def others(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        with self.reading() as connection:
            return _others(connection, case_id, user, within)

    def take_over(self, case_id: str, user: str, reason: str, outgoing: Outgoing | None = None) -> bool:
        with self.writing() as connection:
            this = connection.execute(select(cases).where(cases.c.case_id == case_id)).one_or_none()
            if this is None:
                return False
            fresh = upsert(connection.dialect.name, taken).values(
                ticket_id=this.ticket_id, login=user, taken_at=clock()
            )
            if connection.execute(fresh.on_conflict_do_nothing().returning(taken.c.ticket_id)).first() is None:
                return False
            on_it, on_ticket = cases.c.ticket_id == this.ticket_id, sends.c.ticket_id == this.ticket_id
            stopped = drop_queued_replies(connection, reason, on_ticket)
            left = select(cases.c.case_id, cases.c.status).where(on_it).with_for_update()
            for row in connection.execute(left).all():
                if row.status in (Status.OPEN, Status.HELD) or row.case_id in stopped:
                    move(connection, row.case_id, Status(row.status), Status.HANDED_OVER, by=user, reasons=[reason])
            # Left in the queue they would tell the team of a draft that is none any more, or that the ticket was given
            # back, after the note that says the contrary.
            drop_queued(connection, reason, on_ticket, sends.c.kind.in_(OVERTAKEN))
            if outgoing is not None:
                add_send(connection, case_id, this.ticket_id, this.message_key, outgoing)
            note_audit(connection, user, "take over", case_id, f"ticket {this.ticket_id}")
            return True

    def give_back(
        self,
        ticket_id: int,
        user: str,
        *,
        taker: str = "",
        case_id: str = "",
        note: Outgoing | None = None,
        moot: str = "",
    ) -> bool:
        hers = [taken.c.login == taker] if taker else []
        this = select(cases.c.message_key).where(cases.c.case_id == case_id, cases.c.ticket_id == ticket_id)
        with self.writing() as connection:
            if connection.execute(delete(taken).where(taken.c.ticket_id == ticket_id, *hers)).rowcount == 0:
                return False
            if moot:
                unsaid = (
                    sends.c.ticket_id == ticket_id,
                    sends.c.body_hash == moot,
                    sends.c.kind == SendKind.HANDOVER_NOTE,
                )
                drop_queued(connection, GIVEN_BACK_BEFORE.format(user), *unsaid)
            if note is not None:
                message_key = connection.execute(this).scalar_one()
                add_send(connection, case_id, ticket_id, message_key, note)
            note_audit(connection, user, "give back", f"ticket {ticket_id}")
            return True

    def taken_by(self, ticket_id: int) -> str:
        with self.looking() as line:
            return str(_TAKEN_BY.scalar(line, {"this_row": ticket_id}) or "")


_TAKEN_BY = Prepared(select(taken.c.login).where(taken.c.ticket_id == THIS))


def _others(connection: Connection, case_id: str, user: str, within: timedelta) -> list[str]:
    recent = viewers.c.seen_at >= clock() - within.total_seconds()
    there = select(viewers.c.login).where(viewers.c.case_id == case_id, viewers.c.login != user, recent)
    return list(connection.execute(there.order_by(viewers.c.login)).scalars())
