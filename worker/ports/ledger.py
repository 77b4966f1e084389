"""What we need of the database: doorbells, cases, sends, customers, reviews. Redis and Celery are hints; this is not.

Claims are leases with an epoch: whoever claims gets a higher epoch, and every later write names it. A method that takes
an `epoch` returns False (and writes nothing) when the row has moved on; the caller logs and stops. Times are the
database's own clock. Any method raises Retryable (locked, down, read-only, full) or Permanent, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from worker.models import (
    Case,
    Doorbell,
    Draft,
    Identity,
    Posted,
    Promise,
    Reader,
    Send,
    Status,
    Thread,
    Trace,
    Verdict,
)
from worker.ports.customers import Customers
from worker.ports.doorbells import Doorbells
from worker.ports.earning import Earning
from worker.ports.figures import Figures
from worker.ports.incidents import Incidents
from worker.ports.outgoing import Outgoing
from worker.ports.people import Reviews, Users
from worker.ports.promises import Promises

# Why a case was ended, where another one answers what the customer wrote since.
NEWER_MESSAGE = "A newer message of the customer is being answered."


class Cases(Protocol):
    def open(self, thread: Thread, message_key: str, doorbell: Doorbell, lease: timedelta) -> Case | None:
        """The case for that message, claimed for this doorbell (status OPEN, epoch raised). Inserts it (unique by
        ticket_id and message_key), takes over one that is OPEN with its lease run out or opened by the same
        doorbell, or, for a REDRAFT doorbell naming it, moves it HELD -> OPEN.
        None: somebody else has it, it has already ended or is held, or a newer message, which `thread` does not have
        yet, has a case: that one answers both."""
        ...

    def recheck_abandoned(self, limit: int) -> Sequence[str]:
        """Rings a RECHECK doorbell, naming the case, for every OPEN case on which nobody works and to which no waiting
        doorbell would bring anybody back. Their ids; each such case rings once."""
        ...

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
        """One transaction: the move OPEN -> status with its reasons, the draft and trace, the snapshot of the
        thread, and the outgoing sends. Unless the status is IGNORED, it supersedes the ticket's cases for older
        messages: held ones, ones still OPEN, and APPROVED ones whose reply is still queued (which is dropped). Returns
        the ids of the sends (empty if none), or None if the case has moved on. A second REPLY for the same (ticket_id,
        message_key) is refused by a unique constraint: then None too."""
        ...

    def advance(
        self, case_id: str, from_: Status, to: Status, epoch: int | None, *, reasons: Sequence[str] = (), by: str = ""
    ) -> bool:
        """One status move in MOVES, recorded with its reasons and who did it. epoch None: for people (console)."""
        ...

    def wrote_again(self, case_id: str, reason: str, by: str) -> str | None:
        """HELD -> SUPERSEDED, and a RECHECK doorbell for the ticket in the same commit; its id. None if not HELD."""
        ...

    def get(self, case_id: str) -> Case | None: ...

    def of_ticket(self, ticket_id: int) -> Sequence[Case]:
        """All cases of a ticket, oldest first."""
        ...

    def of_requester(self, requester_id: int, limit: int = 20) -> Sequence[Case]:
        """The requester's cases on all tickets, newest first."""
        ...

    def moves(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        """Its history: at, from_status, to_status, by, reasons; oldest first."""
        ...

    def drafts(self, case_id: str) -> Sequence[tuple[str, Draft, Trace]]:
        """(draft_id, draft, trace), oldest first; the last is the current one."""
        ...

    def thread(self, case_id: str) -> Thread | None:
        """The thread as it was when the case was last concluded."""
        ...

    def trace(self, case_id: str) -> Trace | None:
        """The trace as of the last conclusion, also where no draft came of it."""
        ...

    def replies_on_ticket(self, ticket_id: int) -> int:
        """Public replies that we sent or are sending on this ticket."""
        ...

    def replies_to_requester(self, requester_id: int, within: timedelta) -> int: ...

    def replied_to_requester(self, requester_id: int, within: timedelta) -> Sequence[str]:
        """The cases of those replies, and of those that left within that time; in the order of the queue."""
        ...

    def customer_of_requester(self, requester_id: int) -> str | None:
        """customer_id that an earlier case of this requester was verified or linked as; None if none or several."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Cases by status."""
        ...

    def by_status(self, status: Status, *, limit: int = 50, offset: int = 0) -> Sequence[Case]:
        """For the console's lists: the cases of that status, the one that moved last first."""
        ...

    def oldest_open(self) -> timedelta | None:
        """Age of the oldest thing not ended: a waiting doorbell, an OPEN or APPROVED case, a send that is neither done
        nor given up (a note whose case ended long ago). None if there is none."""
        ...

    def oldest_undrafted(self) -> timedelta | None:
        """As `oldest_open`, without what waits to leave: in shadow mode that waits because somebody decided so."""

    def move_times(self) -> Sequence[Mapping[str, Any]]:
        """For reports: every case as ticket_id, message_key, status, opened_at, moved_at."""
        ...


class Sends(Protocol):
    def claim(self, send_id: str, lease: timedelta) -> Send | None:
        """The send with its epoch raised, if due (QUEUED, POSTING or POSTED, with no live lease). Else None. A lease
        that ran out counts as a death of whoever had it."""
        ...

    def renew(self, send_id: str, epoch: int, lease: timedelta) -> bool:
        """A new lease from now on; False if somebody else has claimed it, or it was given back."""
        ...

    def settled(self, send_id: str, epoch: int, settle: timedelta) -> bool:
        """Whether the last intent is at least `settle` old, by the database's clock. If it is not, the lease is given
        back and the send is due when it will be. True also where somebody else has it: every later write says so."""
        ...

    def intend(self, send_id: str, epoch: int) -> Send | None:
        """QUEUED or POSTING -> POSTING; intended_at = now, rounds + 1. None if the epoch or the lease is gone."""
        ...

    def posted(self, send_id: str, epoch: int, posted: Posted, promises: Sequence[Promise] = ()) -> bool:
        """-> POSTED. For a REPLY the case moves APPROVED -> SENT in the same transaction, and its `promises` are kept
        with who approved it."""
        ...

    def done(self, send_id: str, epoch: int, remark: str = "") -> bool:
        """POSTED -> DONE. `remark`: what could not be changed on the ticket, for the console."""
        ...

    def park(
        self, send_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool, nothing_left: bool
    ) -> bool:
        """Give the lease back, due after `after`. `nothing_left`: the attempt failed for certain, so POSTING goes
        back to QUEUED and its round does not count; False leaves the state as it is (in doubt stays in doubt)."""
        ...

    def drop(
        self,
        send_id: str,
        epoch: int,
        reason: str,
        *,
        case_to: Status | None,
        recheck: bool = False,
        note: Outgoing | None = None,
    ) -> bool:
        """-> DROPPED, the case (if case_to) moves there with the reason; `recheck` rings a RECHECK
        doorbell for the ticket in the same transaction, so that a customer who wrote more gets an answer; `note` is
        queued with it."""
        ...

    def strand(self, send_id: str, epoch: int, reason: str) -> bool:
        """-> STRANDED: a person must look. For a REPLY the case moves APPROVED -> HANDED_OVER, and a handover note is
        queued."""
        ...

    def add_note(self, case_id: str, note: Outgoing, *, hand_over: str = "") -> str | None:
        """Queues a note for a case that has none of its kind yet; None if it has. `hand_over`: the reason for which a
        superseded or ignored case goes to a person with it, in the same commit: whatever was noted on it before is no
        news of that."""
        ...

    def due(self, limit: int) -> Sequence[str]: ...

    def replies_of(self, ticket_id: int) -> Sequence[Send]:
        """The ticket's public replies, holding ones among them, that are at Freshdesk or may be, whatever became of
        their cases: dropped ones too, where an attempt was in doubt."""
        ...

    def of_ticket(self, ticket_id: int) -> Sequence[Send]: ...  # all of them, in the order in which they were queued

    def late(self, send_ids: Sequence[str]) -> timedelta:
        """As Doorbells.late."""
        ...

    def of_case(self, case_id: str) -> Sequence[Send]: ...

    def in_doubt(self) -> int:
        """How many are POSTING without a live lease, or STRANDED after an attempt of the last day."""
        ...


class Ledger(Protocol):
    doorbells: Doorbells
    cases: Cases
    sends: Sends
    customers: Customers
    reviews: Reviews
    users: Users
    figures: Figures
    promises: Promises
    earning: Earning
    incidents: Incidents

    def ping(self) -> str: ...

    def writable(self) -> None:
        """Raises Retryable if a commit would fail now."""
        ...

    def close(self) -> None: ...
