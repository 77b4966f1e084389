"""A lead answers a ticket herself: nothing of ours leaves for it any more, until she gives it back.

The ledger ends what is under way, the pipeline sets aside what comes, and `deliver` lets nothing out. Called by the
console only.
"""

from __future__ import annotations

from worker.models import Asked, SendState, Status, Step, Verdict
from worker.ports import Ledger
from worker.support.outgoing import given_back_note, taken_note
from worker.support.review import what_happened
from worker.support.reviewdesk import Outcome, ReviewDesk


def take_over(desk: ReviewDesk, case_id: str, user: str) -> Outcome:
    """Also of a case that a colleague has decided on meanwhile: whoever asks that nothing more leaves is not to find
    that something did. What had happened is said in the outcome then."""
    case = desk.ledger.cases.get(case_id)
    if case is None:
        return Outcome(False, "There is no such case.")
    before = "" if case.status is Status.HELD else what_happened(desk.ledger, case_id)
    note = None if desk.policy.shadow else taken_note(user, desk.tags)
    if desk.ledger.reviews.take_over(case_id, user, taken_words(user), note):
        return Outcome(True, before)
    return Outcome(False, f"{desk.ledger.reviews.taken_by(case.ticket_id)} answers this ticket already.")


def give_back(desk: ReviewDesk, case_id: str, user: str, taker: str = "") -> Outcome:
    """From the customer's next message on; what was ended stays ended. `taker`: who answers the ticket as far as `user`
    knows; if it is somebody else by now, it stays hers. The tag that the taking over put on the ticket comes off, and
    until it has, threads.py reads the ticket without it."""
    case = desk.ledger.cases.get(case_id)
    now = desk.ledger.reviews.taken_by(case.ticket_id) if case else ""
    if case is not None and now and taker in ("", now):
        unsaid = taken_note(now, desk.tags).body_hash
        quiet = desk.policy.shadow and not _was_told(desk, case.ticket_id, unsaid)
        note = None if quiet else given_back_note(user, desk.tags)
        given = desk.ledger.reviews.give_back(case.ticket_id, user, taker=now, case_id=case_id, note=note, moot=unsaid)
        if given:
            return Outcome(True)
        now = desk.ledger.reviews.taken_by(case.ticket_id)
    return Outcome(False, f"{now} answers this ticket by now." if now else "Nobody has taken this ticket over.")


def _was_told(desk: ReviewDesk, ticket_id: int, note_hash: str) -> bool:
    """Whether the note on the taking over has left, or may: in shadow mode too its tag has to come off then, later, or
    it would silence the ticket for good."""
    sends = desk.ledger.sends.of_ticket(ticket_id)
    return any(send.body_hash == note_hash and send.state is not SendState.DROPPED for send in sends)


def taken_words(user: str) -> str:
    return f"{user} answers this ticket: nothing more is sent by Deskhand."


def left_to_its_taker(ticket_id: int, ledger: Ledger) -> tuple[Verdict, Asked] | None:
    """What the gate says of a ticket that a colleague has taken over; None if nobody has."""
    user = ledger.reviews.taken_by(ticket_id)
    if not user:
        return None
    return Verdict(step=Step.IGNORE, reasons=(taken_words(user),)), Asked(rule="taken-over", hit=True, why=f"by {user}")
