"""What we need of the database for people: what support leads do with held drafts, and who may sign in.

The other half of ports/ledger.py, whose rules hold here too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from worker.models import Case, Draft, Lesson, Noun, Treatment
from worker.ports.figures import Learnt, Span
from worker.ports.outgoing import Outgoing

NONE = "-"  # in a Sieve: those that have none
_TICKET = re.compile(r"(?:ticket\s*)?#?\s*([1-9]\d{0,14})", re.ASCII | re.IGNORECASE)


class Sieve(Noun):
    """Which held drafts a lead wants to see. An empty field lets everything through."""

    segment: str = ""  # a product's name, or NONE
    template: str = ""  # a template's id, or NONE
    finding: str = ""  # a guard's name, or NONE
    strength: str = ""
    minder: str = ""  # a login
    words: str = ""  # each must stand in the ticket's number, requester, messages or draft

    @property
    def ticket(self) -> int:
        """The ticket that is searched for by its number, as "100", "#100" or "ticket 100": its drafts come first, and
        then those in which the number stands. 0 where the words are none."""
        number = _TICKET.fullmatch(self.words.strip())
        return int(number[1]) if number else 0


class HeldRow(Noun):
    """A line of the console's queue."""

    case: Case
    template_id: str
    findings: tuple[str, ...]  # names of the guards that found something
    found: int = 0  # how many findings that are, as the page of the case counts them
    age_seconds: float
    late: bool = False  # it has waited for longer than its priority allows


class Beside(Noun):
    """Where a case stands among the held ones. `before` and `after`: its neighbours' ids, "" at the ends."""

    before: str = ""
    after: str = ""
    number: int = 0  # how many stand before it, and one
    total: int = 0


class AskedAnew(Noun):
    """Another draft that a lead asked for and that is not being written yet."""

    by: str
    hint: str
    at: datetime


class NotSent(Noun):
    """What somebody approved and then did not leave. `reason` as the history keeps it; "" if `by` took it back.
    `move_id`: of the move that stopped it."""

    move_id: int
    case_id: str
    ticket_id: int
    reason: str
    by: str  # who stopped it
    at: datetime


