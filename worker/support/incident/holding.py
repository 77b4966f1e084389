"""One holding reply for the tickets of an incident: "we are looking into it", in a lead's own words, once each.

It is a send of its own kind (SendKind.HOLDING) with its own unique index: it takes nothing from the one public reply
that each message may have, the case stays held for that reply, and threads.py makes sure that nobody takes it for an
answer. Nothing is sent here: the sends are committed, and `deliver` takes them from there. Called by the console only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.models import Brake, Case, Send, SendKind, Sighting, Status
from worker.ports import Outgoing
from worker.support.bodies import body_hash
from worker.support.facts import PLACEHOLDER
from worker.support.incident.topics import of_topic
from worker.support.render import Letter, render_text
from worker.support.review import longer_than_a_reply
from worker.support.reviewdesk import Outcome, ReviewDesk

MOST = 1_000  # tickets at one press


@dataclass(frozen=True)
class Ticket:
    """One of an incident: one of its cases, and the holding reply that it got or is to get."""

    case: Case
    own: Send | None  # the newest of this incident, whatever became of it
    left_out: Send | None  # the one for which a press passes it over

    @property
    def holding(self) -> Send | None:
        return self.left_out or self.own

    @property
    def elsewhere(self) -> bool:
        """Whether `holding` is another incident's."""
        return self.left_out is not None and not self.has

    @property
    def has(self) -> bool:
        """Whether one of this incident is there or may be, or is on its way."""
        return self.own is not None and self.left_out is not None and self.own.send_id == self.left_out.send_id

    @property
    def waits(self) -> bool:
        """Whether a press would send to it."""
        return self.case.status is Status.HELD and self.left_out is None


def members(desk: ReviewDesk, brake: Brake) -> list[Sighting]:
    """The incident's cases, oldest first."""
    return of_topic(desk.ledger.incidents.sightings(brake.since, brake.off_at), brake.topic)


def tickets(desk: ReviewDesk, brake: Brake, limit: int = MOST) -> list[Ticket]:
    """The newest `limit` of the incident's cases, newest first: a ticket whose customer wrote again comes twice."""
    left_out = desk.ledger.incidents.left_out(brake.brake_id)
    own = desk.ledger.incidents.holding(brake.brake_id)
    newest = members(desk, brake)[-limit:][::-1]
    cases = [desk.ledger.cases.get(one.case_id) for one in newest]
    found = [case for case in cases if case is not None]
    return [Ticket(case, own.get(case.ticket_id), left_out.get(case.ticket_id)) for case in found]


def letter_of(text: str, letter: Letter) -> Outgoing:
    html, _ = render_text(text.strip(), letter)
    return Outgoing(kind=SendKind.HOLDING, body_html=html, body_hash=body_hash(html))


def fault(desk: ReviewDesk, text: str) -> str:
    """Why this text cannot be sent; "" if it can."""
    if not text.strip():
        return "Please write what the customers are to read."
    if desk.policy.shadow:
        return "This is shadow mode: nothing is written to Freshdesk, so nothing can be sent."
    if gap := PLACEHOLDER.search(text):
        return f"There is a gap left to fill in: {gap.group()}"
    return longer_than_a_reply(text)


def preview(desk: ReviewDesk, brake: Brake, text: str) -> Outgoing | None:
    """What the first ticket that waits would get; None if none waits. Only the greeting differs between tickets."""
    first = next((one for one in tickets(desk, brake) if one.waits), None)
    letter = None if first is None else _letter(desk, first.case)
    return None if letter is None else letter_of(text, letter)


def send(desk: ReviewDesk, brake: Brake, text: str, shown: str, user: str) -> Outcome:
    """Queues it for every ticket that waits and has none. `shown`: the fingerprint of the text whose preview the lead
    has read."""
    if wrong := fault(desk, text):
        return Outcome(False, wrong)
    if shown != fingerprint(text):
        return Outcome(False, "Not sent: the preview was not up to date. Please read it once more.")
    letters = _letters(desk, [one.case for one in tickets(desk, brake) if one.waits], text)
    queued = desk.ledger.incidents.hold_with(brake.brake_id, letters, text.strip(), user)
    for send_id in queued:
        desk.enqueue("deliver", send_id)
    if not queued:
        now = desk.ledger.incidents.get(brake.brake_id)
        off = now is not None and now.off_at is not None
        return Outcome(False, "The brake is off by now." if off else "Every ticket that waits has one already.")
    return Outcome(True, f"On its way to {len(queued)} {'ticket' if len(queued) == 1 else 'tickets'}.")


def fingerprint(text: str) -> str:
    return body_hash("\n".join(line.rstrip() for line in text.strip().splitlines()))


def _letters(desk: ReviewDesk, cases: Sequence[Case], text: str) -> dict[str, Outgoing]:
    letters = {case.case_id: _letter(desk, case) for case in cases}
    return {case_id: letter_of(text, letter) for case_id, letter in letters.items() if letter is not None}


def _letter(desk: ReviewDesk, case: Case) -> Letter | None:
    """Greeted as a reply to this ticket would be; None where no thread was kept, so nobody knows whom."""
    thread, trace = desk.ledger.cases.thread(case.case_id), desk.ledger.cases.trace(case.case_id)
    if thread is None:
        return None
    return desk.letter_for(thread, trace.identity if trace else None)
