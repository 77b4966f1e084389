"""Doorbells in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from worker.adapters.memory.state import BellRow, State
from worker.models import Doorbell, Ring, Status


class MemoryDoorbells:
    """`ports.ledger.Doorbells`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mark: datetime | None = None
        self._swept: datetime | None = None

    def ring(
        self, ring: Ring, ticket_id: int | None, *, raw: bytes = b"", case_id: str | None = None, hint: str = ""
    ) -> str:
        with self._state.lock:
            return self._state.ring(ring, ticket_id, raw=raw, case_id=case_id, hint=hint)

    def claim(self, doorbell_id: str, lease: timedelta) -> Doorbell | None:
        with self._state.lock:
            row = self._state.bells.get(doorbell_id)
            if row is None or not self._due(row):
                return None
            died = row.lease_until is not None
            row.bell = row.bell.model_copy(
                update={
                    "epoch": row.bell.epoch + 1,
                    "deaths": row.bell.deaths + died,
                    "waited": self._state.now() - row.bell.received_at,
                }
            )
            row.lease_until = self._state.lease(lease)
            return row.bell

    def renew(self, doorbell_id: str, epoch: int, lease: timedelta) -> bool:
        with self._state.lock:
            row = self._mine(doorbell_id, epoch)
            if row is None or row.lease_until is None:
                return False
            row.lease_until = self._state.lease(lease)
            for one in self._state.cases.values():
                if one.opened_by == doorbell_id and one.case.status is Status.OPEN:
                    one.lease_until = row.lease_until
            return True

    def finish(self, doorbell_id: str, epoch: int, outcome: str) -> bool:
        with self._state.lock:
            row = self._mine(doorbell_id, epoch)
            if row is not None:
                row.waiting, row.lease_until = False, None
            return row is not None

    def park(self, doorbell_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool) -> bool:
        with self._state.lock:
            row = self._mine(doorbell_id, epoch)
            if row is not None:
                row.bell = row.bell.model_copy(update={"tries": row.bell.tries + int(failed)})
                row.lease_until, row.due_at = None, self._state.lease(after)
            return row is not None

    def _mine(self, doorbell_id: str, epoch: int) -> BellRow | None:
        row = self._state.bells.get(doorbell_id)
        return row if row is not None and row.waiting and row.bell.epoch == epoch else None

    def _due(self, row: BellRow) -> bool:
        return row.waiting and row.due_at <= self._state.now() and self._state.free(row.lease_until)

    def due(self, limit: int) -> Sequence[str]:
        with self._state.lock:
            return [doorbell_id for doorbell_id, row in self._state.bells.items() if self._due(row)][:limit]

    def announced(self, since: timedelta) -> Collection[str]:
        with self._state.lock:
            return frozenset(
                doorbell_id
                for doorbell_id, row in self._state.bells.items()
                if row.waiting and row.bell.ring is Ring.WEBHOOK and row.bell.epoch == 0
                if self._state.now() - row.bell.received_at < since
            )

    def late(self, doorbell_ids: Sequence[str]) -> timedelta:
        with self._state.lock:
            rows = [self._state.bells[one] for one in doorbell_ids]
            return self._state.longest_due([(row.due_at, row.lease_until) for row in rows])

    def unreadable(self, limit: int) -> Sequence[tuple[str, datetime, bytes]]:
        with self._state.lock:
            kept = [row for row in self._state.bells.values() if row.bell.ticket_id is None]
            return [(row.bell.doorbell_id, row.bell.received_at, row.raw) for row in reversed(kept)][:limit]

    def poll_mark(self) -> datetime | None:
        return self._mark

    def set_poll_mark(self, mark: datetime) -> None:
        self._mark = mark

    def last_sweep(self) -> datetime | None:
        return self._swept

    def since_sweep(self) -> timedelta | None:
        return None if self._swept is None else self._state.now() - self._swept

    def note_sweep(self) -> None:
        self._swept = self._state.now()

    def seen(self, ticket_id: int, updated_at: datetime) -> bool:
        with self._state.lock:
            rung = [row for row in self._state.bells.values() if row.bell.ticket_id == ticket_id]
            unread = any(row.waiting and self._state.free(row.lease_until) for row in rung)
            return unread or any(row.bell.received_at >= updated_at for row in rung)
