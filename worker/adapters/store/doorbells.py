"""Doorbells: what rang, what is waiting, and how far the poller has read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, exists, or_, select, update

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.conditions import UNENDED, UNREADABLE, WAITING
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import (
    EPOCH,
    THIS,
    Room,
    add_doorbells,
    claimed,
    doorbell_values,
    free,
    from_now,
    longest_due,
    to_doorbell,
    upsert,
)
from worker.adapters.store.schema import cases, doorbells, marks
from worker.adapters.store.together import Together, Values
from worker.models import Doorbell, Ring, Status

_CLAIM = Prepared(
    update(doorbells)
    .where(doorbells.c.doorbell_id == THIS, WAITING, free(doorbells))
    .values(claimed(doorbells))
    .returning(*doorbells.c, (clock() - doorbells.c.received_at).label("waited"))
)
_HELD = update(doorbells).where(doorbells.c.doorbell_id == THIS, doorbells.c.epoch == EPOCH, WAITING)
_DONE = Prepared(_HELD)
_POLL = "poll"
_SWEEP = "sweep"


class SqlDoorbells(Room):
    """`ports.ledger.Doorbells` over SQL."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._together = Together(self._store)

    def ring(
        self, ring: Ring, ticket_id: int | None, *, raw: bytes = b"", case_id: str | None = None, hint: str = ""
    ) -> str:
        values = doorbell_values(ring, ticket_id, raw=raw, case_id=case_id, hint=hint)
        self._together.commit(values)
        return str(values["doorbell_id"])

    def _store(self, rows: Sequence[Values]) -> None:
        with self.committing() as line:
            add_doorbells(line, rows)

    def claim(self, doorbell_id: str, lease: timedelta) -> Doorbell | None:
        with self.committing(synced=False, alone=True) as line:
            row = _CLAIM.one(line, {"this_row": doorbell_id, "seconds_from_now": lease.total_seconds()})
            return None if row is None else to_doorbell(row)

    def renew(self, doorbell_id: str, epoch: int, lease: timedelta) -> bool:
        # One that was given back must stay so: a renewal that comes late would keep the next worker out.
        held = doorbells.c.lease_until > 0
        this = (doorbells.c.doorbell_id == doorbell_id, doorbells.c.epoch == epoch, WAITING, held)
        until = {"lease_until": from_now(lease)}
        with self.writing(synced=False) as connection:
            if connection.execute(update(doorbells).where(*this).values(until)).rowcount == 0:
                return False
            drafting = (cases.c.opened_by == doorbell_id, cases.c.status == Status.OPEN, UNENDED)
            connection.execute(update(cases).where(*drafting).values(until))
            return True

    def finish(self, doorbell_id: str, epoch: int, outcome: str) -> bool:
        done = {"state": "done", "outcome": outcome, "lease_until": 0.0}
        with self.committing(synced=False, alone=True) as line:
            return _DONE.run(line, {"this_row": doorbell_id, "held_epoch": epoch, **done}) == 1

    def park(self, doorbell_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool) -> bool:
        later = _HELD.values(due_at=from_now(after), tries=doorbells.c.tries + int(failed))
        put_off = {"outcome": reason, "lease_until": 0.0}
        with self.writing() as connection:
            written = connection.execute(later, {"this_row": doorbell_id, "held_epoch": epoch, **put_off})
            return written.rowcount == 1

    def due(self, limit: int) -> Sequence[str]:
        oldest = (doorbells.c.received_at, doorbells.c.doorbell_id)
        with self.reading() as connection:
            query = select(doorbells.c.doorbell_id).where(WAITING, free(doorbells)).order_by(*oldest).limit(limit)
            return list(connection.execute(query).scalars())

    def announced(self, since: timedelta) -> Collection[str]:
        rung = (doorbells.c.ring == Ring.WEBHOOK, doorbells.c.epoch == 0)
        lately = doorbells.c.received_at > clock() - since.total_seconds()
        query = select(doorbells.c.doorbell_id).where(WAITING, *rung, lately)
        with self.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def late(self, doorbell_ids: Sequence[str]) -> timedelta:
        with self.reading() as connection:
            return longest_due(connection, doorbells, doorbells.c.doorbell_id.in_(doorbell_ids))

    def unreadable(self, limit: int) -> Sequence[tuple[str, datetime, bytes]]:
        """Newest first."""
        with self.reading() as connection:
            query = select(doorbells).where(UNREADABLE).order_by(doorbells.c.received_at.desc()).limit(limit)
            return [(row.doorbell_id, moment(row.received_at), bytes(row.raw)) for row in connection.execute(query)]

    def poll_mark(self) -> datetime | None:
        return self._marked(_POLL)

    def set_poll_mark(self, mark: datetime) -> None:
        self._mark(_POLL, mark.timestamp())

    def last_sweep(self) -> datetime | None:
        return self._marked(_SWEEP)

    def since_sweep(self) -> timedelta | None:
        with self.reading() as connection:
            ago = connection.execute(select(clock() - marks.c.at).where(marks.c.name == _SWEEP)).scalar()
            return None if ago is None else timedelta(seconds=ago)

    def note_sweep(self) -> None:
        self._mark(_SWEEP, clock())

    def _marked(self, name: str) -> datetime | None:
        with self.reading() as connection:
            at = connection.execute(select(marks.c.at).where(marks.c.name == name)).scalar()
            return None if at is None else moment(at)

    def _mark(self, name: str, at: float | clock) -> None:
        with self.writing() as connection:
            connection.execute(
                upsert(connection.dialect.name, marks)
                .values(name=name, at=at)
                .on_conflict_do_update(index_elements=["name"], set_={"at": at})
            )

    def seen(self, ticket_id: int, updated_at: datetime) -> bool:
        # A doorbell that nobody has claimed yet will read the thread later than now, whenever it was received.
        unread = and_(WAITING, doorbells.c.lease_until <= clock())
        since = doorbells.c.received_at >= updated_at.timestamp()
        rung = exists().where(doorbells.c.ticket_id == ticket_id, or_(since, unread))
        with self.reading() as connection:
            return bool(connection.execute(select(rung)).scalar())
