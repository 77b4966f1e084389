"""The ledger's rows, and which moves a case may make."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from worker.models.base import Noun
from worker.models.customers import Strength
from worker.models.tickets import TicketChange


class Status(StrEnum):
    """Where a case stands. Moves are in MOVES; every other move is refused."""

    OPEN = "open"  # being drafted
    HELD = "held"
    APPROVED = "approved"  # its reply is on the way out
    SENT = "sent"
    HANDED_OVER = "handed_over"
    IGNORED = "ignored"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.HELD, Status.APPROVED, Status.HANDED_OVER, Status.IGNORED, Status.SUPERSEDED}),
    Status.HELD: frozenset({Status.OPEN, Status.APPROVED, Status.REJECTED, Status.SUPERSEDED, Status.HANDED_OVER}),
    Status.APPROVED: frozenset({Status.SENT, Status.HELD, Status.SUPERSEDED, Status.HANDED_OVER}),
    Status.SENT: frozenset(),
    Status.HANDED_OVER: frozenset(),
    # What it was set aside for was only so for a while: the ticket was closed, and is open again.
    Status.IGNORED: frozenset({Status.HANDED_OVER}),
    Status.REJECTED: frozenset(),
    # What came later needed no answer after all, so nobody has taken this message over.
    Status.SUPERSEDED: frozenset({Status.HANDED_OVER}),
}
# How long a customer of each priority should wait for an answer at most: what the queue is ordered by.
ANSWER_WITHIN = {4: timedelta(hours=1), 3: timedelta(hours=4), 2: timedelta(hours=12), 1: timedelta(hours=24)}
TERMINAL = frozenset(status for status, onward in MOVES.items() if not onward)


class Ring(StrEnum):
    """Why a doorbell rang."""

    WEBHOOK = "webhook"
    POLLER = "poller"
    REDRAFT = "redraft"  # a reviewer asked for another draft
    RECHECK = "recheck"  # the thread moved on while a reply was on its way


class Doorbell(Noun):
    """News that a ticket changed, and a unit of drafting work: claimed by lease, fenced by epoch.

    `ticket_id` is None when the payload could not be read; such a doorbell is kept raw and shown to ops.
    """

    doorbell_id: str
    ring: Ring
    ticket_id: int | None
    received_at: datetime
    case_id: str | None = None  # for REDRAFT: the held case to draft anew; for RECHECK: the case that nobody works on
    hint: str = ""  # for REDRAFT: the reviewer's one line to the writer
    tries: int = 0  # how many times it failed and said so
    epoch: int = 0
    deaths: int = 0  # how many times whoever had it never came back: killed, out of memory, paused for too long
    waited: timedelta = timedelta(0)  # since it rang, by the database's clock, when it was claimed


class Case(Noun):
    """Our row for one customer message that needs an answer. Unique by (ticket_id, message_key)."""

    case_id: str
    ticket_id: int
    message_key: str
    status: Status
    epoch: int
    subject: str = ""
    requester_id: int = 0
    requester_email: str = ""
    customer_id: str | None = None
    strength: Strength = Strength.UNKNOWN
    segments: tuple[str, ...] = ()
    template_id: str = ""
    priority: int = 1
    reasons: tuple[str, ...] = ()
    opened_at: datetime
    moved_at: datetime
    minder: str = ""  # login of the lead who said that it is theirs, or who last worked on the draft
    stale: tuple[str, ...] = ()  # sources of the draft that the index held in other words when it last changed


def answer_within(priority: int) -> timedelta:
    """A priority that an account made up waits like the lowest."""
    return ANSWER_WITHIN.get(priority, ANSWER_WITHIN[1])


class SendKind(StrEnum):
    REPLY = "reply"  # public; at most one per customer message
    HOLDING = "holding"  # public; says only that it is being looked into, and answers nothing
    HELD_NOTE = "held_note"
    HANDOVER_NOTE = "handover_note"
    REMINDER = "reminder"  # a note: something promised is still open
    GIVEN_BACK = "given_back"  # a note: Deskhand may answer again; takes the tag of a hand-over off


class SendState(StrEnum):
    QUEUED = "queued"  # not under way; with rounds > 0, an earlier attempt may have arrived
    POSTING = "posting"  # intent committed; if nobody holds the lease, the outcome is in doubt
    POSTED = "posted"  # it is at Freshdesk; the ticket's tags and status are still to be changed
    DONE = "done"
    DROPPED = "dropped"  # superseded or refused; with rounds > 0, an earlier attempt may have arrived
    STRANDED = "stranded"  # still in doubt after all rounds: a person must look


class Send(Noun):
    """One outgoing write, body and all, as it was committed before the first attempt."""

    send_id: str
    case_id: str
    ticket_id: int
    message_key: str
    kind: SendKind
    body_html: str
    body_hash: str
    change: TicketChange
    state: SendState
    epoch: int
    rounds: int = 0  # how many times it was posted, without those that failed for certain
    tries: int = 0  # how many times it failed for certain
    deaths: int = 0  # how many times whoever had it never came back
    intended_at: datetime | None = None  # by the database's clock
    remote_id: str = ""
    remark: str = ""  # why it was parked, dropped or stranded, or what could not be changed on the ticket
