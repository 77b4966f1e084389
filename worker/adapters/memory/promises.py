"""Promises to customers, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from worker.adapters.memory.state import CaseRow, State, cleaned
from worker.adapters.store.columns import clean, new_id
from worker.models import MadePromise, Promise, Send, SendKind, Status


class MemoryPromises:
    """`ports.promises.Promises`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def open(self, limit: int, offset: int = 0) -> Sequence[MadePromise]:
        with self._state.lock:
            left = [one for one in self._state.promises.values() if one.kept_at is None]
        first = sorted(left, key=lambda one: (one.due is None, one.due.isoformat() if one.due else "", one.made_at))
        return first[offset : offset + limit]

    def count_open(self) -> int:
        with self._state.lock:
            return sum(one.kept_at is None for one in self._state.promises.values())

    def of_ticket(self, ticket_id: int) -> Sequence[MadePromise]:
        with self._state.lock:
            made = [one for one in self._state.promises.values() if one.ticket_id == ticket_id]
        return sorted(made, key=lambda one: (one.made_at, one.send_id))

    def kept(self, promise_id: str, user: str) -> bool:
        with self._state.lock:
            one = self._state.promises.get(promise_id)
            if one is None or one.kept_at is not None:
                return False
            now = {"kept_at": self._state.now(), "kept_by": clean(user)}
            self._state.promises[promise_id] = one.model_copy(update=now)
            self._state.note_audit(user, "promise kept", one.case_id, promise_id)
            return True


def keep(state: State, row: CaseRow, send: Send, at: datetime, made: Sequence[Promise]) -> None:
    """Whoever calls this holds the lock."""
    moves = [move for move in row.moves if move["to_status"] is Status.APPROVED]
    by = moves[-1]["by"] if moves and moves[-1]["from_status"] is Status.HELD else ""
    if send.kind is SendKind.HOLDING:
        by = state.held_by[send.send_id]
    for promise in made:
        of = {"case_id": send.case_id, "send_id": send.send_id, "ticket_id": send.ticket_id}
        whole = MadePromise(**promise.model_dump(), **of, promise_id=new_id("p"), made_at=at, made_by=by)
        state.promises[whole.promise_id] = cleaned(whole)
