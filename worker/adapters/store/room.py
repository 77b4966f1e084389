"""What all rooms of the ledger share: transactions, rows read as nouns, and the writes that several rooms make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Row,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from worker.adapters.store.columns import clock, moment, new_id, written
from worker.adapters.store.engine import writing
from worker.adapters.store.lines import lines_of
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.schema import audit, doorbells, sends
from worker.adapters.store.trouble import judged, shown
from worker.adapters.store.turn import turn_for
from worker.models import Case, Doorbell, Ring, Send, SendState
from worker.ports import MAY_BE_THERE, Outgoing

DESKHAND = "deskhand"  # who moved a case, where no person did
# What the statements leave open that are made once and not for each ticket: SQLAlchemy needs longer to put one together
# than SQLite to carry it out. No column may have one of these names.
THIS: BindParameter[Any] = bindparam("this_row")
EPOCH: BindParameter[Any] = bindparam("held_epoch")
SECONDS = bindparam("seconds_from_now", type_=Double)


class Room:
    """Transactions over one pool. Rows become nouns inside them, so that a row that does not read is judged too.

    What every ticket asks and writes is prepared: `looking` and `committing`. All else: `reading` and `writing`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lines = lines_of(engine)
        self._called = shown(engine.url)
        self._turn = turn_for(Path(str(engine.url.database))).taken if engine.dialect.name == "sqlite" else nullcontext

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """On SQLite all its statements see the same state; on PostgreSQL each sees what is committed by then."""
        with judged(self._called), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[On]:
        """`reading` for a block with a single prepared statement."""
        with judged(self._called), self._lines.looking() as line:
            yield line

    @contextmanager
    def writing(self, *, synced: bool = True) -> Iterator[Connection]:
        """Committed at the end of the block, also after a `return` in it; rolled back by any exception.

        Not `synced`: what may be forgotten when the power fails, since nothing outside knows of it yet, and the work is
        then done again from the last commit that was synced; that one takes all before it along. Of SQLite, whose
        readers all fall with the same machine. Of PostgreSQL every commit is synced: a worker elsewhere, still holding
        an epoch that its server has forgotten, could meet another one with the same.
        """
        with judged(self._called), self._turn(), writing(self._engine, synced=synced) as connection:
            yield connection

    @contextmanager
    def committing(self, *, synced: bool = True, alone: bool = False) -> Iterator[On]:
        """`writing` for prepared statements.

        `alone`: the block makes a single one, and an exception after it need not take it back. SQLite then begins and
        commits with it: of the three short steps for which everybody else's writes wait, one is left.
        """
        with judged(self._called), self._turn(), self._lines.writing(synced=synced, alone=alone) as line:
            yield line


def upsert(dialect: str, table: Any) -> Any:
    """INSERT of this database's dialect, with its on_conflict_... methods."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def from_now(wait: timedelta) -> ColumnElement[float]:
    return clock() + wait.total_seconds()


def claimed(table: Any) -> dict[str, Any]:
    """What a claim writes, for SECONDS. A lease that was given back is 0; whoever let one run out counts as dead."""
    died = case((table.c.lease_until > 0, 1), else_=0)
    return {"epoch": table.c.epoch + 1, "deaths": table.c.deaths + died, "lease_until": clock() + SECONDS}


def free(table: Any) -> ColumnElement[bool]:
    """No live lease, and due."""
    return and_(table.c.lease_until <= clock(), table.c.due_at <= clock())


def longest_due(connection: Connection, table: Any, this: ColumnElement[bool]) -> timedelta:
    """For how long the row that has been due longest has been due; zero for none."""
    since = case((table.c.lease_until > table.c.due_at, table.c.lease_until), else_=table.c.due_at)
    seconds = connection.execute(select(clock() - func.min(since)).where(this)).scalar()
    return timedelta(seconds=max(seconds or 0.0, 0.0))


# --- rows to nouns


def to_doorbell(row: Row[Any]) -> Doorbell:
    return Doorbell(
        doorbell_id=row.doorbell_id,
        ring=Ring(row.ring),
        ticket_id=row.ticket_id,
        received_at=moment(row.received_at),
        case_id=row.case_id,
        hint=row.hint,
        tries=row.tries,
        epoch=row.epoch,
        deaths=row.deaths,
        waited=timedelta(seconds=max(0.0, row.waited)),
    )


def to_case(row: Row[Any]) -> Case:
    stored = {name: getattr(row, name) for name in Case.model_fields if name not in ("opened_at", "moved_at")}
    return Case(**stored, opened_at=moment(row.opened_at), moved_at=moment(row.moved_at))


def to_send(row: Row[Any]) -> Send:
    stored = {name: getattr(row, name) for name in Send.model_fields if name != "intended_at"}
    return Send(**stored, intended_at=None if row.intended_at is None else moment(row.intended_at))


# --- writes that several rooms make


def ring_doorbell(
    on: On, why: Ring, ticket_id: int | None, *, raw: bytes = b"", case_id: str | None, hint: str = ""
) -> str:
    values = doorbell_values(why, ticket_id, raw=raw, case_id=case_id, hint=hint)
    add_doorbells(on, [values])
    return str(values["doorbell_id"])


def doorbell_values(why: Ring, ticket_id: int | None, *, raw: bytes, case_id: str | None, hint: str) -> dict[str, Any]:
    """A new row's, for `add_doorbells`."""
    return {
        "doorbell_id": new_id("d"),
        "ring": why,
        "ticket_id": ticket_id,
        "case_id": case_id,
        "hint": hint,
        # A payload that was read has told us its ticket; the rest of it is not trusted, so not kept either.
        "raw": raw if ticket_id is None else b"",
        "state": "unreadable" if ticket_id is None else "waiting",
    }


