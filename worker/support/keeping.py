"""The promises of a reply that goes out, with the day by which each is to be kept: whoever wrote it, a model or a lead.

Read from the very body that is sent, so that what a lead added is kept too. Called by deliver.py, and by answer.py when
a ticket was ended before a promise was kept.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from worker.intake.mailtext import seen_and_hidden
from worker.models import Promise, Ticket, TicketChange, TicketState
from worker.ports import Ledger
from worker.rulebook import GuardSettings
from worker.support.desk import Policy
from worker.support.duedates import due
from worker.support.outgoing import promise_note
from worker.support.promises import Promise as Said
from worker.support.promises import promises
from worker.support.sentences import sentences

ENDED = (TicketState.RESOLVED, TicketState.CLOSED)


def promised(body_html: str, sent: datetime, rules: GuardSettings, zone: tzinfo) -> tuple[Promise, ...]:
    """In the order of the text. What is said to be done already is no promise to keep; where a sentence both promises
    an act and vouches for it ("rest assured, we will call"), the act is."""
    text, _ = seen_and_hidden(body_html)
    day = sent.astimezone(zone).date()
    kept: list[Promise] = []
    for sentence in sentences(text):
        made = [one for one in promises(sentence, rules.company) if not one.claimed]
        acts = [one for one in made if one.act != "guarantee"] or made
        for one in {one.act: one for one in acts}.values():
            kept.append(_dated(one, sentence, day, rules))
    return tuple(kept)


def reminders(ticket: Ticket, ledger: Ledger, policy: Policy) -> list[str]:
    """Queues a note for each case of an ended ticket with a promise that is still open, once for each; their ids."""
    if policy.shadow or ticket.state not in ENDED:
        return []
    left: dict[str, list[str]] = {}
    for one in ledger.promises.of_ticket(ticket.ticket_id):
        if one.kept_at is None:
            by = f" (by {one.due.day} {one.due:%B %Y})" if one.due else ""
            left.setdefault(one.case_id, []).append(f"{one.words}{by}")
    noted = [ledger.sends.add_note(case_id, promise_note(words, policy)) for case_id, words in left.items()]
    return [send_id for send_id in noted if send_id]


def _dated(one: Said, sentence: str, day: date, rules: GuardSettings) -> Promise:
    until, period = due(sentence, day, rules.holidays)
    # The time of "once you have sent the form, we pay within 3 days" begins on a day that nobody knows yet.
    return Promise(act=one.act, words=sentence, due=None if one.conditional else until, period=period)


def without_closing(ticket_id: int, change: TicketChange, ledger: Ledger) -> TicketChange:
    """The change, but for ending a ticket on which something promised is still to be done: that stays with people."""
    if change.state not in ENDED or all(one.kept_at for one in ledger.promises.of_ticket(ticket_id)):
        return change
    return change.model_copy(update={"state": None})
