"""What became of the sample tickets: waits until each has ended, then compares that with the sandbox's journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.models import Case, SendKind, SendState, Status
from worker.ports import Ledger
from worker.stack.samples import Entry, Sample, answered_tickets, extra_replies
from worker.support.bodies import plain

DEADLINE = 240.0  # seconds until what has not ended counts as lost
_LOOK_EVERY, _SAY_EVERY = 0.2, 3.0
_UNENDED = {Status.OPEN, Status.APPROVED}
_FINAL = {SendState.DONE, SendState.DROPPED, SendState.STRANDED}
COUNTED = (Status.SENT, Status.HELD, Status.HANDED_OVER, Status.IGNORED)


@dataclass(frozen=True)
class End:
    """How one sample ticket ended; `outcome` None if it did not. `reply`: what was sent, as a customer reads it."""

    sample: Sample
    outcome: Status | None = None
    template: str = ""
    reasons: tuple[str, ...] = ()
    reply: str = ""


@dataclass(frozen=True)
class Result:
    """`lost`: not ended, or said to be sent while the helpdesk never saw a reply. `duplicated`: replies too many.
    `seconds`: from the command to here; `first_reply`: to the first reply of ours, None if there was none."""

    ends: tuple[End, ...]
    lost: int
    duplicated: int
    seconds: float
    first_reply: float | None = None

    def figures(self) -> dict[str, int | float | None]:
        counts = {status.value: sum(end.outcome is status for end in self.ends) for status in COUNTED}
        rest = {"lost": self.lost, "duplicated": self.duplicated, "seconds": round(self.seconds, 1)}
        first = None if self.first_reply is None else round(self.first_reply, 1)
        return {"messages": len(self.ends), **counts, **rest, "first_reply_seconds": first}

    @property
    def good(self) -> bool:
        return self.lost == 0 and self.duplicated == 0


def await_ends(
    samples: Sequence[Sample], ledger: Ledger, watch: Callable[[], None], say: Callable[[str], None]
) -> list[End]:
    """Polls the ledger until every sample has ended or DEADLINE has passed; `watch` may raise to break off."""
    ends: dict[int, End] = {}
    begun = said = time.monotonic()
    while len(ends) < len(samples):
        watch()
        for sample in samples:
            if sample.ticket_id not in ends and (end := look_up(sample, ledger)):
                ends[sample.ticket_id] = end
        now = time.monotonic()
        if now - said >= _SAY_EVERY or len(ends) == len(samples):
            said = now
            say(f"{len(ends)} of {len(samples)} tickets have ended")
        if now - begun > DEADLINE:
            break
        time.sleep(_LOOK_EVERY)
    return [ends.get(sample.ticket_id, End(sample)) for sample in samples]


def look_up(sample: Sample, ledger: Ledger) -> End | None:
    """The end of the ticket's newest customer message, once also what it sends has gone out; None until then."""
    case = _case_of(sample, ledger)
    if case is None or case.status in _UNENDED:
        return None
    sends = ledger.sends.of_case(case.case_id)
    if any(send.state not in _FINAL for send in sends):
        return None
    sent = (send for send in sends if send.kind is SendKind.REPLY and send.state is SendState.DONE)
    reply = "\n".join(plain(send.body_html) for send in sent)
    return End(sample, case.status, case.template_id, case.reasons, reply)


def _case_of(sample: Sample, ledger: Ledger) -> Case | None:
    cases = [case for case in ledger.cases.of_ticket(sample.ticket_id) if case.message_key == sample.message_key]
    return cases[-1] if cases else None


def judge(ends: Sequence[End], journal: Sequence[Entry], began: datetime, ended: datetime) -> Result:
    """Compares what the ledger says with what the sandbox's journal saw. `began`: when the command was given."""
    answered = answered_tickets(journal)
    unsent = sum(end.outcome is Status.SENT and end.sample.ticket_id not in answered for end in ends)
    unended = sum(end.outcome is None for end in ends)
    first = min(answered.values(), default=None)  # the samples hold older replies, to earlier messages
    return Result(
        ends=tuple(ends),
        lost=unsent + unended,
        duplicated=extra_replies(journal),
        seconds=(ended - began).total_seconds(),
        first_reply=(first - began).total_seconds() if first else None,
    )
