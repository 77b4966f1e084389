"""What failed three times goes to a person, never to the bin: the case ends HANDED_OVER, with a note on the ticket."""

from __future__ import annotations

from typing import Any

import structlog

from worker.errors import Trouble
from worker.models import Doorbell, Status, Step, Thread, Trace, Verdict
from worker.rulebook.grammar import PRIORITIES
from worker.support.desk import Desk
from worker.support.letters import tags_of
from worker.support.outgoing import handover_note
from worker.support.pipeline import first_entry

log = structlog.get_logger(__name__)


def to_a_person(doorbell: Doorbell, reason: str, desk: Desk, enqueue: Any) -> str:
    """Ends the doorbell and its case. Where even the ticket cannot be read, the doorbell alone ends, for ops to see."""
    why = f"Deskhand failed on this ticket {doorbell.tries + 1} times ({reason})."
    otherwise = desk.rulebook.routing.hand_over_otherwise
    verdict = Verdict(
        step=Step.HAND_OVER,
        reasons=(why,),
        group=otherwise.group,
        priority=PRIORITIES[otherwise.priority],
    )
    thread = _thread(doorbell, desk)
    message = (thread.newest_from_customer or first_entry(thread)) if thread else None
    sends: list[str] = []
    if thread is not None and message is not None:
        case = desk.ledger.cases.open(thread, message.key, doorbell, desk.policy.lease)
        if case is not None:
            outgoing = [] if desk.policy.shadow else [handover_note(verdict, tags_of(desk.rulebook))]
            sends = list(
                desk.ledger.cases.conclude(
                    case.case_id,
                    case.epoch,
                    Status.HANDED_OVER,
                    verdict=verdict,
                    trace=Trace(),
                    thread=thread,
                    outgoing=outgoing,
                )
                or ()
            )
    log.error("given_to_a_person", reason=reason, note=bool(sends))
    desk.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, f"failed: {reason}"[:200])
    for send_id in sends:
        enqueue("deliver", send_id)
    return "handed over"


def _thread(doorbell: Doorbell, desk: Desk) -> Thread | None:
    try:
        return desk.helpdesk.thread(doorbell.ticket_id) if doorbell.ticket_id is not None else None
    except Trouble as trouble:
        log.error("rescue_cannot_read", reason=trouble.reason)
        return None
