"""Cases: opening, concluding and advancing them. What is only read of them is in lookups.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, Row, bindparam, exists, func, select, update

from worker.adapters.store.columns import clock, new_id, thread_words, written
from worker.adapters.store.conditions import UNENDED, WAITING
from worker.adapters.store.drafting import drafted, insert_draft
from worker.adapters.store.earning import keep_assessed
from worker.adapters.store.lessons import keep_unanswered
from worker.adapters.store.lookups import CaseLookups
from worker.adapters.store.moving import move
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import (
    DESKHAND,
    DROP_REPLIES,
    add_send,
    drop_queued_replies,
    note_audit,
    ring_doorbell,
    to_case,
)
from worker.adapters.store.schema import cases, doorbells, sends
from worker.adapters.store.statements import (
    JUDGED,
    LEFT_OPEN,
    ON_TICKET,
    OPENING,
    QUEUED_ON,
    REDRAFT,
    SNAPSHOT,
    STALE,
    WORDING,
    WORDING_WITH_DRAFT,
)
from worker.adapters.store.trouble import Taken
from worker.models import (
    Case,
    Doorbell,
    Draft,
    Identity,
    Reader,
    Ring,
    Status,
    Strength,
    Thread,
    Trace,
    Verdict,
    answer_within,
    place,
)
from worker.ports import NEWER_MESSAGE, Outgoing

# PostgreSQL's advisory locks: the first of two numbers, the second is the ticket.
_CONCLUDING = 0x63617365
_CONCLUDES = Prepared(select(func.pg_advisory_xact_lock(_CONCLUDING, bindparam("this_ticket", type_=Integer))))
MOVED_ON = "The case was taken back before its reply had left."


class SqlCases(CaseLookups):
    """`ports.ledger.Cases` over SQL."""

    def open(self, thread: Thread, message_key: str, doorbell: Doorbell, lease: timedelta) -> Case | None:
        """A doorbell that somebody else has claimed since opens nothing."""
        held = {"opened_by": doorbell.doorbell_id, **_about(thread, message_key)}
        with self.committing(synced=False) as line:
            if _claimed_since(line, doorbell) or _overtaken(line, thread, message_key):
                return None
            row = _insert(line, thread, message_key, held, lease) or _take_over(
                line,
                thread.ticket.ticket_id,
                message_key,
                doorbell,
                {
                    **held,
                    "seconds_from_now": lease.total_seconds(),
                    "seconds_to_answer": answer_within(thread.ticket.priority).total_seconds(),
                },
            )
            return None if row is None else to_case(row)

    def conclude(
        self,
        case_id: str,
        epoch: int,
        status: Status,
        *,
        verdict: Verdict,
        trace: Trace,
        thread: Thread,
        draft: Draft | None = None,
        identity: Identity | None = None,
        reader: Reader | None = None,
        outgoing: Sequence[Outgoing] = (),
    ) -> Sequence[str] | None:
        """As the port says. `identity` and `reader` are taken from the trace where they are not given. An IGNORED
        message supersedes nothing: an automatic answer must not throw away the draft for a question."""
        found = _found(verdict, identity or trace.identity, reader or trace.reader)
        told, read, words = written(trace), written(thread), thread_words(thread)
        made = drafted(draft, told) if draft is not None else None
        found |= made.case if made is not None else {}
        why = verdict.reasons
        try:
            with self.committing(synced=False) as line:
                _one_at_a_time(line, thread.ticket.ticket_id)
                row = move(line, case_id, Status.OPEN, status, by=DESKHAND, reasons=why, held=epoch, **found)
                if row is None:
                    return None
                SNAPSHOT.run(line, {"case_id": case_id, "thread": read, "trace": told})
                found_by = {"case_id": case_id, "thread_words": words, "draft_words": made.words if made else ""}
                (WORDING if made is None else WORDING_WITH_DRAFT).run(line, found_by)
                keep_unanswered(line, case_id, draft, trace, first=epoch == 1)
                if made is not None:
                    insert_draft(line, case_id, made)
                    if trace.assessed is not None:
                        keep_assessed(line, case_id, made.draft_id, trace.assessed)
                if status is not Status.IGNORED:
                    _supersede_older(line, row)
                return [add_send(line, case_id, row.ticket_id, row.message_key, one) for one in outgoing]
        except Taken:
            return None

    def recheck_abandoned(self, limit: int) -> Sequence[str]:
        """The new doorbell becomes the one that the case waits for."""
        coming = exists().where(doorbells.c.doorbell_id == cases.c.opened_by, WAITING)
        left = (cases.c.status == Status.OPEN, UNENDED, cases.c.lease_until <= clock(), ~coming)
        with self.writing() as connection:
            found = connection.execute(
                select(cases.c.case_id, cases.c.ticket_id).where(*left).limit(limit).with_for_update(skip_locked=True)
            ).all()
            rung = []
            for row in found:
                doorbell_id = ring_doorbell(connection, Ring.RECHECK, row.ticket_id, case_id=row.case_id)
                connection.execute(
                    update(cases).where(cases.c.case_id == row.case_id).values(opened_by=doorbell_id, lease_until=0.0)
                )
                rung.append(doorbell_id)
            return rung

    def advance(
        self, case_id: str, from_: Status, to: Status, epoch: int | None, *, reasons: Sequence[str] = (), by: str = ""
    ) -> bool:
        """Taking an APPROVED case back also drops its reply, if that is still queued. What a person did is audited."""
        mine = [] if epoch is None else [cases.c.epoch == epoch]
        with self.writing() as connection:
            row = move(connection, case_id, from_, to, by=by or DESKHAND, reasons=reasons, where=mine)
            if row is not None and from_ is Status.APPROVED and to is not Status.SENT:
                drop_queued_replies(connection, MOVED_ON, sends.c.case_id == case_id)
            if row is not None and by:
                note_audit(connection, by, to, case_id, " ".join(reasons))
            return row is not None

    def wrote_again(self, case_id: str, reason: str, by: str) -> str | None:
        with self.writing() as connection:
            row = move(connection, case_id, Status.HELD, Status.SUPERSEDED, by=by, reasons=[reason])
            if row is None:
                return None
            note_audit(connection, by, Status.SUPERSEDED, case_id, reason)
            return ring_doorbell(connection, Ring.RECHECK, row.ticket_id, case_id=None)


def _about(thread: Thread, message_key: str) -> dict[str, Any]:
    requester = thread.ticket.requester
    asked = next((m.at.timestamp() for m in thread.messages if m.key == message_key), None)
    return {
        "asked_at": asked,
        "subject": thread.ticket.subject,
        "requester_id": requester.requester_id,
        "requester_email": requester.email,
        "priority": thread.ticket.priority,
    }


def _found(verdict: Verdict, identity: Identity | None, reader: Reader | None) -> dict[str, Any]:
    """What the drafting found out, as columns of the case."""
    columns: dict[str, Any] = {"stale": []}
    if identity is not None:
        customer = identity.customer
        columns |= {"strength": identity.strength, "customer_id": customer.customer_id if customer else None}
    if reader is not None:
        columns["segments"] = list(reader.segments)
    if verdict.priority is not None:
        columns |= {"priority": verdict.priority, "seconds_to_answer": answer_within(verdict.priority).total_seconds()}
    return columns


def _claimed_since(on: On, doorbell: Doorbell) -> bool:
    this = {"this_row": doorbell.doorbell_id, "held_epoch": doorbell.epoch}
    return bool(STALE.scalar(on, this))


def _overtaken(on: On, thread: Thread, message_key: str) -> bool:
    """Whether the thread was read too early: a message that it does not have yet has a case, which answers this one
    too. A case of this message would take the newer one's draft away, and both would be lost."""
    here = place(message_key)
    if here is None:
        return False
    read = {message.key for message in thread.messages}
    rows = JUDGED.all(on, {"this_row": thread.ticket.ticket_id})
    places = [place(row.message_key) for row in rows if row.message_key not in read]
    return any(there is not None and there > here for there in places)