_RUNG = Prepared(insert(doorbells).values(received_at=clock(), due_at=clock()))


def add_doorbells(on: On, rows: Sequence[Mapping[str, Any]]) -> None:
    _RUNG.many(on, rows)


_QUEUED = Prepared(insert(sends).values(queued_at=clock(), due_at=clock() + SECONDS))


def add_send(
    on: On,
    case_id: str,
    ticket_id: int,
    message_key: str,
    outgoing: Outgoing,
    wait: timedelta = timedelta(0),
) -> str:
    """Queues it, due after `wait`. Taken if it is a second live reply to the same customer message."""
    values = _send_values(case_id, ticket_id, message_key, outgoing)
    _QUEUED.run(on, {**values, "seconds_from_now": wait.total_seconds()})
    return str(values["send_id"])


def add_holding_reply(connection: Connection, held: Row[Any], letter: Outgoing) -> str | None:
    """Queues it, due at once, for a row of `cases`. None if that message has one: that of another incident, which may
    have come in since the caller looked."""
    values = _send_values(held.case_id, held.ticket_id, held.message_key, letter)
    new = upsert(connection.dialect.name, sends).values(**values, queued_at=clock(), due_at=clock())
    return connection.execute(new.on_conflict_do_nothing().returning(sends.c.send_id)).scalar()


def _send_values(case_id: str, ticket_id: int, message_key: str, outgoing: Outgoing) -> dict[str, Any]:
    return {
        "send_id": new_id("s"),
        "case_id": case_id,
        "ticket_id": ticket_id,
        "message_key": message_key,
        "kind": outgoing.kind,
        "body_html": outgoing.body_html,
        "body_hash": outgoing.body_hash,
        "change": written(outgoing.change),
        "state": SendState.QUEUED,
    }


def drop_queued_replies(connection: Connection, reason: str, *where: ColumnElement[bool]) -> list[str]:
    """The ids of their cases."""
    return drop_queued(connection, reason, sends.c.kind == "reply", *where)


def drop_queued(connection: Connection, reason: str, *where: ColumnElement[bool]) -> list[str]:
    """They are not under way now, and whoever claimed one fails at `intend`. An earlier attempt may have arrived: where
    there was one in doubt, the remark says so. The ids of their cases."""
    return list(connection.execute(_DROP.where(*where), {"this_reason": reason}).scalars())


_DOUBT = case((sends.c.rounds > 0, MAY_BE_THERE), else_="")
_DROP = (
    update(sends)
    .where(sends.c.state == SendState.QUEUED)
    .values(state=SendState.DROPPED, remark=bindparam("this_reason", type_=Text) + _DOUBT, lease_until=0.0)
    .returning(sends.c.case_id)
)
DROP_REPLIES = Prepared(_DROP.where(sends.c.kind == "reply", sends.c.case_id == THIS))  # as `drop_queued_replies`


def note_audit(connection: Connection, user: str, action: str, subject: str, detail: str = "") -> None:
    connection.execute(insert(audit).values(at=clock(), login=user, action=action, subject=subject, detail=detail))
