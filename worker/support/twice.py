"""The same words of one customer on two tickets: a form that was sent twice, a mail to two of our addresses, a message
that an agent split off. One reply is enough; a lead sees the second. Who has read an answer and asks again is
answered. Asked by deliver only.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.intake.mailtext import read
from worker.models import Message, Send, SendState, Thread
from worker.support.desk import Desk

WITHIN = timedelta(days=2)
# A second mailbox may be fetched minutes after the first, and the ticket's time is that of the fetching.
UNREAD = timedelta(minutes=10)
_LEAVING = (SendState.POSTING, SendState.POSTED, SendState.DONE, SendState.STRANDED)


def answered_elsewhere(send: Send, thread: Thread, desk: Desk) -> bool:
    """Whether a reply to the same words of the same requester is on its way on another ticket, or before this one in
    the queue, or left so shortly before these were written that it was hardly read. One question to the ledger, unless
    they had another reply lately."""
    person = thread.ticket.requester.requester_id
    before, earlier = True, []
    for case_id in desk.ledger.cases.replied_to_requester(person, WITHIN):
        if case_id == send.case_id:
            before = False  # of two that are delivered at once, one has to leave
        else:
            earlier.append((case_id, before))
    if not earlier:
        return False
    mine = _message(thread, send.message_key)
    return mine is not None and any(
        _same(case_id, mine, thread, send, desk, queued=first) for case_id, first in earlier
    )


def _same(case_id: str, mine: Message, thread: Thread, send: Send, desk: Desk, *, queued: bool) -> bool:
    case, read_then = desk.ledger.cases.get(case_id), desk.ledger.cases.thread(case_id)
    if case is None or read_then is None or case.ticket_id == send.ticket_id:
        return False
    theirs = _message(read_then, case.message_key)
    if theirs is None or _words(theirs, read_then) != _words(mine, thread):
        return False
    replies = [s for s in desk.ledger.sends.of_case(case_id) if s.kind is send.kind]
    waits = queued and any(reply.state is SendState.QUEUED for reply in replies)
    return waits or any(reply.state in _LEAVING and _not_read(reply.intended_at, mine.at) for reply in replies)


def _not_read(left: datetime | None, written: datetime) -> bool:
    return left is None or written < left + UNREAD


def _message(thread: Thread, key: str) -> Message | None:
    return next((m for m in thread.messages if m.key == key), None)


def _words(message: Message, thread: Thread) -> str:
    """What the customer wrote, without regard to white space and capitals. The subject belongs to the first mail: "How
    long does it take?" is another question under another one."""
    subject = thread.ticket.subject if message.key == "ticket" else ""
    return " ".join(f"{subject} {read(message.html, message.text).now}".casefold().split())
