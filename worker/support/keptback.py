"""Shadow mode at the door: what was queued in another mode waits in the ledger, and Freshdesk is only read.

A send keeps its body, its rounds and its tries; it is no failure that it waits. Back in another mode it goes on where
it stood: a reply through the last look, as at every attempt. Called by deliver.py; the words are shown by the console.
"""

from __future__ import annotations

from datetime import timedelta

from worker.models import Send, SendKind, Status, TicketChange
from worker.support.desk import Desk

IN_SHADOW = "Kept back by shadow mode."
DECIDED = "Not written: the draft was decided on while shadow mode kept this note back."
# Until it is looked again whether shadow mode is over: often enough for a customer, and rarely enough for the ledger.
CALM = timedelta(minutes=5)


def waited(send: Send) -> bool:
    """Whether shadow mode kept it back since it was queued."""
    return send.remark.startswith(IN_SHADOW)


def parked_for(send: Send, reason: str) -> str:
    """Why it is parked, without losing that shadow mode had kept it back: `change_by_now` asks for that later."""
    return f"{IN_SHADOW} {reason}" if waited(send) else reason


def keep_back(send: Send, desk: Desk) -> str:
    """Parks it. Neither a try nor a round: however long shadow mode lasts, nothing is given up for it."""
    desk.ledger.sends.park(send.send_id, send.epoch, CALM, IN_SHADOW, failed=False, nothing_left=False)
    return "kept back"


def pointless(send: Send, desk: Desk) -> bool:
    """Whether a note that calls a lead to a draft has outlived the draft: one that was rejected in shadow mode leaves
    no other note, so this one would call colleagues to nothing, with a tag that nobody takes off."""
    if send.kind is not SendKind.HELD_NOTE or not (desk.policy.shadow or waited(send)):
        return False
    case = desk.ledger.cases.get(send.case_id)
    return case is not None and case.status not in (Status.HELD, Status.OPEN)


def change_by_now(send: Send) -> TicketChange:
    """What is still to be changed on the ticket of something that was posted earlier. The status is left as it is where
    that waited in shadow mode: set to pending days later, it would hide what the customer has written since."""
    return send.change.model_copy(update={"state": None}) if waited(send) else send.change
