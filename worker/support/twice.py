"""The same words of one customer on two tickets: a form that was sent twice, a mail to two of our addresses, a message
that an agent split off after it was answered. One reply is enough; a lead sees the second. Asked by deliver only.
"""

from __future__ import annotations

from datetime import timedelta

from worker.intake.mailtext import read
from worker.models import Send, SendState, Thread
from worker.support.desk import Desk

WITHIN = timedelta(days=2)
_LEAVING = (SendState.POSTING, SendState.POSTED, SendState.DONE, SendState.STRANDED)


def answered_elsewhere(send: Send, thread: Thread, desk: Desk) -> bool:
    """Whether a reply to the same words of the same requester is out, on its way, or before this one in the queue, on
    another ticket. One question to the ledger, unless they had another reply lately."""
    person = thread.ticket.requester.requester_id
    before, earlier = True, []
    for case_id in desk.ledger.cases.replied_to_requester(person, WITHIN):
        if case_id == send.case_id:
            before = False  # of two that are delivered at once, one has to leave
        else:
            earlier.append((case_id, before))
    if not earlier:
        return False
    mine = _words(thread, send.message_key)
    return any(_same(case_id, mine, send, desk, queued=first) for case_id, first in earlier)


def _same(case_id: str, words: str | None, send: Send, desk: Desk, *, queued: bool) -> bool:
    case, theirs = desk.ledger.cases.get(case_id), desk.ledger.cases.thread(case_id)
    if case is None or theirs is None or case.ticket_id == send.ticket_id or words is None:
        return False
    if _words(theirs, case.message_key) != words:
        return False
    states = {s.state for s in desk.ledger.sends.of_case(case_id) if s.kind is send.kind}
    return bool(states.intersection(_LEAVING)) or (queued and SendState.QUEUED in states)


def _words(thread: Thread, key: str) -> str | None:
    """What the customer wrote, without regard to white space and capitals; None where the message is gone."""
    message = next((m for m in thread.messages if m.key == key), None)
    return None if message is None else " ".join(read(message.html, message.text).now.casefold().split())
