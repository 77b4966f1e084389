"""What was promised to a customer in a reply that was sent, and whether it has been kept."""

from __future__ import annotations

from datetime import date, datetime

from worker.models.base import Noun


class Promise(Noun):
    """One promise of a reply. `act`: "payment", "call", "answer", "escalation", "check", "exception", "guarantee" or
    "action". `words`: its sentence. `due`: the last day, by the calendar of the working days; None where the sentence
    names no time, or only something else starts its time. `period`: how it says the time ("5 working days")."""

    act: str
    words: str
    due: date | None = None
    period: str = ""


class MadePromise(Promise):
    """A promise as the ledger has it. `made_by`: login of who approved the reply, or sent the holding reply, "" if it
    went out alone. Open until `kept_at`."""

    promise_id: str
    case_id: str
    send_id: str
    ticket_id: int
    made_at: datetime
    made_by: str = ""
    kept_at: datetime | None = None
    kept_by: str = ""
