"""What was set aside only for where its ticket stood, once the ticket stands otherwise: a person is told of it.

Freshdesk stores a customer's reply to a closed ticket and reopens the ticket after that; a colleague lets a ticket go
that a rule had given her; spam turns out to be none. Whoever looked in between left the message alone, and nobody else
ever comes back to it. Called by answer.py for each look at such a message.
"""

from __future__ import annotations

from datetime import timedelta

from worker.models import Case, Message, Step, Thread, Verdict
from worker.rulebook import Rulebook, passing
from worker.support.desk import Desk
from worker.support.pipeline import gated
from worker.support.verdict import left_to_a_person

# Old tickets are touched in bulk, and after an update of Deskhand each would call somebody to what ended long ago.
RECENT = timedelta(days=7)


def taken_up(case: Case, message: Message, thread: Thread, desk: Desk) -> Verdict | None:
    """A hand-over, where the message of this IGNORED case was left alone for nothing but what has passed since, and
    waits for an answer; else None. Never a reply: who closed the ticket or had it may have dealt with it by telephone.

    Asks the ledger only where that is so: it is called for every echo of a change on such a ticket."""
    if desk.now() - message.at > RECENT or not _set_aside_for_now(case, desk.rulebook):
        return None
    now = gated(thread, message, desk)
    if now is not None and now.step is Step.IGNORE:
        return None
    if desk.ledger.reviews.taken_by(case.ticket_id):
        return None
    why = left_alone(case)
    grouped = thread.ticket.group_id is not None
    if now is not None:
        kept = {"group": None} if grouped and _let_go(case, desk) else {}
        return now.model_copy(update={"reasons": (why, *now.reasons), **kept})
    if grouped:
        return Verdict(step=Step.HAND_OVER, reasons=(why,))
    return left_to_a_person(why, desk.rulebook)


def _let_go(case: Case, desk: Desk) -> bool:
    """Whether a colleague had the ticket: she may have given it to its group when she let it go."""
    then = desk.ledger.cases.thread(case.case_id)
    return then is not None and then.ticket.assigned_to_person


def left_alone(case: Case) -> str:
    """Why a person is called to it, for the note and the history."""
    return (
        f"The customer's message was left alone when it came in (“{' '.join(case.reasons)}”). That has changed since, "
        "and nobody has answered it. Please see whether it still needs an answer."
    )


def _set_aside_for_now(case: Case, rulebook: Rulebook) -> bool:
    """Whether all its reasons are those of rules that ask only for what may pass. A reason that is none of theirs, or
    that another rule gives too, is for good: thanks stay thanks, and what a colleague took over stays hers."""
    rules = rulebook.routing.ignore
    for_good = {rule.reason for rule in rules if not passing(rule)}
    for_now = {rule.reason for rule in rules if passing(rule)} - for_good
    return bool(case.reasons) and for_now.issuperset(case.reasons)
