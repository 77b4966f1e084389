"""What we need of the database for the console's numbers: counted there, over spans of time. Read only.

A span is [start, end). Answers that are a list have one entry for each span, in the order asked, empty spans included.
The other part of ports/ledger.py, whose rules hold here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from worker.models import Case, Change, Noun, Send, Treatment

Span = tuple[datetime, datetime]


class Moved(Noun):
    """Messages that came to each end within a span, each counted once for each end."""

    sent: int = 0
    held: int = 0
    handed_over: int = 0
    ignored: int = 0


class Middle(Noun):
    """The median of `n` durations in seconds; None of none."""

    n: int = 0
    seconds: float | None = None


class Kept(Noun):
    """What became of one template's drafts: decided by leads in four ways, left aside by a lead who took the ticket
    over, and sent without a lead.

    `redrafted`: of the decided ones, those that came after a lead had asked for another draft.
    """

    template_id: str
    untouched: int = 0
    light: int = 0
    rewritten: int = 0
    rejected: int = 0
    redrafted: int = 0
    taken_over: int = 0
    unreviewed: int = 0

    @property
    def decided(self) -> int:
        return self.untouched + self.light + self.rewritten + self.rejected


class Fired(Noun):
    """In how many decided drafts a guard had found something, by what came of it: the draft was approved with the
    finding standing, or approved after an edit that the guard had nothing against, or rejected."""

    guard: str
    overruled: int = 0
    mended: int = 0
    rejected: int = 0

    @property
    def fired(self) -> int:
        return self.overruled + self.mended + self.rejected


class Unanswered(Noun):
    """A question of a customer that nothing in the knowledge base answers."""

    question: str
    ticket_id: int
    case_id: str
    at: datetime


class Learnt(Noun):
    """A stored lesson. `decision`: edited, approved, rejected, taken back, or overtaken (approved, and never sent)."""

    at: datetime
    ticket_id: int
    case_id: str
    draft_id: str
    machine_id: str
    template_id: str
    decision: str
    treatment: Treatment
    share: float
    round: int
    reason: str
    user: str
    seconds: float | None
    difference: tuple[Change, ...]
    found: tuple[str, ...]
    standing: tuple[str, ...]


class Waiting(Noun):
    """Rows that wait to be worked on, those of them that are due and that nobody has, and for how many seconds the one
    that has been due longest has been due."""

    rows: int = 0
    due: int = 0
    late: float = 0.0


class Figures(Protocol):
    def drafting(self) -> Waiting:
        """Doorbells that are waiting to be drafted, or are being drafted."""
        ...

    def sending(self) -> Waiting:
        """Sends, replies and notes, that have not ended."""
        ...

    def oldest_unended(self) -> Case | None:
        """The case that has been being drafted, or on its way, for longest."""
        ...

    def doubtful(self, limit: int) -> Sequence[Send]:
        """Sends whose outcome is not known (`Sends.in_doubt`), oldest first."""
        ...

    def moved(self, spans: Sequence[Span]) -> Sequence[Moved]: ...

    def first_replies(self, spans: Sequence[Span], *, reviewed: bool | None = None) -> Sequence[Middle]:
        """From when the customer wrote (by the helpdesk's clock) until our reply was there, for the first reply that we
        sent on each ticket, by when it was sent. `reviewed`: only those that a lead approved, or only the others."""
        ...

    def reviews(self, spans: Sequence[Span]) -> Sequence[Middle]:
        """From when the lead who decided opened the case until the decision, by when it was decided."""
        ...

    def kept(self, span: Span) -> Sequence[Kept]:
        """By template, "" for drafts without one; in the order of their ids."""
        ...

    def fired(self, span: Span) -> Sequence[Fired]:
        """By guard, in the order of their names; guards that found nothing are left out."""
        ...

    def unanswered(self, span: Span, limit: int) -> Sequence[Unanswered]:
        """By when the draft was written, newest first."""
        ...

    def learnt(self, span: Span, limit: int) -> Sequence[Learnt]:
        """Newest first. Also edits of cases that were never decided, and decisions that were undone or overtaken."""
        ...