def _insert(on: On, thread: Thread, message_key: str, held: dict[str, Any], lease: timedelta) -> Row[Any] | None:
    fresh = {
        "case_id": new_id("c"),
        "ticket_id": thread.ticket.ticket_id,
        "message_key": message_key,
        "status": Status.OPEN,
        "epoch": 1,
        "strength": Strength.UNKNOWN,
        "segments": [],
        "template_id": "",
        "reasons": [],
        "seconds_from_now": lease.total_seconds(),
        "seconds_to_answer": answer_within(thread.ticket.priority).total_seconds(),
    }
    row: Row[Any] | None = OPENING.one(on, {**fresh, **held})
    return row


def _take_over(on: On, ticket_id: int, message_key: str, doorbell: Doorbell, held: dict[str, Any]) -> Row[Any] | None:
    """A case left OPEN by a worker that is gone, or a held one that a reviewer wants drafted anew."""
    this = {**held, "this_ticket": ticket_id, "this_key": message_key}
    row: Row[Any] | None = LEFT_OPEN.one(on, {**this, "this_doorbell": doorbell.doorbell_id})
    if row is None and doorbell.ring is Ring.REDRAFT and doorbell.case_id:
        row = move(on, doorbell.case_id, Status.HELD, Status.OPEN, by=DESKHAND, statement=REDRAFT, **this)
    return row


def _one_at_a_time(on: On, ticket_id: int) -> None:
    """Of two conclusions at once on one ticket, the second must see what became of the first. SQLite has one writer."""
    if on.dialect.name == "postgresql":
        _CONCLUDES.run(on, {"this_ticket": ticket_id % 2**31})


def _supersede_older(on: On, newest: Row[Any]) -> None:
    """Ends the ticket's older cases that this one answers too: held, still being drafted (their conclude fails then),
    and approved ones whose reply has not left yet. Older OPEN ones count because the newest one's reply makes their
    messages look answered: nobody would ever come back to them."""
    others = ON_TICKET.all(on, {"this_row": newest.ticket_id, "newest": newest.case_id})
    older = {row.case_id: Status(row.status) for row in others if came_before(row, newest)}
    if not older:
        return
    queued = {row.case_id for row in QUEUED_ON.all(on, {"this_row": newest.ticket_id})}
    stopped = [
        one for one in older if one in queued and DROP_REPLIES.all(on, {"this_row": one, "this_reason": NEWER_MESSAGE})
    ]
    waiting = [(one, status) for one, status in older.items() if status in (Status.OPEN, Status.HELD)]
    for case_id, status in waiting + [(one, Status.APPROVED) for one in stopped]:
        move(on, case_id, status, Status.SUPERSEDED, by=DESKHAND, reasons=[NEWER_MESSAGE])


def came_before(one: Any, other: Any) -> bool:
    """Whether the message of the case `one` is older: by its number, else by when it was opened (a case for an older
    message may well be opened later). A case for a message that nobody could read answers no other: it takes no draft
    away from the lead."""
    here, there = place(one.message_key), place(other.message_key)
    if there is None:
        return False
    if here is None or here == there:
        return bool((one.opened_at, one.case_id) < (other.opened_at, other.case_id))
    return here < there
