"""What became of a lead's decisions, in memory: redrafts that wait to be written, approvals that were stopped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

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
            since = self._state.now() - _DAY
            found = [one for row in self._state.cases.values() for one in _stopped(row, user) if one.at > since]
            news = [one for one in found if (user, one.move_id) not in self._state.told]
            return sorted(news, key=lambda one: (one.at, one.move_id))

    def heard(self, user: str, move_ids: Collection[int]) -> None:
        with self._state.lock:
            self._state.told |= {(user, move_id) for move_id in move_ids if move_id <= self._state.moved}


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
            where = {"move_id": move["move_id"], "case_id": case.case_id, "ticket_id": case.ticket_id}
            out.append(NotSent(**where, reason=words, by=move["by"], at=move["at"]))
    return out
