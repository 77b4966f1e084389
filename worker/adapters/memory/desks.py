"""Leads at their desks, in memory: whose a case is, who has it open, which tickets are taken over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from worker.adapters.memory.state import State
from worker.adapters.store.columns import clean
from worker.adapters.store.desks import GIVEN_BACK_BEFORE, OVERTAKEN
from worker.models import Send, SendKind, SendState, Status
from worker.ports import MAY_BE_THERE, Outgoing


class MemoryDesks:
    """The part of `ports.ledger.Reviews` that is about people."""

    def __init__(self, state: State) -> None:
        self._state = state

    def mind(self, case_id: str, minder: str, user: str, *, was: str = "") -> bool:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            if row is None or row.case.status is not Status.HELD or row.case.minder not in ("", was, minder):
                return False
            row.case = row.case.model_copy(update={"minder": minder})
            self._state.note_audit(user, "mind", case_id, minder)
            return True

    def look(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        with self._state.lock:
            if case_id not in self._state.cases:
                return []
            self._state.viewers[case_id, user] = self._state.now()
            return self.others(case_id, user, within)

    def others(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        with self._state.lock:
            now = self._state.now()
            seen = [(login, at) for (case, login), at in self._state.viewers.items() if case == case_id]
            return sorted(login for login, at in seen if login != user and at >= now - within)

    def take_over(self, case_id: str, user: str, reason: str, outgoing: Outgoing | None = None) -> bool:
        with self._state.lock:
            this = self._state.cases.get(case_id)
            if this is None or this.case.ticket_id in self._state.taken:
                return False
            self._state.taken[this.case.ticket_id] = user
            for row in [row for row in self._state.cases.values() if row.case.ticket_id == this.case.ticket_id]:
                stopped = self._state.drop_queued_reply(row.case.case_id, reason)
                if stopped or row.case.status in (Status.OPEN, Status.HELD):
                    self._state.move(row, Status.HANDED_OVER, by=user, reasons=[reason])
            self._drop_queued(this.case.ticket_id, reason, lambda send: send.kind in OVERTAKEN)
            if outgoing is not None:
                self._state.add_send(this.case, outgoing)
            self._state.note_audit(user, "take over", case_id, f"ticket {this.case.ticket_id}")
            return True

    def give_back(
        self,
        ticket_id: int,
        user: str,
        *,
        taker: str = "",
        case_id: str = "",
        note: Outgoing | None = None,
        moot: str = "",
    ) -> bool:
        with self._state.lock:
            here = self._state.taken.get(ticket_id)
            if here is None or taker not in ("", here):
                return False
            del self._state.taken[ticket_id]
            if moot:
                unsaid = GIVEN_BACK_BEFORE.format(user)
                self._drop_queued(
                    ticket_id, unsaid, lambda send: send.kind is SendKind.HANDOVER_NOTE and send.body_hash == moot
                )
            if note is not None:
                self._state.add_send(self._state.cases[case_id].case, note)
            self._state.note_audit(user, "give back", f"ticket {ticket_id}")
            return True

    def _drop_queued(self, ticket_id: int, reason: str, these: Callable[[Send], bool]) -> None:
        for row in self._state.sends.values():
            if row.send.ticket_id == ticket_id and row.send.state is SendState.QUEUED and these(row.send):
                remark = clean(reason) + (MAY_BE_THERE if row.send.rounds else "")
                row.send = row.send.model_copy(update={"state": SendState.DROPPED, "remark": remark})
                row.lease_until = None

    def taken_by(self, ticket_id: int) -> str:
        return self._state.taken.get(ticket_id, "")
