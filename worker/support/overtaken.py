"""What has happened on a ticket since a draft was written that makes a reply wrong. Asked before anything leaves
(deliver), and by the console before an approval (fresh)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

import structlog

from worker.errors import Permanent
from worker.models import Author, Thread, TicketState
from worker.support.desk import Desk
from worker.support.threads import wrote_after

# What Freshdesk answers for a ticket in the trash: 403 to who reads it, 405 to who writes; 404 and 410 once it is gone.
REFUSED_THERE = frozenset({403, 404, 405, 410})
# What a customer asks may have been settled by telephone long ago. A queue is that long after a weekend without a key.
OLD = timedelta(days=3)
log = structlog.get_logger(__name__)


class Overtaken(StrEnum):
    """The values are stored, and shown to leads behind "Not sent: "."""

    NOT = ""
    DELETED = "the ticket was deleted"
    SPAM = "the ticket was marked as spam"
    MERGED = "the ticket was merged into another"
    CLOSED = "the ticket was closed"
    WROTE_AGAIN = "the customer wrote again"
    COLLEAGUE_ANSWERED = "a colleague answered"
    ANSWERED = "it was answered already"
    TAKEN = "a colleague has taken this ticket over"
    NEEDLESS = "a message came in since that needs no answer, so a person should look"
    STOPPED = "automatic sending is switched off"
    BRAKED = "many customers write about this at once, so automatic sending of it is paused"
    REVIEWED = "every reply is read by a person now"
    NOT_OPEN = "the gate is not open to it any more"
    OTHER_REQUESTER = "the ticket belongs to another requester now, for whom it was not written"
    ASKED_TWICE = (
        "this customer asked the same on another ticket, where a reply left or was on its way: look there first"
    )
    TOO_LATE = "it has waited for days, so a person should look"
    DECIDED = "its draft has been decided on since"
    OUT_OF_REACH = "the ticket was deleted, or cannot be reached any more"

    @property
    def holds(self) -> bool:
        """Whether a lead gets the draft: it may still be right, or the message wants another one."""
        switched = (self.STOPPED, self.BRAKED, self.REVIEWED, self.NOT_OPEN)
        return self in (*switched, self.NEEDLESS, self.ASKED_TWICE, self.TOO_LATE, self.OTHER_REQUESTER)


def overtaken(
    thread: Thread, message_key: str, needless: Collection[str] = (), read: Thread | None = None
) -> Overtaken:
    """By what the reply to that message is overtaken, as far as the thread tells.

    `needless`: keys of messages that need no answer, so that an absence note does not throw away the answer to a
    question. `read`: the thread for which the draft was written, as far as it is known.
    """
    ticket = thread.ticket
    for wrong, reason in (
        (ticket.deleted, Overtaken.DELETED),
        (ticket.spam, Overtaken.SPAM),
        (ticket.merged, Overtaken.MERGED),
        (ticket.state is TicketState.CLOSED, Overtaken.CLOSED),
        (wrote_after(thread, message_key, needless, read), Overtaken.WROTE_AGAIN),
    ):
        if wrong:
            return reason
    answered = {m.author for m in thread.after(message_key) if m.public}
    if Author.PERSON in answered:
        return Overtaken.COLLEAGUE_ANSWERED
    if Author.DESKHAND in answered:
        return Overtaken.ANSWERED
    return Overtaken.OTHER_REQUESTER if _other_requester(thread, read) else Overtaken.NOT


def _other_requester(thread: Thread, read: Thread | None) -> bool:
    """Whether the helpdesk would mail the reply to somebody else than it was written for. Two contacts of one address
    that were merged are one person."""
    if read is None:
        return False
    now, then = thread.ticket.requester, read.ticket.requester
    same = bool(now.email) and now.email.casefold() == then.email.casefold()
    return now.requester_id != then.requester_id and not same


def in_trash(ticket_id: int, trouble: Permanent, desk: Desk) -> bool:
    """Whether a call was refused since somebody has deleted the ticket: the same answer is given where our agent has
    lost a right, which a person has to hear of. False where that cannot be told. Raises Retryable."""
    if trouble.code not in REFUSED_THERE:
        return False
    try:
        return desk.helpdesk.in_trash(ticket_id)
    except Permanent as other:
        log.warning("trash_not_read", reason=other.reason, code=other.code)
        return False
