"""Promises to customers, over SQL: written with the reply that made them, open until somebody says they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)

from worker.adapters.store.columns import Words, clock, moment, new_id
from worker.adapters.store.conditions import UNKEPT, partial
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import THIS, Room, note_audit
from worker.adapters.store.schema import METADATA, audit, case_moves
from worker.adapters.store.schema_incidents import holdings
from worker.models import MadePromise, Promise, SendKind, Status

promises = Table(
    "promises",
    METADATA,
    Column("promise_id", Words, primary_key=True),
    Column("send_id", Words, ForeignKey("sends.send_id"), nullable=False),
    Column("number", Integer, nullable=False),  # its place in the reply
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("ticket_id", BigInteger, nullable=False, index=True),
    Column("act", Words, nullable=False),
    Column("words", Words, nullable=False),
    Column("due", Text),  # ISO date
    Column("period", Words, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("kept_at", Double),
    Column("kept_by", Words, nullable=False, default=""),
    UniqueConstraint("send_id", "number"),
    partial("ix_promises_open", "due", "made_at", where=UNKEPT),
)


class SqlPromises(Room):
    """`ports.promises.Promises` over SQL."""

    def open(self, limit: int, offset: int = 0) -> Sequence[MadePromise]:
        with self.reading() as connection:
            first = (promises.c.due.is_(None), promises.c.due, promises.c.made_at, promises.c.number)
            rows = connection.execute(select(promises).where(UNKEPT).order_by(*first).limit(limit).offset(offset))
            return [_made(row) for row in rows]

    def count_open(self) -> int:
        with self.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(promises).where(UNKEPT)).scalar_one())

    def of_ticket(self, ticket_id: int) -> Sequence[MadePromise]:
        this = select(promises).where(promises.c.ticket_id == ticket_id)
        with self.reading() as connection:
            rows = connection.execute(this.order_by(promises.c.made_at, promises.c.send_id, promises.c.number))
            return [_made(row) for row in rows]

    def kept(self, promise_id: str, user: str) -> bool:
        this = (promises.c.promise_id == promise_id, UNKEPT)
        with self.writing() as connection:
            row = connection.execute(
                update(promises).where(*this).values(kept_at=clock(), kept_by=user).returning(promises.c.case_id)
            ).one_or_none()
            if row is not None:
                note_audit(connection, user, "promise kept", row.case_id, promise_id)
            return row is not None


_ROW = Prepared(insert(promises))
_APPROVED = Prepared(
    select(case_moves)
    .where(case_moves.c.case_id == THIS, case_moves.c.to_status == Status.APPROVED)
    .order_by(case_moves.c.move_id.desc())
    .limit(1)
)
_INCIDENT = select("incident " + cast(holdings.c.brake_id, Text)).where(holdings.c.send_id == THIS)
_PRESSED = Prepared(
    select(audit.c.login)
    .where(audit.c.subject.in_(_INCIDENT), audit.c.action == "send holding reply", audit.c.at >= bindparam("queued_at"))
    .order_by(audit.c.entry_id)
    .limit(1)
)


def keep(on: On, send: Row[Any], at: float, made: Sequence[Promise]) -> None:
    """Writes the promises of a reply that is at the helpdesk since `at`."""
    if not made:
        return
    by = _held_by(on, send) if send.kind == SendKind.HOLDING else _approved_by(on, send.case_id)
    for number, promise in enumerate(made):
        row = promise.model_dump(mode="json") | {"promise_id": new_id("p"), "send_id": send.send_id, "number": number}
        of = {"case_id": send.case_id, "ticket_id": send.ticket_id, "made_at": at, "made_by": by, "kept_by": ""}
        _ROW.run(on, {**row, **of})


def _approved_by(on: On, case_id: str) -> str:
    moved = _APPROVED.one(on, {"this_row": case_id})
    return moved.moved_by if moved is not None and moved.from_status == Status.HELD else ""


def _held_by(on: On, send: Row[Any]) -> str:
    """Who sent this holding reply. Each press on an incident ends with its entry in the audit log, and two wait for
    each other: the first entry after the reply was queued is that of its own press."""
    return str(_PRESSED.scalar(on, {"this_row": send.send_id, "queued_at": send.queued_at}) or "")


def _made(row: Row[Any]) -> MadePromise:
    stored = {name: row._mapping[name] for name in MadePromise.model_fields}
    kept = None if row.kept_at is None else moment(row.kept_at)
    return MadePromise(**(stored | {"made_at": moment(row.made_at), "kept_at": kept}))
