"""Cases in memory: opening, concluding, advancing. What is only read of them is in lookups.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from worker.adapters.memory.lookups import MemoryCaseLookups
from worker.adapters.memory.state import DESKHAND, CaseRow, cleaned
from worker.adapters.store.cases import MOVED_ON, came_before
from worker.adapters.store.columns import clean, new_id
from worker.adapters.store.lessons import left_open
from worker.models import MOVES, Case, Doorbell, Draft, Identity, Reader, Ring, Status, Thread, Trace, Verdict, place
from worker.ports import NEWER_MESSAGE, Outgoing
from worker.ports.figures import Unanswered


class MemoryCases(MemoryCaseLookups):
    """`ports.ledger.Cases`."""

    def open(self, thread: Thread, message_key: str, doorbell: Doorbell, lease: timedelta) -> Case | None:
        with self._state.lock:
            bell = self._state.bells.get(doorbell.doorbell_id)
            if bell is not None and bell.bell.epoch != doorbell.epoch:
                return None
            if self._overtaken(thread, message_key):
                return None
            message_key = clean(message_key)
            row = self._state.case_of(thread.ticket.ticket_id, message_key)
            if row is None:
                row = self._insert(thread, message_key, doorbell)
            elif not self._may_take_over(row, doorbell):
                return None
            elif row.case.status is Status.HELD:
                self._state.move(row, Status.OPEN, by=DESKHAND)
            row.case = row.case.model_copy(update={"epoch": row.case.epoch + 1, **_about(thread)})
            row.lease_until, row.opened_by = self._state.lease(lease), doorbell.doorbell_id
            row.asked_at = next((m.at for m in thread.messages if m.key == message_key), None)
            return row.case

    def _overtaken(self, thread: Thread, message_key: str) -> bool:
        here, read = place(message_key), {message.key for message in thread.messages}
        for row in self._state.cases.values():
            there = place(row.case.message_key)
            if here is None or there is None or there <= here or row.case.message_key in read:
                continue
            ended = row.case.status in (Status.IGNORED, Status.SUPERSEDED)
            left = row.case.status is Status.OPEN and self._state.free(row.lease_until)
            if row.case.ticket_id == thread.ticket.ticket_id and not (ended or left):
                return True
        return False

    def recheck_abandoned(self, limit: int) -> Sequence[str]:
        with self._state.lock:
            left = [row for row in self._state.cases.values() if self._abandoned(row)]
            return [self._ring_for(row) for row in left[:limit]]

    def _abandoned(self, row: CaseRow) -> bool:
        bell = self._state.bells.get(row.opened_by)
        coming = bell is not None and bell.waiting
        return row.case.status is Status.OPEN and self._state.free(row.lease_until) and not coming

    def _ring_for(self, row: CaseRow) -> str:
        row.opened_by = self._state.ring(Ring.RECHECK, row.case.ticket_id, case_id=row.case.case_id)
        row.lease_until = None
        return row.opened_by

    def _insert(self, thread: Thread, message_key: str, doorbell: Doorbell) -> CaseRow:
        now = self._state.now()
        case = Case(
            case_id=new_id("c"),
            ticket_id=thread.ticket.ticket_id,
            message_key=message_key,
            status=Status.OPEN,
            epoch=0,
            opened_at=now,
            moved_at=now,
        )
        self._state.cases[case.case_id] = row = CaseRow(case, opened_by=doorbell.doorbell_id)
        return row

    def _may_take_over(self, row: CaseRow, doorbell: Doorbell) -> bool:
        if row.case.status is Status.OPEN:
            return self._state.free(row.lease_until) or row.opened_by == doorbell.doorbell_id
        redraft = doorbell.ring is Ring.REDRAFT and doorbell.case_id == row.case.case_id
        return redraft and row.case.status is Status.HELD

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
        with self._state.lock:
            row = self._state.cases.get(case_id)
            if row is None or row.case.epoch != epoch or row.case.status is not Status.OPEN:
                return None
            if status not in MOVES[Status.OPEN] or not self._state.may_send(row.case, outgoing):
                return None
            found = _found(verdict, identity or trace.identity, reader or trace.reader)
            self._state.move(row, status, by=DESKHAND, reasons=verdict.reasons, **found)
            row.thread, row.trace = cleaned(thread), cleaned(trace)
            row.unanswered = self._unanswered(row.case, left_open(draft, trace))
            if draft is not None:
                draft_id = self._state.add_draft(row, draft, trace)
                if trace.assessed is not None:
                    self._state.assess(row, draft_id, trace.assessed)
            if status is not Status.IGNORED:
                self._supersede_older(row)
            return [self._state.add_send(row.case, one) for one in outgoing]

    def _unanswered(self, case: Case, questions: Sequence[str]) -> tuple[Unanswered, ...]:
        place = {"ticket_id": case.ticket_id, "case_id": case.case_id, "at": self._state.now()}
        return tuple(Unanswered(question=clean(question), **place) for question in questions)

    def _supersede_older(self, newest: CaseRow) -> None:
        for row in self._state.cases.values():
            if row.case.ticket_id != newest.case.ticket_id or row is newest or not came_before(row.case, newest.case):
                continue
            stopped = self._state.drop_queued_reply(row.case.case_id, NEWER_MESSAGE)
            if stopped or row.case.status in (Status.OPEN, Status.HELD):
                self._state.move(row, Status.SUPERSEDED, by=DESKHAND, reasons=[NEWER_MESSAGE])

    def advance(
        self, case_id: str, from_: Status, to: Status, epoch: int | None, *, reasons: Sequence[str] = (), by: str = ""
    ) -> bool:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            if row is None or row.case.status is not from_ or epoch not in (None, row.case.epoch):
                return False
            moved = self._state.move(row, to, by=by or DESKHAND, reasons=reasons)
            if moved and from_ is Status.APPROVED and to is not Status.SENT:
                self._state.drop_queued_reply(case_id, MOVED_ON)
            if moved and by:
                self._state.note_audit(by, to, case_id, " ".join(reasons))
            return moved

    def wrote_again(self, case_id: str, reason: str, by: str) -> str | None:
        with self._state.lock:
            row = self._state.cases.get(case_id)
            if row is None or row.case.status is not Status.HELD:
                return None
            self._state.move(row, Status.SUPERSEDED, by=by, reasons=[reason])
            self._state.note_audit(by, Status.SUPERSEDED, case_id, reason)
            return self._state.ring(Ring.RECHECK, row.case.ticket_id, case_id=None)


def _about(thread: Thread) -> dict[str, Any]:
    requester = thread.ticket.requester
    return {
        "subject": clean(thread.ticket.subject),
        "requester_id": requester.requester_id,
        "requester_email": clean(requester.email),
        "priority": thread.ticket.priority,
    }


def _found(verdict: Verdict, identity: Identity | None, reader: Reader | None) -> dict[str, Any]:
    columns: dict[str, Any] = {"stale": ()}
    if identity is not None:
        customer = identity.customer
        columns |= {"strength": identity.strength, "customer_id": clean(customer.customer_id) if customer else None}
    if reader is not None:
        columns["segments"] = reader.segments
    if verdict.priority is not None:
        columns["priority"] = verdict.priority
    return columns
