"""Reviews in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.adapters.memory.lessons import MemoryLessons
from worker.adapters.memory.state import CaseRow
from worker.models import Draft, Lesson, Ring, SendKind, Status
from worker.ports import HeldRow, Outgoing


class MemoryReviews(MemoryLessons):
    """`ports.ledger.Reviews`."""

    def held(self, *, limit: int = 50, offset: int = 0) -> Sequence[HeldRow]:
        with self._state.lock:
            now = self._state.now()
            rows = sorted(self._held(), key=lambda row: (-row.case.priority, row.case.opened_at, row.case.case_id))
            return [
                HeldRow(
                    case=row.case,
                    template_id=row.case.template_id,
                    findings=_guards(row),
                    age_seconds=(now - row.case.opened_at).total_seconds(),
                )
                for row in rows[offset : offset + limit]
            ]

    def held_count(self) -> int:
        with self._state.lock:
            return len(self._held())

    def _held(self) -> list[CaseRow]:
        return [row for row in self._state.cases.values() if row.case.status is Status.HELD]

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
            return self._state.add_send(row.case, reply)

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        with self._state.lock:
            row = self._newest(case_id, draft_id)
            if row is None:
                return None
            edited = self._state.add_draft(row, draft, row.drafts[-1][2])
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

    def redraft(self, case_id: str, hint: str, user: str) -> str | None:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            if row is None or row.case.status is not Status.HELD:
                return None
            self._state.note_audit(user, "redraft", case_id, hint)
            return self._state.ring(Ring.REDRAFT, row.case.ticket_id, case_id=case_id, hint=hint)

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None:
        with self._state.lock:
            self._state.note_audit(user, action, subject, detail)

    def audit_log(self, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        with self._state.lock:
            return [dict(entry) for entry in reversed(self._state.audit)][:limit]


def _guards(row: CaseRow) -> tuple[str, ...]:
    findings = row.drafts[-1][1].findings if row.drafts else ()
    return tuple(dict.fromkeys(finding.guard for finding in findings))
