"""What is only read of cases in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from worker.adapters.memory.state import LIVE, SendRow, State
from worker.models import Case, Draft, Status, Strength, Thread, Trace


class MemoryCaseLookups:
    """The reading half of `ports.ledger.Cases`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, case_id: str) -> Case | None:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            return None if row is None else row.case

    def _all(self) -> list[Case]:
        with self._state.lock:
            return [row.case for row in self._state.cases.values()]

    def of_ticket(self, ticket_id: int) -> Sequence[Case]:
        return [case for case in self._all() if case.ticket_id == ticket_id]

    def of_requester(self, requester_id: int, limit: int = 20) -> Sequence[Case]:
        theirs = [case for case in self._all() if case.requester_id == requester_id]
        return sorted(theirs, key=lambda case: (case.opened_at, case.case_id), reverse=True)[:limit]

    def by_status(self, status: Status, *, limit: int = 50, offset: int = 0) -> Sequence[Case]:
        found = [case for case in self._all() if case.status is status]
        newest = sorted(found, key=lambda case: (case.moved_at, case.case_id), reverse=True)
        return newest[offset : offset + limit]

    def moves(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            return [] if row is None else [dict(move) for move in row.moves]

    def drafts(self, case_id: str) -> Sequence[tuple[str, Draft, Trace]]:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            return [] if row is None else list(row.drafts)

    def thread(self, case_id: str) -> Thread | None:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            return None if row is None else row.thread

    def trace(self, case_id: str) -> Trace | None:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            return None if row is None else row.trace

    def replies_on_ticket(self, ticket_id: int) -> int:
        with self._state.lock:
            return sum(row.send.ticket_id == ticket_id for row in self._state.replies())

    def replies_to_requester(self, requester_id: int, within: timedelta) -> int:
        theirs = {case.case_id for case in self._all() if case.requester_id == requester_id}
        with self._state.lock:
            since = self._state.now() - within
            return sum(row.send.case_id in theirs and row.queued_at >= since for row in self._state.replies())

    def replied_to_requester(self, requester_id: int, within: timedelta) -> Sequence[str]:
        theirs = {case.case_id for case in self._all() if case.requester_id == requester_id}
        with self._state.lock:
            since = self._state.now() - within
            rows = [row for row in self._state.replies() if row.send.case_id in theirs and _newest(row) >= since]
            return [row.send.case_id for row in sorted(rows, key=lambda row: (row.queued_at, row.send.send_id))]

    def customer_of_requester(self, requester_id: int) -> str | None:
        sure = (Strength.VERIFIED, Strength.LINKED)
        theirs = [case for case in self._all() if case.requester_id == requester_id and case.strength in sure]
        found = {case.customer_id for case in theirs if case.customer_id is not None}
        return found.pop() if len(found) == 1 else None

    def counts(self) -> Mapping[str, int]:
        statuses = [case.status for case in self._all()]
        return {status.value: statuses.count(status) for status in Status}

    def oldest_open(self) -> timedelta | None:
        with self._state.lock:
            bells = [row.bell.received_at for row in self._state.bells.values() if row.waiting]
            opened = [case.opened_at for case in self._all() if case.status in (Status.OPEN, Status.APPROVED)]
            live = [row.queued_at for row in self._state.sends.values() if row.send.state in LIVE]
            return self._state.now() - min(bells + opened + live) if bells or opened or live else None

    def oldest_undrafted(self) -> timedelta | None:
        with self._state.lock:
            bells = [row.bell.received_at for row in self._state.bells.values() if row.waiting]
            opened = [case.opened_at for case in self._all() if case.status is Status.OPEN]
            return self._state.now() - min(bells + opened) if bells or opened else None

    def move_times(self) -> Sequence[Mapping[str, Any]]:
        shown = ("ticket_id", "message_key", "status", "opened_at", "moved_at")
        return [{name: getattr(case, name) for name in shown} for case in self._all()]


def _newest(row: SendRow) -> datetime:
    return max(row.queued_at, row.send.intended_at or row.queued_at)
