"""What failed three times goes to a person, never to the bin: the case ends HANDED_OVER, with a note on the ticket.

Also where the ticket cannot be read at all, where reading it is what fails, or where it kills whoever touches it: then
a case without a thread says so in the console. Called by tasks.draft only.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from worker.crashpoints import crash_point
from worker.errors import Permanent
from worker.models import (
    Case,
    Channel,
    Doorbell,
    Message,
    Requester,
    Ring,
    Status,
    Thread,
    Ticket,
    TicketState,
    Trace,
    Verdict,
)
from worker.ports import Enqueue
from worker.support.desk import Desk
from worker.support.letters import tags_of
from worker.support.outgoing import handover_note
from worker.support.overtaken import Overtaken, in_trash
from worker.support.threads import covered, read_thread, waiting
from worker.support.verdict import left_to_a_person

log = structlog.get_logger(__name__)


def given_up(doorbell: Doorbell, desk: Desk) -> str:
    """Why this doorbell is not drafted any more, as a finished sentence; "" if it still is."""
    if doorbell.deaths >= desk.policy.max_deaths:
        return f"The process that worked on this ticket ended before its time {doorbell.deaths} times."
    if doorbell.tries >= desk.policy.max_tries:
        return f"Deskhand failed on this ticket {doorbell.tries} times."
    return ""


def to_a_person(doorbell: Doorbell, why: str, desk: Desk, enqueue: Enqueue) -> str:
    """Ends the doorbell, and the case of the message that still waits, if it is not somebody else's. Raises what
    reading the ticket or the ledger raises: nothing has ended then, and whoever tries again after that does not read
    the ticket any more."""
    policy = desk.policy
    thread = None
    if doorbell.tries <= policy.max_tries and doorbell.deaths <= policy.max_deaths:
        try:
            thread = read_thread(doorbell.ticket_id, desk.helpdesk, desk.ledger) if doorbell.ticket_id else None
        except Permanent as trouble:
            if doorbell.ticket_id and in_trash(doorbell.ticket_id, trouble, desk):
                return _with_its_ticket(doorbell, desk)
            log.error("rescue_cannot_read", reason=trouble.reason, code=trouble.code)
            why = f"{why} It cannot be read: {trouble.reason}"
    crash_point("rescue.thread_read")
    verdict = left_to_a_person(why, desk.rulebook)
    sends = _known(thread, verdict, doorbell, desk) if thread else _unread(verdict, doorbell, desk)
    crash_point("rescue.concluded")
    log.error("given_to_a_person", reason=why, note=bool(sends))
    desk.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, f"failed: {why}"[:200])
    crash_point("rescue.finished")
    for send_id in sends:
        enqueue("deliver", send_id)
    return "handed over"


def _with_its_ticket(doorbell: Doorbell, desk: Desk) -> str:
    """Somebody deleted the ticket: nobody needs to look at it, and a note finds no place. Once restored it has changed,
    and the poller rings for it."""
    for case in desk.ledger.cases.of_ticket(doorbell.ticket_id or 0):
        if case.status is Status.OPEN:
            words = [f"{Overtaken.DELETED.capitalize()}."]
            desk.ledger.cases.advance(case.case_id, Status.OPEN, Status.SUPERSEDED, case.epoch, reasons=words)
    desk.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, Overtaken.DELETED)
    return "deleted"


def _known(thread: Thread, verdict: Verdict, doorbell: Doorbell, desk: Desk) -> Sequence[str]:
    """The newest message that is not somebody else's already."""
    ended = {c.message_key: c.status for c in desk.ledger.cases.of_ticket(thread.ticket.ticket_id)}
    for message in waiting(thread):
        if ended.get(message.key) is Status.IGNORED:
            continue
        case = desk.ledger.cases.open(thread, message.key, doorbell, desk.policy.lease)
        return _conclude(case, thread, verdict, doorbell, desk) if case else _stopped(thread, message, verdict, desk)
    return ()


def _stopped(thread: Thread, message: Message, verdict: Verdict, desk: Desk) -> Sequence[str]:
    """A note for a message whose reply was stopped and that nobody has since; the doorbell was to bring somebody."""
    known = desk.ledger.cases.of_ticket(thread.ticket.ticket_id)
    case = next((c for c in known if c.message_key == message.key), None)
    if desk.policy.shadow or case is None or case.status is not Status.SUPERSEDED or covered(case, known):
        return ()
    note = handover_note(verdict, tags_of(desk.rulebook))
    noted = desk.ledger.sends.add_note(case.case_id, note, hand_over=" ".join(verdict.reasons))
    return (noted,) if noted else ()


def _unread(verdict: Verdict, doorbell: Doorbell, desk: Desk) -> Sequence[str]:
    """Every case that this ticket has left open; without one, a case for the message that nobody could read. With
    a note also where the ticket is out of reach: it may be very new, or the bot agent's role may be mended."""
    if doorbell.ticket_id is None:
        return ()
    known = desk.ledger.cases.of_ticket(doorbell.ticket_id)
    left = [case for case in known if case.status is Status.OPEN]
    key = _unread_key(doorbell) if known else "ticket"
    sends: list[str] = []
    for stub, message_key in [(_stub(doorbell, c), c.message_key) for c in left] or [(_stub(doorbell), key)]:
        case = desk.ledger.cases.open(stub, message_key, doorbell, desk.policy.lease)
        if case is not None:
            sends += _conclude(case, stub, verdict, doorbell, desk)
    return sends


def _unread_key(doorbell: Doorbell) -> str:
    """Stands for the message that nobody could read. A webhook is a message of the customer. The poller also rings for
    our own note: with a case for each of its rings there would be a note for every note, so it gets one a day."""
    which = doorbell.doorbell_id if doorbell.ring is Ring.WEBHOOK else f"{doorbell.received_at:%Y-%m-%d}"
    return f"unread-{which}"


def _conclude(case: Case, thread: Thread, verdict: Verdict, doorbell: Doorbell, desk: Desk) -> Sequence[str]:
    # A lead who asked for another draft keeps the one there was.
    keep = doorbell.ring is Ring.REDRAFT and bool(desk.ledger.cases.drafts(case.case_id))
    outgoing = [] if keep or desk.policy.shadow else [handover_note(verdict, tags_of(desk.rulebook))]
    concluded = desk.ledger.cases.conclude(
        case.case_id,
        case.epoch,
        Status.HELD if keep else Status.HANDED_OVER,
        verdict=verdict,
        trace=Trace(),
        thread=thread,
        outgoing=outgoing,
    )
    return concluded or ()


def _stub(doorbell: Doorbell, case: Case | None = None) -> Thread:
    """A thread without messages, for a ticket of which no more is known than what an earlier try wrote down."""
    requester = Requester(requester_id=case.requester_id, email=case.requester_email) if case else None
    ticket = Ticket(
        ticket_id=doorbell.ticket_id or 0,
        subject=case.subject if case else "",
        state=TicketState.OTHER,
        channel=Channel.OTHER,
        requester=requester or Requester(requester_id=0),
        created_at=doorbell.received_at,
        updated_at=doorbell.received_at,
    )
    return Thread(ticket=ticket, messages=())
