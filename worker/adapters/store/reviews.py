"""Reviews: what support leads do with held drafts. Every action lands in the audit log in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Text, exists, select, type_coerce, update

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.desks import Desks
from worker.adapters.store.drafting import add_draft, drafted
from worker.adapters.store.errands import Errands
from worker.adapters.store.lessons import Lessons, learn
from worker.adapters.store.moving import move
from worker.adapters.store.queue import Queue
from worker.adapters.store.room import add_send, drop_queued_replies, note_audit, ring_doorbell
from worker.adapters.store.schema import audit, cases, drafts, sends
from worker.adapters.store.trouble import Taken
from worker.models import Draft, Lesson, Ring, SendKind, SendState, Status, Trace
from worker.ports import Outgoing

_NEVER_TRIED = sends.c.rounds == 0  # but for attempts that failed for certain, which are taken off again


class SqlReviews(Queue, Desks, Errands, Lessons):
    """`ports.ledger.Reviews` over SQL: the queue and who is at what come from the rooms beside this one."""

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
                return add_send(connection, case_id, row.ticket_id, row.message_key, reply, wait)
        except Taken:
            return None

    def leaves_in(self, case_id: str) -> timedelta | None:
        reply = (sends.c.case_id == case_id, sends.c.kind == "reply", sends.c.state == SendState.QUEUED, _NEVER_TRIED)
        with self.reading() as connection:
            seconds = connection.execute(select(sends.c.due_at - clock()).where(*reply)).scalar()
        return None if seconds is None else timedelta(seconds=max(0.0, seconds))

    def undo(self, case_id: str, user: str) -> bool:
        """The reply first: one that a worker has begun to post is no longer queued, and nothing is taken back. Nor of
        one that is queued again after an attempt in doubt: it may be at the customer."""
        with self.writing() as connection:
            if not drop_queued_replies(connection, f"Taken back by {user}.", sends.c.case_id == case_id, _NEVER_TRIED):
                return False
            move(connection, case_id, Status.APPROVED, Status.HELD, by=user, minder=user)
            note_audit(connection, user, "undo", case_id)
            return True

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        """The new draft keeps the trace of the one it came from."""
        this = (cases.c.case_id == case_id, cases.c.draft_id == draft_id, cases.c.status == Status.HELD)
        with self.writing() as connection:
            # Writing the row locks it: of two edits of the same draft, the second finds another newest one.
            if connection.execute(update(cases).where(*this).values(draft_id=draft_id, minder=user)).rowcount == 0:
                return None
            trace = connection.execute(select(drafts.c.trace).where(drafts.c.draft_id == draft_id)).scalar_one()
            edited = add_draft(connection, case_id, drafted(draft, Trace.model_validate(trace)))
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

    def redraft(self, case_id: str, hint: str, user: str, *, draft_id: str = "") -> str | None:
        """The case stays HELD, and can still be approved, until the doorbell is drafted."""
        newest = [cases.c.draft_id == draft_id] if draft_id else []
        held = update(cases).where(cases.c.case_id == case_id, cases.c.status == Status.HELD, *newest)
        with self.writing() as connection:
            ticket_id = connection.execute(held.values(minder=user).returning(cases.c.ticket_id)).scalar()
            if ticket_id is None:
                return None
            note_audit(connection, user, "redraft", case_id, hint)
            return ring_doorbell(connection, Ring.REDRAFT, ticket_id, case_id=case_id, hint=hint)

    def mark_stale(self, stale: Mapping[str, Sequence[str]]) -> None:
        """Two steps, since a draft that was marked before may be good again."""
        held = update(cases).where(cases.c.status == Status.HELD)
        with self.writing() as connection:
            connection.execute(held.where(type_coerce(cases.c.stale, Text) != "[]").values(stale=[]))
            for draft_id, source_ids in stale.items():
                connection.execute(held.where(cases.c.draft_id == draft_id).values(stale=list(source_ids)))

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None:
        with self.writing() as connection:
            note_audit(connection, user, action, subject, detail)

    def done_on(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        this = (audit.c.subject == case_id, audit.c.action.in_(["edit", "redraft"]))
        with self.reading() as connection:
            rows = connection.execute(select(audit).where(*this).order_by(audit.c.entry_id))
            return [_entry(row) for row in rows]

    def audit_log(self, limit: int = 100, offset: int = 0) -> Sequence[Mapping[str, Any]]:
        newest = select(audit).order_by(audit.c.entry_id.desc()).limit(limit).offset(offset)
        with self.reading() as connection:
            return [_entry(row) for row in connection.execute(newest)]


def _entry(row: Row[Any]) -> dict[str, Any]:
    return {
        "at": moment(row.at),
        "user": row.login,
        "action": row.action,
        "subject": row.subject,
        "detail": row.detail,
    }
