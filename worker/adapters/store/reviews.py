"""Reviews: what support leads do with held drafts. Every action lands in the audit log in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, select, update

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.lessons import Openings, learn
from worker.adapters.store.room import add_draft, add_send, move, note_audit, ring_doorbell, to_case
from worker.adapters.store.schema import audit, cases, drafts
from worker.adapters.store.trouble import Taken
from worker.models import Draft, Lesson, Ring, SendKind, Status, Trace
from worker.ports import HeldRow, Outgoing


class SqlReviews(Openings):
    """`ports.ledger.Reviews` over SQL."""

    def held(self, *, limit: int = 50, offset: int = 0) -> Sequence[HeldRow]:
        urgent = (cases.c.priority.desc(), cases.c.opened_at, cases.c.case_id)
        # The page is cut before the drafts are joined, or each of 10,000 would be looked up first.
        page = (
            select(cases).where(cases.c.status == Status.HELD).order_by(*urgent).limit(limit).offset(offset).subquery()
        )
        query = (
            select(page, drafts.c.guards, (clock() - page.c.opened_at).label("age"))
            .outerjoin(drafts, drafts.c.draft_id == page.c.draft_id)
            .order_by(page.c.priority.desc(), page.c.opened_at, page.c.case_id)
        )
        with self.reading() as connection:
            return [
                HeldRow(
                    case=to_case(row),
                    template_id=row.template_id,
                    findings=tuple(row.guards or ()),
                    age_seconds=max(0.0, row.age),
                )
                for row in connection.execute(query)
            ]

    def held_count(self) -> int:
        with self.reading() as connection:
            return connection.execute(
                select(func.count()).select_from(cases).where(cases.c.status == Status.HELD)
            ).scalar_one()

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
        """Also None where `outgoing` has another hash than the draft: what is sent is exactly what was shown."""
        if outgoing.body_hash != body_hash:
            return None
        shown = exists().where(drafts.c.draft_id == draft_id, drafts.c.body_hash == body_hash)
        reply = outgoing.model_copy(update={"kind": SendKind.REPLY})
        newest = (cases.c.draft_id == draft_id, shown)
        try:
            with self.writing() as connection:
                row = move(connection, case_id, Status.HELD, Status.APPROVED, by=user, where=newest)
                if row is None:
                    return None
                note_audit(connection, user, "approve", case_id, draft_id)
                learn(connection, case_id, draft_id, "approved", user, lesson)
                return add_send(connection, case_id, row.ticket_id, row.message_key, reply)
        except Taken:
            return None

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        """The new draft keeps the trace of the one it came from."""
        this = (cases.c.case_id == case_id, cases.c.draft_id == draft_id, cases.c.status == Status.HELD)
        with self.writing() as connection:
            # Writing the row locks it: of two edits of the same draft, the second finds another newest one.
            if connection.execute(update(cases).where(*this).values(draft_id=draft_id)).rowcount == 0:
                return None
            trace = connection.execute(select(drafts.c.trace).where(drafts.c.draft_id == draft_id)).scalar_one()
            edited = add_draft(connection, case_id, draft, Trace.model_validate(trace))
            note_audit(connection, user, "edit", case_id, edited)
            learn(connection, case_id, edited, "edited", user, lesson)
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
        newest = [cases.c.draft_id == draft_id]
        with self.writing() as connection:
            row = move(connection, case_id, Status.HELD, Status.REJECTED, by=user, reasons=[reason], where=newest)
            if row is not None:
                note_audit(connection, user, "reject", case_id, reason)
                learn(connection, case_id, draft_id, "rejected", user, lesson, reason)
                if outgoing is not None:
                    add_send(connection, case_id, row.ticket_id, row.message_key, outgoing)
            return row is not None

    def redraft(self, case_id: str, hint: str, user: str) -> str | None:
        """The case stays HELD, and can still be approved, until the doorbell is drafted."""
        query = select(cases.c.ticket_id).where(cases.c.case_id == case_id, cases.c.status == Status.HELD)
        with self.writing() as connection:
            ticket_id = connection.execute(query.with_for_update()).scalar()
            if ticket_id is None:
                return None
            note_audit(connection, user, "redraft", case_id, hint)
            return ring_doorbell(connection, Ring.REDRAFT, ticket_id, case_id=case_id, hint=hint)

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None:
        with self.writing() as connection:
            note_audit(connection, user, action, subject, detail)

    def audit_log(self, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """Newest first: at, user, action, subject, detail."""
        with self.reading() as connection:
            return [
                {
                    "at": moment(row.at),
                    "user": row.login,
                    "action": row.action,
                    "subject": row.subject,
                    "detail": row.detail,
                }
                for row in connection.execute(select(audit).order_by(audit.c.entry_id.desc()).limit(limit))
            ]
