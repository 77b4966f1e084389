"""The last look before something leaves: whether a reply still fits its ticket, and which tags the ticket has.

The thread is read again right before each attempt. Where the ticket itself tells that nothing was written since it was
read for the draft, its messages need not come again. Called by deliver.py only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from worker.crashpoints import crash_point
from worker.errors import Permanent
from worker.models import Posted, Send, SendKind, Status, Thread, TicketChange, TicketState
from worker.support.desk import Desk
from worker.support.overtaken import OLD, Overtaken, overtaken
from worker.support.paused import decided, paused
from worker.support.threads import read_thread, set_aside, wrote_after
from worker.support.twice import answered_elsewhere

log = structlog.get_logger(__name__)

PUBLIC = (SendKind.REPLY, SendKind.HOLDING)
NOTICES = (SendKind.HANDOVER_NOTE, SendKind.REMINDER, SendKind.GIVEN_BACK)  # for colleagues, whoever has the ticket
# A write replaces all tags, so whoever goes by those of a moment ago takes away what was added since.
TAGS_HOLD = timedelta(seconds=10)


@dataclass(frozen=True)
class LastLook:
    """`reason`: why it must not leave any more, if so. `thread`: the newest that is known, if any is."""

    reason: Overtaken = Overtaken.NOT
    thread: Thread | None = None

    def tags_at(self, now: datetime) -> Collection[str] | None:
        """The ticket's tags, if they were seen so short a time before `now`, by Freshdesk's clock, that they hold."""
        if self.thread is None or self.thread.read_at is None or now > self.thread.read_at + TAGS_HOLD:
            return None
        return self.thread.ticket.tags

    def writing(self, send: Send, desk: Desk) -> Callable[..., Posted]:
        """What puts it on the ticket: a reply leaves from the mailbox that the ticket has now."""
        if send.kind not in PUBLIC:
            return desk.helpdesk.note
        return partial(desk.helpdesk.reply, mailbox=self.thread.ticket.mailbox if self.thread else "")


def taken(send: Send, desk: Desk) -> bool:
    """Whether a colleague has taken the ticket over: then a draft waits, and its note says nothing."""
    return send.kind not in NOTICES and bool(desk.ledger.reviews.taken_by(send.ticket_id))


def last_look(send: Send, desk: Desk) -> LastLook:
    """Notes to colleagues may leave whatever happened; for them nothing is read. Asked before: `taken`."""
    if send.kind is SendKind.GIVEN_BACK:  # the tag that it takes off was put on after anything was read for a draft
        return LastLook()
    read = desk.ledger.cases.thread(send.case_id)
    if send.kind not in PUBLIC:
        return LastLook(thread=read)
    thread = read_thread(send.ticket_id, desk.helpdesk, desk.ledger, known=read, leaving=send)
    crash_point("deliver.thread_read")
    return LastLook(_superseded(send, thread, read, desk), thread)


def _superseded(send: Send, thread: Thread, read: Thread | None, desk: Desk) -> Overtaken:
    # A lead who approves decides for the ticket whoever has it; what nobody approved must not cross a colleague's work.
    approval = _approval(send, desk)
    alone = not _by_person(send, approval)
    if thread.ticket.assigned_to_person and alone:
        reason = overtaken(thread, send.message_key, read=read)
        return Overtaken.TAKEN if reason in (Overtaken.NOT, Overtaken.OTHER_REQUESTER) else reason
    stopped = _alone(send, thread, approval, desk) if alone else decided(send, desk)
    if not wrote_after(thread, send.message_key, read=read):
        return overtaken(thread, send.message_key, read=read) or stopped
    reason = overtaken(thread, send.message_key, set_aside(send.ticket_id, desk.ledger), read)
    if not reason and alone:
        return Overtaken.NEEDLESS
    return reason or stopped


def _alone(send: Send, thread: Thread, approval: Mapping[str, Any] | None, desk: Desk) -> Overtaken:
    """What speaks against a reply that nobody has read, other than what was done on the ticket."""
    if reason := paused(send, thread, desk):
        return reason
    if approval is not None and desk.now() - approval["at"] > OLD:
        return Overtaken.TOO_LATE
    return Overtaken.ASKED_TWICE if answered_elsewhere(send, thread, desk) else Overtaken.NOT


def but_for_news(change: TicketChange, send: Send, desk: Desk, *, late: bool) -> TicketChange:
    """The change of a reply that is out, without its status where that would hide what nobody has read, or undo what a
    colleague did: looked up where the change comes `late`, and always before a ticket is closed, since a message on a
    closed one is left alone by ourselves too. Raises Retryable."""
    if change.state is None or send.kind not in PUBLIC or not (late or change.state is TicketState.CLOSED):
        return change
    why = _news(send, desk)
    if not why:
        return change
    log.info("status_left", reason=why)
    return change.model_copy(update={"state": None})


def _news(send: Send, desk: Desk) -> str:
    """What has happened on the ticket since the reply was written, other than the reply; "" if nothing."""
    read = desk.ledger.cases.thread(send.case_id)
    try:
        thread = read_thread(send.ticket_id, desk.helpdesk, desk.ledger, known=read)
    except Permanent as trouble:  # tags may still be written, or refused with a remark
        return trouble.reason
    since = overtaken(thread, send.message_key, set_aside(send.ticket_id, desk.ledger), read)
    if since not in (Overtaken.NOT, Overtaken.ANSWERED):  # answered by this very reply
        return str(since)
    now, was = thread.ticket, None if read is None else read.ticket
    if now.state is TicketState.RESOLVED and (was is None or was.state is not TicketState.RESOLVED):
        return "the ticket was resolved"
    return str(Overtaken.TAKEN) if now.assigned_to_person and (was is None or not was.assigned_to_person) else ""


def _approval(send: Send, desk: Desk) -> Mapping[str, Any] | None:
    moves = [m for m in desk.ledger.cases.moves(send.case_id) if m["to_status"] == Status.APPROVED]
    return moves[-1] if moves else None


def _by_person(send: Send, approval: Mapping[str, Any] | None) -> bool:
    """Reviewed, or, of a holding reply, written."""
    return send.kind is SendKind.HOLDING or (approval is not None and approval["from_status"] == Status.HELD)
