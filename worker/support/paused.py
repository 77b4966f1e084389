"""What speaks by now against a send that was queued before: a switch, a brake, the mode, the gate, a decision. Asked by
deliver only."""

from __future__ import annotations

from worker.models import Send, SendKind, Status, Thread
from worker.support.desk import Desk
from worker.support.earning.admission import closed_to
from worker.support.incident.topics import against
from worker.support.overtaken import Overtaken


def paused(send: Send, thread: Thread, desk: Desk) -> Overtaken:
    """What came after the verdict and speaks against a reply that nobody reviewed: a queue may be hours long."""
    if desk.ledger.earning.stopped() is not None:
        return Overtaken.STOPPED
    if desk.policy.delivery != "auto":
        return Overtaken.REVIEWED
    on = desk.ledger.incidents.on()
    if desk.policy.gate_open and not on:
        return Overtaken.NOT
    _, draft, trace = desk.ledger.cases.drafts(send.case_id)[-1]
    if trace.reader is not None and against(draft, trace.reader, on):
        return Overtaken.BRAKED
    person = str(thread.ticket.requester.requester_id)
    return Overtaken.NOT_OPEN if closed_to(trace.assessed, trace.identity, person, desk) else Overtaken.NOT


def decided(send: Send, desk: Desk) -> Overtaken:
    """A holding reply tells of an answer that is to come: behind a decision, or the answer, it would be confusing."""
    case = desk.ledger.cases.get(send.case_id) if send.kind is SendKind.HOLDING else None
    return Overtaken.NOT if case is None or case.status in (Status.HELD, Status.OPEN) else Overtaken.DECIDED
