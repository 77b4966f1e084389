"""Sends in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from worker.adapters.memory.promises import keep
from worker.adapters.memory.state import DESKHAND, LIVE, SendRow, State
from worker.adapters.store.columns import clean
from worker.adapters.store.sends import NEWS, PUBLIC, SETTLING, stranded_note
from worker.models import Posted, Promise, Ring, Send, SendKind, SendState, Status
from worker.ports import Outgoing

_UNSENT = (SendState.QUEUED, SendState.POSTING)


class MemorySends:
    """`ports.ledger.Sends`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def claim(self, send_id: str, lease: timedelta) -> Send | None:
        with self._state.lock:
            row = self._state.sends.get(send_id)
            if row is None or not self._due(row):
                return None
            died = row.lease_until is not None
            row.lease_until = self._state.lease(lease)
            return _write(row, epoch=row.send.epoch + 1, deaths=row.send.deaths + died)

    def renew(self, send_id: str, epoch: int, lease: timedelta) -> bool:
        with self._state.lock:
            row = self._mine(send_id, epoch, LIVE)
            if row is None or row.lease_until is None:
                return False
            row.lease_until = self._state.lease(lease)
            return True

    def settled(self, send_id: str, epoch: int, settle: timedelta) -> bool:
        with self._state.lock:
            row = self._mine(send_id, epoch, LIVE)
            if row is None or row.send.intended_at is None or row.send.intended_at + settle <= self._state.now():
                return True
            row.lease_until, row.due_at = None, row.send.intended_at + settle
            _write(row, remark=SETTLING)
            return False

    def intend(self, send_id: str, epoch: int) -> Send | None:
        with self._state.lock:
            row = self._mine(send_id, epoch, _UNSENT)
            if row is None or self._state.free(row.lease_until):
                return None
            now = self._state.now()
            return _write(row, state=SendState.POSTING, intended_at=now, rounds=row.send.rounds + 1, remark="")

    def posted(self, send_id: str, epoch: int, posted: Posted, promises: Sequence[Promise] = ()) -> bool:
        with self._state.lock:
            row = self._mine(send_id, epoch, [SendState.POSTING])
            if row is None:
                return False
            _write(row, state=SendState.POSTED, remote_id=clean(posted.remote_id))
            row.posted_at = posted.at
            case = self._state.cases[row.send.case_id]
            if row.send.kind in PUBLIC:
                keep(self._state, case, row.send, posted.at, promises)
            if row.send.kind is SendKind.REPLY and case.case.status is Status.APPROVED:
                self._state.move(case, Status.SENT, by=DESKHAND)
            return True

    def done(self, send_id: str, epoch: int, remark: str = "") -> bool:
        with self._state.lock:
            return self._end(send_id, epoch, [SendState.POSTED], SendState.DONE, remark) is not None

    def park(
        self, send_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool, nothing_left: bool
    ) -> bool:
        with self._state.lock:
            row = self._mine(send_id, epoch, LIVE)
            if row is None:
                return False
            back = nothing_left and row.send.state is SendState.POSTING
            state = SendState.QUEUED if back else row.send.state
            rounds = row.send.rounds - int(back)
            _write(row, state=state, rounds=rounds, tries=row.send.tries + int(failed), remark=clean(reason))
            row.lease_until, row.due_at = None, self._state.lease(after)
            return True

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
        with self._state.lock:
            row = self._end(send_id, epoch, _UNSENT, SendState.DROPPED, reason)
            if row is None:
                return False
            if case_to is not None:
                self._state.move(self._state.cases[row.send.case_id], case_to, by=DESKHAND, reasons=[reason])
            if recheck:
                self._state.ring(Ring.RECHECK, row.send.ticket_id, case_id=None)
            if note is not None:
                self._state.add_send(self._state.cases[row.send.case_id].case, note)
            return True

    def strand(self, send_id: str, epoch: int, reason: str) -> bool:
        with self._state.lock:
            row = self._end(send_id, epoch, _UNSENT, SendState.STRANDED, reason)
            if row is not None and row.send.kind is SendKind.REPLY:
                case = self._state.cases[row.send.case_id]
                self._state.move(case, Status.HANDED_OVER, by=DESKHAND, reasons=[reason])
                self._state.add_send(case.case, stranded_note(reason))
            return row is not None

    def add_note(self, case_id: str, note: Outgoing, *, hand_over: str = "") -> str | None:
        with self._state.lock:
            case = self._state.cases[case_id]
            if hand_over and case.case.status in (Status.SUPERSEDED, Status.IGNORED):
                self._state.move(case, Status.HANDED_OVER, by=DESKHAND, reasons=[hand_over])
            elif any(row.send.kind is note.kind for row in self._state.sends.values() if row.send.case_id == case_id):
                return None
            return self._state.add_send(case.case, note)

    def replies_of(self, ticket_id: int) -> Sequence[Send]:
        with self._state.lock:
            rows = [row.send for row in self._state.sends.values() if row.send.kind in PUBLIC]
            tried = [s for s in rows if s.state is not SendState.DROPPED or s.rounds > 0]
            return [s for s in tried if s.ticket_id == ticket_id and s.state is not SendState.QUEUED]

    def of_ticket(self, ticket_id: int) -> Sequence[Send]:
        with self._state.lock:
            return [row.send for row in self._state.sends.values() if row.send.ticket_id == ticket_id]

    def _end(self, send_id: str, epoch: int, from_: Sequence[SendState], to: SendState, remark: str) -> SendRow | None:
        row = self._mine(send_id, epoch, from_)
        if row is not None:
            _write(row, state=to, remark=clean(remark))
            row.lease_until = None
        return row

    def _mine(self, send_id: str, epoch: int, states: Sequence[SendState]) -> SendRow | None:
        row = self._state.sends.get(send_id)
        return row if row is not None and row.send.epoch == epoch and row.send.state in states else None

    def _due(self, row: SendRow) -> bool:
        return row.send.state in LIVE and row.due_at <= self._state.now() and self._state.free(row.lease_until)

    def due(self, limit: int) -> Sequence[str]:
        with self._state.lock:
            return [send_id for send_id, row in self._state.sends.items() if self._due(row)][:limit]

    def late(self, send_ids: Sequence[str]) -> timedelta:
        with self._state.lock:
            rows = [self._state.sends[one] for one in send_ids]
            return self._state.longest_due([(row.due_at, row.lease_until) for row in rows])

    def of_case(self, case_id: str) -> Sequence[Send]:
        with self._state.lock:
            return [row.send for row in self._state.sends.values() if row.send.case_id == case_id]

    def in_doubt(self) -> int:
        with self._state.lock:
            return sum(doubtful(row, self._state) for row in self._state.sends.values())


def doubtful(row: SendRow, state: State) -> bool:
    """What `Sends.in_doubt` counts."""
    if row.send.state is SendState.POSTING:
        return state.free(row.lease_until)
    since = state.now() - NEWS
    return row.send.state is SendState.STRANDED and row.send.intended_at is not None and row.send.intended_at > since


def _write(row: SendRow, **columns: Any) -> Send:
    row.send = row.send.model_copy(update=columns)
    return row.send
