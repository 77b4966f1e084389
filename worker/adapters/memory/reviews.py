"""Reviews in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from worker.adapters.memory.desks import MemoryDesks
from worker.adapters.memory.errands import MemoryErrands
from worker.adapters.memory.lessons import MemoryLessons
from worker.adapters.memory.queue import MemoryQueue
from worker.adapters.memory.state import CaseRow, SendRow
from worker.models import Draft, Lesson, Ring, SendKind, SendState, Status
from worker.ports import Outgoing


class MemoryReviews(MemoryQueue, MemoryDesks, MemoryErrands, MemoryLessons):
    """`ports.ledger.Reviews`."""

    def _newest(self, case_id: str, draft_id: str) -> CaseRow | None:
        """The case, if it is held and this is its newest draft."""
        row = self._state.cases.get(case_id)
        held = row is not None and row.case.status is Status.HELD and bool(row.drafts)
        return row if row is not None and held and row.drafts[-1][0] == draft_id else None

    def approve(
        self,
        case_id: str,
        draft_id: str,
        body_hash: str,
        outgoing: Outgoing,
        user: str,
        *,
        wait: timedelta = timedelta(0),
        lesson: Lesson | None = None,
    ) -> str | None:
        reply = outgoing.model_copy(update={"kind": SendKind.REPLY})
        with self._state.lock:
            row = self._newest(case_id, draft_id)
            if row is None or not outgoing.body_hash == body_hash == row.drafts[-1][1].body_hash:
                return None
            if not self._state.may_send(row.case, [reply]):
                return None
            self._state.move(row, Status.APPROVED, by=user)
            self._state.note_audit(user, "approve", case_id, draft_id)
            self._learn(row, draft_id, "approved", user, lesson)
            return self._state.add_send(row.case, reply, wait)

    def leaves_in(self, case_id: str) -> timedelta | None:
        with self._state.lock:
            due = [r.due_at for r in self._queued_replies() if r.send.case_id == case_id]
            return max(due[0] - self._state.now(), timedelta(0)) if due else None

    def undo(self, case_id: str, user: str) -> bool:
        with self._state.lock:
            never_tried = any(row.send.case_id == case_id for row in self._queued_replies())
            if not never_tried or not self._state.drop_queued_reply(case_id, f"Taken back by {user}."):
                return False
            self._state.move(self._state.cases[case_id], Status.HELD, by=user, minder=user)
            self._state.note_audit(user, "undo", case_id)
            return True

    def _queued_replies(self) -> list[SendRow]:
        """Of which no attempt is in doubt."""
        queued = [row for row in self._state.replies() if row.send.state is SendState.QUEUED]
        return [row for row in queued if row.send.rounds == 0]

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        with self._state.lock:
            row = self._newest(case_id, draft_id)
            if row is None:
                return None
            edited = self._state.add_draft(row, draft, row.drafts[-1][2])
            row.case = row.case.model_copy(update={"minder": user})
            self._state.note_audit(user, "edit", case_id, edited)
            self._learn(row, edited, "edited", user, lesson)
            return edited

    def reject(
        self,
        case_id: str,
        draft_id: str,
        reason: str,
        user: str,
        outgoing: Outgoing | None = None,
        *,
        lesson: Lesson | None = None,
    ) -> bool:
        with self._state.lock:
            row = self._newest(case_id, draft_id)
            if row is None:
                return False
            self._state.note_audit(user, "reject", case_id, reason)
            self._learn(row, draft_id, "rejected", user, lesson, reason)
            if outgoing is not None:
                self._state.add_send(row.case, outgoing)
            return self._state.move(row, Status.REJECTED, by=user, reasons=[reason])

    def redraft(self, case_id: str, hint: str, user: str, *, draft_id: str = "") -> str | None:
        with self._state.lock:
            row = self._newest(case_id, draft_id) if draft_id else self._state.cases.get(case_id)
            if row is None or row.case.status is not Status.HELD:
                return None
            row.case = row.case.model_copy(update={"minder": user})
            self._state.note_audit(user, "redraft", case_id, hint)
            return self._state.ring(Ring.REDRAFT, row.case.ticket_id, case_id=case_id, hint=hint)

    def mark_stale(self, stale: Mapping[str, Sequence[str]]) -> None:
        with self._state.lock:
            for row in self._state.cases.values():
                if row.case.status is Status.HELD and row.drafts:
                    source_ids = tuple(stale.get(row.drafts[-1][0], ()))
                    row.case = row.case.model_copy(update={"stale": source_ids})

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None:
        with self._state.lock:
            self._state.note_audit(user, action, subject, detail)

    def done_on(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        with self._state.lock:
            acts = ("edit", "redraft")
            return [dict(e) for e in self._state.audit if e["subject"] == case_id and e["action"] in acts]

    def audit_log(self, limit: int = 100, offset: int = 0) -> Sequence[Mapping[str, Any]]:
        with self._state.lock:
            return [dict(entry) for entry in reversed(self._state.audit)][offset : offset + limit]
