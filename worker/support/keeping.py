"""The promises of a reply that goes out, with the day by which each is to be kept: whoever wrote it, a model or a lead.

Read from the very body that is sent, so that what a lead added is kept too. Called by deliver.py.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from worker.intake.mailtext import seen_and_hidden
from worker.models import Promise, TicketChange, TicketState
from worker.ports import Ledger
from worker.rulebook import GuardSettings
from worker.support.duedates import due
from worker.support.promises import Promise as Said
from worker.support.promises import promises
from worker.support.sentences import sentences


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


def _dated(one: Said, sentence: str, day: date, rules: GuardSettings) -> Promise:
    until, period = due(sentence, day, rules.holidays)
    # The time of "once you have sent the form, we pay within 3 days" begins on a day that nobody knows yet.
    return Promise(act=one.act, words=sentence, due=None if one.conditional else until, period=period)


def without_closing(ticket_id: int, change: TicketChange, ledger: Ledger) -> TicketChange:
    """The change, but for ending a ticket on which something promised is still to be done: that stays with people."""
    ends = change.state in (TicketState.RESOLVED, TicketState.CLOSED)
    if not ends or all(one.kept_at for one in ledger.promises.of_ticket(ticket_id)):
        return change
    return change.model_copy(update={"state": None})