class Reviews(Protocol):
    """What support leads do. `user` is a login; every action lands in the audit log in the same transaction, and so
    does what it teaches (`lesson`; None teaches nothing). An approval that is taken back, or overtaken
    before its reply has left, teaches nothing any more."""

    def held(self, *, limit: int = 50, offset: int = 0, sieve: Sieve = Sieve()) -> Sequence[HeldRow]:
        """Most urgent first: by when an answer is due, which is when it came plus what its priority allows."""
        ...

    def held_count(self, sieve: Sieve = Sieve(), *, since: float = 0.0) -> int:
        """`since`: only those that came to wait after that, as `newest` tells it."""
        ...

    def held_tickets(self) -> Mapping[str, int]:
        """The ticket of every HELD case by its id, the one that moved last first, as of one moment: whoever takes them
        page by page, for longer than a lead needs to decide, misses those that move up."""
        ...

    def newest(self) -> float:
        """When the last draft came to wait, in seconds since 1970 by the ledger's clock; 0.0 if none waits."""
        ...

    def opened(self, case_id: str, user: str) -> None:
        """`user` looks at the case; of a held one it is kept since when, for the seconds of its review."""
        ...

    def facets(self, sieve: Sieve = Sieve()) -> Mapping[str, Mapping[str, int]]:
        """For the filters: by field of Sieve ("segment", "template", "finding", "strength") how many held drafts have
        each value, of those that everything else in `sieve` lets through; NONE where they have none."""
        ...

    def beside(self, case_id: str, sieve: Sieve = Sieve()) -> Beside:
        """Neighbours in the order of `held`, also of a case that is not held (any more): where it would stand."""
        ...

    def approve(
        self,
        case_id: str,
        draft_id: str,
        body_hash: str,
        outgoing: Outgoing,
        user: str,
        *,
        lesson: Lesson | None = None,
        wait: timedelta = timedelta(0),
    ) -> str | None:
        """HELD -> APPROVED and the reply queued, due after `wait`; the send's id. None if the case moved on, the draft
        is not the newest, or `body_hash` is not its hash: what is approved is exactly what was shown."""
        ...

    def leaves_in(self, case_id: str) -> timedelta | None:
        """How long an approval can still be taken back for certain; None where no reply of the case is queued, or
        where an earlier attempt to send it is in doubt."""
        ...

    def undo(self, case_id: str, user: str) -> bool:
        """APPROVED -> HELD, and the queued reply is dropped. False if it has begun to leave, even if that ended in
        doubt and it waits for another attempt, or if there is none."""
        ...

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        """Stores `draft` as the newest of a HELD case; its id. None if the case moved on or draft_id is not newest."""
        ...

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
        """HELD -> REJECTED with the reason, and the note that says so on the ticket queued (`outgoing`; None writes
        nothing there). False, and nothing is stored, if the case moved on or the draft is not the newest."""
        ...

    def redraft(self, case_id: str, hint: str, user: str, *, draft_id: str = "") -> str | None:
        """Rings a REDRAFT doorbell for a HELD case; its id. None if it moved on, or if `draft_id`, the draft that is
        to be another, is not its newest ("" asks for whichever that is). An approval or a rejection that comes before
        the drafting has begun makes it moot: no other draft is written, and the history says so."""
        ...

    def asked_anew(self, case_id: str) -> AskedAnew | None:
        """The newest redraft of the case that waits to be written; None if none does."""
        ...

    def not_sent(self, user: str) -> Sequence[NotSent]:
        """What `user` approved in the last day and then did not leave, oldest first, but for what she has `heard`."""
        ...

    def heard(self, user: str, move_ids: Collection[int]) -> None:
        """`user` has heard of what these moves stopped. Safe to repeat; what is no move, or not yet, is passed over."""
        ...

    def mind(self, case_id: str, minder: str, user: str, *, was: str = "") -> bool:
        """Says whose the HELD case is ("" nobody's). `was`: whose `user` took it for. False, and nothing is stored, if
        by now it is neither that lead's nor nobody's nor `minder`'s already, if it is not held, or unknown. Edits and
        redrafts say whose it is by themselves."""
        ...

    def look(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        """Notes that `user` has the case open; the logins of others who said so within that time."""
        ...

    def others(self, case_id: str, user: str, within: timedelta) -> Sequence[str]:
        """The same without noting anything: for a page that is about to be shown."""
        ...

    def take_over(self, case_id: str, user: str, reason: str, outgoing: Outgoing | None = None) -> bool:
        """`user` answers this ticket: all its cases that have not ended are HANDED_OVER with the reason, queued replies
        are dropped, `outgoing` is queued. False, and nothing is stored, if it is taken already, or unknown."""
        ...

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
        """Deskhand may answer the ticket's next message again. False, and nothing is stored, if nobody had taken it
        over, or somebody else than `taker` ("" whoever it was). `note` is queued for `case_id`, a case of the ticket; a
        hand-over note with the hash `moot` that is still queued is dropped."""
        ...

    def taken_by(self, ticket_id: int) -> str:
        """Login of the colleague who answers this ticket; "" for nobody."""
        ...

    def lessons(
        self, span: Span, template_id: str, *, treatment: Treatment | None = None, limit: int = 50, offset: int = 0
    ) -> Sequence[Learnt]:
        """What leads decided on one template's drafts ("" those without one), newest first, or only one kind of it.
        Approvals and rejections; neither edits that nobody decided on nor decisions that were taken back or
        overtaken before the reply had left."""
        ...

    def mark_stale(self, stale: Mapping[str, Sequence[str]]) -> None:
        """Of HELD cases exactly those whose newest draft is named become stale (`Case.stale`): by draft id, the sources
        that it cites in words that are no longer the index's. A machine's new draft is not stale."""
        ...

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None: ...

    def done_on(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        """Edits of a case's drafts and requests for other ones, oldest first, as entries of `audit_log`; of a request
        the detail is its hint."""
        ...

    def audit_log(self, limit: int = 100, offset: int = 0) -> Sequence[Mapping[str, Any]]:
        """Newest first: at, user, action, subject, detail."""
        ...


class Users(Protocol):
    def put(self, login: str, role: str, password_hash: str) -> None: ...

    def get(self, login: str) -> Mapping[str, Any] | None:
        """login, role, password_hash; None if unknown."""
        ...

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Every user by login: login, role. A role that is none of the console's cannot sign in."""
        ...

    def start_session(self, login: str, token_hash: str, csrf: str, ttl: timedelta) -> None: ...

    def session(self, token_hash: str) -> Mapping[str, Any] | None:
        """login, role, csrf; None if unknown or expired."""
        ...

    def end_session(self, token_hash: str) -> None: ...

    def put_link(self, token_hash: str, login: str, ttl: timedelta) -> None:
        """A one-time sign-in link."""
        ...

    def use_link(self, token_hash: str) -> str | None:
        """Its login, once; None if unknown, used or expired."""
        ...
