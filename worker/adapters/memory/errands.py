"""What became of a lead's decisions, in memory: redrafts that wait to be written, approvals that were stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.adapters.memory.state import CaseRow, State
from worker.models import Ring, Status
from worker.ports import AskedAnew, NotSent

_DAY = timedelta(days=1)
_STOPPED = (Status.SUPERSEDED, Status.HANDED_OVER, Status.HELD)


class MemoryErrands:
    """The part of `ports.ledger.Reviews` that follows decisions up."""

    _state: State

    def asked_anew(self, case_id: str) -> AskedAnew | None:
        with self._state.lock:
            rung = [row.bell for row in self._state.bells.values() if row.waiting and row.bell.case_id == case_id]
            bells = [bell for bell in rung if bell.ring is Ring.REDRAFT]
            by = [e["user"] for e in self._state.audit if (e["action"], e["subject"]) == ("redraft", case_id)]
            return AskedAnew(by=by[-1], hint=bells[-1].hint, at=bells[-1].received_at) if bells else None

    def not_sent(self, user: str) -> Sequence[NotSent]:
        with self._state.lock:
            since = max(self._state.now() - _DAY, self._state.told.get(user, self._state.now() - _DAY))
            found = [(at, one) for row in self._state.cases.values() for at, one in _stopped(row, user) if at > since]
            found.sort(key=lambda pair: pair[0])
            if found:
                self._state.told[user] = found[-1][0]
            return [one for _, one in found]


def _stopped(row: CaseRow, user: str) -> list[tuple[datetime, NotSent]]:
    out: list[tuple[datetime, NotSent]] = []
    approver = ""
    for move in row.moves:
        if move["to_status"] is Status.APPROVED:
            approver = move["by"]
        elif (
            move["from_status"] is Status.APPROVED and move["to_status"] in _STOPPED and approver == user != move["by"]
        ):
            case = row.case
            words = " ".join(move["reasons"])
            told = NotSent(case_id=case.case_id, ticket_id=case.ticket_id, reason=words, by=move["by"])
            out.append((move["at"], told))
    return out
