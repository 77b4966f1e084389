"""The rows of the ledger in memory and the writes that several rooms make. Whoever calls these holds `lock`.

Rows are replaced as a whole nouns; what the nouns do not show (leases, due times) lies beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, TypeVar

from worker.adapters.store.columns import clean, new_id
from worker.adapters.store.moving import MOOT, NEVER_LEFT
from worker.models import (
    MOVES,
    Assessed,
    Case,
    Doorbell,
    Draft,
    MadePromise,
    Noun,
    Ring,
    Send,
    SendKind,
    SendState,
    Status,
    Thread,
    Trace,
    Treatment,
)
from worker.ports import MAY_BE_THERE, Now, Outgoing
from worker.ports.figures import Learnt, Unanswered

DESKHAND = "deskhand"
LIVE = (SendState.QUEUED, SendState.POSTING, SendState.POSTED)
AnyNoun = TypeVar("AnyNoun", bound=Noun)


def wall_clock() -> datetime:
    return datetime.now(UTC)


def cleaned(noun: AnyNoun) -> AnyNoun:
    """As a database would give it back: through JSON, without what it could not store."""
    return type(noun).model_validate(clean(noun.model_dump(mode="json")))


@dataclass
class BellRow:
    bell: Doorbell
    raw: bytes
    due_at: datetime
    waiting: bool
    lease_until: datetime | None = None


@dataclass
class CaseRow:
    case: Case
    opened_by: str
    lease_until: datetime | None = None
    thread: Thread | None = None
    trace: Trace | None = None
    drafts: list[tuple[str, Draft, Trace]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    asked_at: datetime | None = None
    unanswered: tuple[Unanswered, ...] = ()


@dataclass
class SendRow:
    send: Send
    queued_at: datetime
    due_at: datetime
    lease_until: datetime | None = None
    posted_at: datetime | None = None


@dataclass
class AssessedRow:
    draft_id: str
    case_id: str
    at: datetime
    assessed: Assessed
    judged: tuple[Treatment, datetime] | None = None
    harm_at: datetime | None = None
    harm: tuple[str, str] = ("", "")  # who reported it, and why


class State:
    """All rows by id, in the order in which they came."""

    def __init__(self, now: Now) -> None:
        self.lock = RLock()
        self.now = now
        self.bells: dict[str, BellRow] = {}
        self.cases: dict[str, CaseRow] = {}
        self.sends: dict[str, SendRow] = {}
        self.audit: list[dict[str, Any]] = []
        self.lessons: dict[str, Learnt] = {}
        self.openings: dict[tuple[str, str], tuple[datetime, datetime]] = {}  # (case, login): first and last
        self.viewers: dict[tuple[str, str], datetime] = {}
        self.taken: dict[int, str] = {}
        self.moved = 0  # moves of all cases
        self.told: set[tuple[str, int]] = set()  # (login, move): a lead has heard that it stopped her approval
        self.held_by: dict[str, str] = {}  # by holding reply: the lead who sent it
        self.promises: dict[str, MadePromise] = {}
        self.assessed: dict[str, AssessedRow] = {}

    def free(self, lease_until: datetime | None) -> bool:
        return lease_until is None or lease_until <= self.now()

    def lease(self, length: timedelta) -> datetime:
        return self.now() + length

    def longest_due(self, rows: Sequence[tuple[datetime, datetime | None]]) -> timedelta:
        """Of (due_at, lease_until): for how long the one that has been due longest has been due."""
        since = [max(due, lease or due) for due, lease in rows]
        return max(self.now() - min(since), timedelta(0)) if since else timedelta(0)

    def case_of(self, ticket_id: int, message_key: str) -> CaseRow | None:
        key = (ticket_id, message_key)
        return next((row for row in self.cases.values() if (row.case.ticket_id, row.case.message_key) == key), None)

    def ring(self, why: Ring, ticket_id: int | None, *, raw: bytes = b"", case_id: str | None, hint: str = "") -> str:
        now = self.now()
        bell = Doorbell(
            doorbell_id=new_id("d"), ring=why, ticket_id=ticket_id, received_at=now, case_id=case_id, hint=clean(hint)
        )
        kept = raw if ticket_id is None else b""
        self.bells[bell.doorbell_id] = BellRow(bell, kept, due_at=now, waiting=ticket_id is not None)
        return bell.doorbell_id

    def move(self, row: CaseRow, to: Status, *, by: str, reasons: Sequence[str] = (), **columns: Any) -> bool:
        """The one way a case changes its status; False, and nothing written, if MOVES refuses."""
        from_ = row.case.status
        if to not in MOVES[from_]:
            return False
        said = tuple(clean(list(reasons)))
        now = self.now()
        if said:
            columns["reasons"] = said
        row.case = row.case.model_copy(update={"status": to, "moved_at": now, **columns})
        row.lease_until = None
        told = (*said, *(self._moot(row) if from_ is Status.HELD and to is not Status.OPEN else ()))
        self.moved += 1
        moved = {"move_id": self.moved, "at": now, "from_status": from_, "to_status": to}
        row.moves.append({**moved, "by": clean(by), "reasons": told})
        if from_ is Status.APPROVED and to in NEVER_LEFT:
            for one in [x for x in self.lessons.values() if (x.case_id, x.decision) == (row.case.case_id, "approved")]:
                self.lessons[one.draft_id] = one.model_copy(update={"decision": NEVER_LEFT[to]})
        return True

    def _moot(self, row: CaseRow) -> list[str]:
        """A draft that was decided on is not written anew: its doorbell rings only for the ticket."""
        told = []
        for bell in [one for one in self.bells.values() if one.waiting and one.bell.ring is Ring.REDRAFT]:
            if bell.bell.case_id == row.case.case_id:
                told.append(MOOT.format(f" (“{bell.bell.hint}”)" if bell.bell.hint else ""))
                bell.bell = bell.bell.model_copy(update={"ring": Ring.RECHECK, "case_id": None, "hint": ""})
        return told

    def add_draft(self, row: CaseRow, draft: Draft, trace: Trace) -> str:
        draft_id = new_id("f")
        row.drafts.append((draft_id, cleaned(draft), cleaned(trace)))
        row.case = row.case.model_copy(update={"template_id": clean(draft.template_id)})
        return draft_id

    def assess(self, row: CaseRow, draft_id: str, assessed: Assessed) -> None:
        self.assessed[draft_id] = AssessedRow(draft_id, row.case.case_id, self.now(), cleaned(assessed))

    def may_send(self, case: Case, outgoing: Sequence[Outgoing]) -> bool:
        """At most one live reply per customer message."""
        key = (case.ticket_id, case.message_key)
        live = [row for row in self.replies() if (row.send.ticket_id, row.send.message_key) == key]
        return len(live) + sum(one.kind is SendKind.REPLY for one in outgoing) <= 1

    def add_send(self, case: Case, outgoing: Outgoing, wait: timedelta = timedelta(0)) -> str:
        send = Send(
            send_id=new_id("s"),
            case_id=case.case_id,
            ticket_id=case.ticket_id,
            message_key=case.message_key,
            state=SendState.QUEUED,
            epoch=0,
            **{name: getattr(cleaned(outgoing), name) for name in Outgoing.model_fields},
        )
        now = self.now()
        self.sends[send.send_id] = SendRow(send, queued_at=now, due_at=now + wait)
        return send.send_id

    def replies(self) -> list[SendRow]:
        """Public replies that are out or may still go out."""
        return [
            row
            for row in self.sends.values()
            if row.send.kind is SendKind.REPLY and row.send.state is not SendState.DROPPED
        ]

    def drop_queued_reply(self, case_id: str, reason: str) -> bool:
        for row in self.replies():
            if row.send.case_id == case_id and row.send.state is SendState.QUEUED:
                remark = reason + (MAY_BE_THERE if row.send.rounds else "")
                row.send = row.send.model_copy(update={"state": SendState.DROPPED, "remark": remark})
                row.lease_until = None
                return True
        return False

    def note_audit(self, user: str, action: str, subject: str, detail: str = "") -> None:
        entry = {"at": self.now(), "user": user, "action": action, "subject": subject, "detail": detail}
        self.audit.append(clean(entry))
