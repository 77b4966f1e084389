"""What the ledger says against a send that was queued before: a switch, a brake, a decision. Asked by deliver only."""

from __future__ import annotations

from worker.models import Send, SendKind, Status
from worker.support.desk import Desk
from worker.support.incident.topics import against
from worker.support.overtaken import Overtaken


def paused(send: Send, desk: Desk) -> Overtaken:
    """What came after the verdict and speaks against a reply that nobody reviewed."""
    if desk.ledger.earning.stopped() is not None:
        return Overtaken.STOPPED
    on = desk.ledger.incidents.on()
    if not on:
        return Overtaken.NOT
    _, draft, trace = desk.ledger.cases.drafts(send.case_id)[-1]
    return Overtaken.BRAKED if trace.reader is not None and against(draft, trace.reader, on) else Overtaken.NOT


def decided(send: Send, desk: Desk) -> Overtaken:
    """A holding reply tells of an answer that is to come: behind a decision, or the answer, it would be confusing."""
    case = desk.ledger.cases.get(send.case_id) if send.kind is SendKind.HOLDING else None
    return Overtaken.NOT if case is None or case.status in (Status.HELD, Status.OPEN) else Overtaken.DECIDED
