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
            if not bells:
                return None
            this = ("redraft", case_id, bells[-1].hint)
            by = [e["user"] for e in self._state.audit if (e["action"], e["subject"], e["detail"]) == this]
            return AskedAnew(by=by[-1] if by else "", hint=bells[-1].hint, at=bells[-1].received_at)

    def not_sent(self, user: str) -> Sequence[NotSent]:
        with self._state.lock:
            since = max(self._state.now() - _DAY, self._state.told.get(user, self._state.now() - _DAY))
            found = [one for row in self._state.cases.values() for one in _stopped(row, user) if one.at > since]
            return sorted(found, key=lambda one: one.at)

    def heard(self, user: str, until: datetime) -> None:
        with self._state.lock:
            until = min(until, self._state.now())
            self._state.told[user] = max(until, self._state.told.get(user, until))


def _stopped(row: CaseRow, user: str) -> list[NotSent]:
    out: list[NotSent] = []
    approver = ""
    for move in row.moves:
        if move["to_status"] is Status.APPROVED:
            approver = move["by"]
        elif (
            move["from_status"] is Status.APPROVED and move["to_status"] in _STOPPED and approver == user != move["by"]
        ):
            case = row.case
            words = " ".join(move["reasons"])
            where = {"case_id": case.case_id, "ticket_id": case.ticket_id}
            out.append(NotSent(**where, reason=words, by=move["by"], at=move["at"]))
    return out
