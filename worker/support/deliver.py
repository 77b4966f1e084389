"""The one door to a customer, and to the ticket: every reply and every note leaves through here.

A send is committed, body and all, before the first attempt. Then: claim it, look at what became of an earlier attempt,
read the thread again, commit the intent, post, record, change the ticket. Whoever is interrupted at any point leaves a
row from which the next worker goes on. Called by tasks.deliver only.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from worker.errors import InDoubt, Permanent, Retryable, Trouble
from worker.models import Author, Posted, Send, SendKind, SendState, Status, Thread, TicketState
from worker.support.desk import Desk

log = structlog.get_logger(__name__)

BACKOFF = (5.0, 30.0, 120.0, 300.0)  # seconds after the first, second, ... failure that named no time of its own


def deliver(send_id: str, desk: Desk) -> str:
    """Works on one send as far as it gets now; the word says how far ("done", "parked", "dropped", ...)."""
    send = desk.ledger.sends.claim(send_id, desk.policy.lease)
    if send is None:
        return "not ours"
    structlog.contextvars.bind_contextvars(case_id=send.case_id, stage="deliver", send_id=send_id)
    try:
        return _advance(send, desk)
    except Trouble as trouble:
        return _postpone(send, trouble, desk)


def _advance(send: Send, desk: Desk) -> str:
    """One straight line over the states; each step leaves the row where the next one starts."""
    if send.state is SendState.POSTING:
        earlier = _look_back(send, desk)
        if isinstance(earlier, str):
            return earlier
        if earlier is not None:
            desk.ledger.sends.posted(send.send_id, send.epoch, earlier)
            return _finish(send, desk)
    if send.state is not SendState.POSTED:
        if reason := _superseded(send, desk):
            return _drop(send, reason, desk)
        posted = _post(send, desk)
        if posted is None:
            return "not ours"
        if not desk.ledger.sends.posted(send.send_id, send.epoch, posted):
            # The reply is at Freshdesk; whoever took over will find it there by its hash and record it.
            log.warning("posted_late", remote_id=posted.remote_id)
            return "not ours"
    return _finish(send, desk)


def _look_back(send: Send, desk: Desk) -> Posted | str | None:
    """What became of an attempt whose outcome nobody recorded: found, not there (None), or a word if we must wait."""
    started = send.intended_at
    if started is None:
        return None
    settled = started + desk.policy.settle
    wait = settled - desk.now()
    if wait > timedelta(0):
        # A request may still be on its way through the vendor's machines: looking now would miss it.
        desk.ledger.sends.park(
            send.send_id,
            send.epoch,
            wait,
            "waiting for an attempt in doubt to settle",
            failed=False,
            nothing_left=False,
        )
        return "settling"
    found = desk.helpdesk.find(send.ticket_id, send.body_hash, since=started, public=send.kind is SendKind.REPLY)
    if found is None and send.rounds >= desk.policy.max_rounds:
        desk.ledger.sends.strand(send.send_id, send.epoch, f"still in doubt after {send.rounds} attempts: please look")
        return "stranded"
    return found


def _superseded(send: Send, desk: Desk) -> str:
    """Why a reply must not leave any more; "" if it may. Notes to colleagues may always leave."""
    if send.kind is not SendKind.REPLY:
        return ""
    thread = desk.helpdesk.thread(send.ticket_id)
    return why_superseded(thread, send.message_key)


def why_superseded(thread: Thread, message_key: str) -> str:
    """What happened on the ticket since the draft was written that makes a reply wrong; "" for nothing.

    Texts are stored and shown to leads; the console asks the same question before an approval.
    """
    ticket = thread.ticket
    for wrong, reason in (
        (ticket.deleted, "the ticket was deleted"),
        (ticket.spam, "the ticket was marked as spam"),
        (ticket.merged, "the ticket was merged into another"),
        (ticket.state is TicketState.CLOSED, "the ticket was closed"),
    ):
        if wrong:
            return reason
    later = thread.after(message_key)
    if any(m.author is Author.CUSTOMER and m.public for m in later):
        return "the customer wrote again"
    if any(m.author is Author.PERSON and m.public for m in later):
        return "a colleague answered"
    if any(m.author is Author.DESKHAND and m.public for m in later):
        return "it was answered already"
    return ""


def _drop(send: Send, reason: str, desk: Desk) -> str:
    wrote_again = reason == "the customer wrote again"
    desk.ledger.sends.drop(
        send.send_id, send.epoch, f"Not sent: {reason}.", case_to=Status.SUPERSEDED, recheck=wrote_again
    )
    log.info("send_dropped", reason=reason)
    return "dropped"


def _post(send: Send, desk: Desk) -> Posted | None:
    """Commits the intent, then posts. None if somebody else has the send by now."""
    # Measured before the commit: a process that is stopped anywhere between here and the socket must not post late,
    # since another one may look for the reply, not find it, and post it again.
    not_after = time.monotonic() + min(desk.policy.lease, desk.policy.settle).total_seconds() - desk.policy.http_timeout
    if desk.ledger.sends.intend(send.send_id, send.epoch) is None:
        return None
    write = desk.helpdesk.reply if send.kind is SendKind.REPLY else desk.helpdesk.note
    posted = write(send.ticket_id, send.body_html, not_after=not_after)
    log.info("posted", kind=send.kind.value, remote_id=posted.remote_id)
    return posted


def _finish(send: Send, desk: Desk) -> str:
    """Tags, status, group and priority, in one write. A refusal there loses nothing: it becomes a remark."""
    remark = ""
    if not send.change.empty:
        try:
            desk.helpdesk.change(send.ticket_id, send.change)
        except Permanent as trouble:
            remark = f"The ticket could not be changed: {trouble.reason}"
            log.warning("change_refused", reason=trouble.reason)
    desk.ledger.sends.done(send.send_id, send.epoch, remark)
    return "done"


def _postpone(send: Send, trouble: Trouble, desk: Desk) -> str:
    """What each kind of trouble means for the send: come back, give it to a person, or wait and look."""
    policy, sends = desk.policy, desk.ledger.sends
    log.warning("send_trouble", kind=type(trouble).__name__, part=trouble.part, reason=trouble.reason)
    if isinstance(trouble, InDoubt):
        sends.park(send.send_id, send.epoch, policy.settle, trouble.reason, failed=False, nothing_left=False)
        return "in doubt"
    if isinstance(trouble, Permanent) and send.tries + 1 >= policy.max_tries:
        return _give_up(send, trouble, desk)
    after = trouble.after if isinstance(trouble, Retryable) else None
    wait = timedelta(seconds=after if after is not None else BACKOFF[min(send.tries, len(BACKOFF) - 1)])
    sends.park(
        send.send_id,
        send.epoch,
        wait,
        trouble.reason,
        failed=isinstance(trouble, Permanent),
        nothing_left=True,
    )
    return "parked"


def _give_up(send: Send, trouble: Permanent, desk: Desk) -> str:
    """Refused again and again: a reply goes back to the leads as a case to look at, a note is let go, loudly."""
    case_to = Status.HANDED_OVER if send.kind is SendKind.REPLY else None
    reason = f"Freshdesk refused it {send.tries + 1} times: {trouble.reason}"
    desk.ledger.sends.drop(send.send_id, send.epoch, reason, case_to=case_to)
    log.error("send_given_up", kind=send.kind.value, reason=trouble.reason)
    return "dropped"
