"""Sends: the outgoing writes, from intent to done. Delivery is the only caller that may put one on its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from worker.adapters.store.columns import clock
from worker.adapters.store.conditions import LIVE
from worker.adapters.store.moving import move
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.promises import keep
from worker.adapters.store.room import (
    DESKHAND,
    EPOCH,
    SECONDS,
    THIS,
    Room,
    add_send,
    claimed,
    free,
    from_now,
    longest_due,
    ring_doorbell,
    to_send,
)
from worker.adapters.store.schema import cases, sends
from worker.models import Posted, Promise, Ring, Send, SendKind, SendState, Status
from worker.ports import Outgoing
from worker.support.bodies import body_hash

# A person has the ticket, with a note: an alarm about it that never ends would hide the next one.
NEWS = timedelta(days=1)
SETTLING = "waiting for an attempt in doubt to settle"
PUBLIC = (SendKind.REPLY, SendKind.HOLDING)
_UNSENT = (SendState.QUEUED, SendState.POSTING)
_MINE = (sends.c.send_id == THIS, sends.c.epoch == EPOCH)
_CLAIM = Prepared(
    update(sends).where(sends.c.send_id == THIS, LIVE, free(sends)).values(claimed(sends)).returning(*sends.c)
)
# One that was given back must stay so: a renewal that comes late would keep the next worker out.
_RENEW = Prepared(update(sends).where(*_MINE, LIVE, sends.c.lease_until > 0).values(lease_until=clock() + SECONDS))
_OVER = sends.c.intended_at + SECONDS
_BACK = {"lease_until": 0.0, "due_at": _OVER, "remark": SETTLING}
_YOUNG = Prepared(update(sends).where(*_MINE, LIVE, clock() < _OVER).values(_BACK))
_INTEND = Prepared(
    update(sends)
    .where(*_MINE, or_(*(sends.c.state == one for one in _UNSENT)))
    .where(sends.c.lease_until > clock())
    # The remark told why it waited: what waits from now on is only its change of the ticket.
    .values(state=SendState.POSTING, intended_at=clock(), rounds=sends.c.rounds + 1, remark="")
    .returning(*sends.c)
)
_HELD = update(sends).where(*_MINE).returning(*sends.c)
_FROM_POSTING = Prepared(_HELD.where(sends.c.state == SendState.POSTING))
_FROM_POSTED = Prepared(_HELD.where(sends.c.state == SendState.POSTED))
_FROM_UNSENT = Prepared(_HELD.where(or_(*(sends.c.state == one for one in _UNSENT))))
_OF_TICKET = Prepared(select(sends).where(sends.c.ticket_id == THIS).order_by(sends.c.queued_at, sends.c.send_id))


def stranded_note(reason: str) -> Outgoing:
    """What a person reads on the ticket whose reply stayed in doubt."""
    body = (
        "<p>Deskhand could not make sure whether its reply reached the customer. "
        f"Please look at the thread and answer if it is missing.</p><p>{escape(reason)}</p>"
    )
    return Outgoing(kind=SendKind.HANDOVER_NOTE, body_html=body, body_hash=body_hash(body))


class SqlSends(Room):
    """`ports.ledger.Sends` over SQL."""

    def claim(self, send_id: str, lease: timedelta) -> Send | None:
        with self.committing(synced=False, alone=True) as line:
            row = _CLAIM.one(line, {"this_row": send_id, "seconds_from_now": lease.total_seconds()})
            return None if row is None else to_send(row)

    def renew(self, send_id: str, epoch: int, lease: timedelta) -> bool:
        this = {"this_row": send_id, "held_epoch": epoch, "seconds_from_now": lease.total_seconds()}
        with self.committing(synced=False, alone=True) as line:
            return _RENEW.run(line, this) == 1

    def settled(self, send_id: str, epoch: int, settle: timedelta) -> bool:
        this = {"this_row": send_id, "held_epoch": epoch, "seconds_from_now": settle.total_seconds()}
        with self.committing(synced=False, alone=True) as line:
            return _YOUNG.run(line, this) == 0

    def intend(self, send_id: str, epoch: int) -> Send | None:
        with self.committing(alone=True) as line:
            row = _INTEND.one(line, {"this_row": send_id, "held_epoch": epoch})
            return None if row is None else to_send(row)

    def posted(self, send_id: str, epoch: int, posted: Posted, promises: Sequence[Promise] = ()) -> bool:
        at = posted.at.timestamp()
        with self.committing(synced=False) as line:
            row = _leave(
                line,
                _FROM_POSTING,
                send_id,
                epoch,
                state=SendState.POSTED,
                remote_id=posted.remote_id,
                posted_at=at,
            )
            if row is not None and row.kind in PUBLIC:
                keep(line, row, at, promises)
            if row is not None and row.kind == SendKind.REPLY:
                move(line, row.case_id, Status.APPROVED, Status.SENT, by=DESKHAND)
            return row is not None

    def done(self, send_id: str, epoch: int, remark: str = "") -> bool:
        with self.committing(synced=False, alone=True) as line:
            given_back = {"remark": remark, "lease_until": 0.0}
            return _leave(line, _FROM_POSTED, send_id, epoch, state=SendState.DONE, **given_back) is not None

    def park(
        self, send_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool, nothing_left: bool
    ) -> bool:
        columns: dict[str, Any] = {"lease_until": 0.0, "due_at": from_now(after), "remark": reason}
        if failed:
            columns["tries"] = sends.c.tries + 1
        this = (sends.c.send_id == send_id, sends.c.epoch == epoch)
        with self.writing() as connection:
            written = connection.execute(update(sends).where(*this, LIVE).values(columns)).rowcount == 1
            if written and nothing_left:
                back = update(sends).where(*this, sends.c.state == SendState.POSTING)
                connection.execute(back.values(state=SendState.QUEUED, rounds=sends.c.rounds - 1))
            return written

    def drop(
        self,
        send_id: str,
        epoch: int,
        reason: str,
        *,
        case_to: Status | None,
        recheck: bool = False,
        note: Outgoing | None = None,
    ) -> bool:
        with self.writing() as connection:
            given_back = {"remark": reason, "lease_until": 0.0}
            row = _leave(connection, _FROM_UNSENT, send_id, epoch, state=SendState.DROPPED, **given_back)
            if row is None:
                return False
            if case_to is not None:
                _move_case(connection, row.case_id, case_to, reason)
            if recheck:
                ring_doorbell(connection, Ring.RECHECK, row.ticket_id, case_id=None)
            if note is not None:
                add_send(connection, row.case_id, row.ticket_id, row.message_key, note)
            return True

    def strand(self, send_id: str, epoch: int, reason: str) -> bool:
        with self.writing() as connection:
            given_back = {"remark": reason, "lease_until": 0.0}
            row = _leave(connection, _FROM_UNSENT, send_id, epoch, state=SendState.STRANDED, **given_back)
            if row is not None and row.kind == SendKind.REPLY:
                _move_case(connection, row.case_id, Status.HANDED_OVER, reason)
                add_send(connection, row.case_id, row.ticket_id, row.message_key, stranded_note(reason))
            return row is not None

    def add_note(self, case_id: str, note: Outgoing, *, hand_over: str = "") -> str | None:
        with self.writing() as connection:
            # The case's row is locked: of two that would add a note, the second sees the first one's.
            row = connection.execute(select(cases).where(cases.c.case_id == case_id).with_for_update()).one()
            if not (hand_over and _handed_over(connection, row, hand_over)):
                noted = select(sends.c.send_id).where(sends.c.case_id == case_id, sends.c.kind == note.kind)
                if connection.execute(noted).first() is not None:
                    return None
            return add_send(connection, case_id, row.ticket_id, row.message_key, note)

    def due(self, limit: int) -> Sequence[str]:
        oldest = (sends.c.queued_at, sends.c.send_id)
        with self.reading() as connection:
            query = select(sends.c.send_id).where(LIVE, free(sends)).order_by(*oldest).limit(limit)
            return list(connection.execute(query).scalars())

    def replies_of(self, ticket_id: int) -> Sequence[Send]:
        left = [SendState.POSTING, SendState.POSTED, SendState.DONE, SendState.STRANDED]
        tried = (sends.c.state == SendState.DROPPED) & (sends.c.rounds > 0)
        these = (sends.c.ticket_id == ticket_id, sends.c.kind.in_(PUBLIC))
        query = select(sends).where(*these, or_(sends.c.state.in_(left), tried))
        with self.reading() as connection:
            return [to_send(row) for row in connection.execute(query.order_by(sends.c.queued_at, sends.c.send_id))]

    def of_ticket(self, ticket_id: int) -> Sequence[Send]:
        with self.looking() as line:
            return [to_send(row) for row in _OF_TICKET.all(line, {"this_row": ticket_id})]

    def late(self, send_ids: Sequence[str]) -> timedelta:
        with self.reading() as connection:
            return longest_due(connection, sends, sends.c.send_id.in_(send_ids))

    def of_case(self, case_id: str) -> Sequence[Send]:
        query = select(sends).where(sends.c.case_id == case_id).order_by(sends.c.queued_at, sends.c.send_id)
        with self.reading() as connection:
            return [to_send(row) for row in connection.execute(query)]

    def in_doubt(self) -> int:
        with self.reading() as connection:
            return connection.execute(select(func.count()).select_from(sends).where(doubtful())).scalar_one()


def doubtful() -> ColumnElement[bool]:
    """What `Sends.in_doubt` counts."""
    abandoned = (sends.c.state == SendState.POSTING) & (sends.c.lease_until <= clock())
    stranded = (sends.c.state == SendState.STRANDED) & (sends.c.intended_at > clock() - NEWS.total_seconds())
    return or_(abandoned, stranded)


def _leave(on: On, whole: Prepared, send_id: str, epoch: int, **columns: Any) -> Any:
    """The row after it, or None. `whole`: the statement for the states from which it may go."""
    return whole.one(on, {"this_row": send_id, "held_epoch": epoch, **columns})


def _handed_over(connection: Connection, case: Any, reason: str) -> bool:
    """Whether a case that had ended without an answer went to a person just now."""
    if case.status not in (Status.SUPERSEDED, Status.IGNORED):
        return False
    there = move(connection, case.case_id, Status(case.status), Status.HANDED_OVER, by=DESKHAND, reasons=[reason])
    return there is not None


def _move_case(connection: Connection, case_id: str, to: Status, reason: str) -> None:
    """From wherever the case stands; where MOVES has no way from there, it has ended otherwise and stays."""
    status = connection.execute(select(cases.c.status).where(cases.c.case_id == case_id)).scalar_one()
    move(connection, case_id, Status(status), to, by=DESKHAND, reasons=[reason])
