"""Builders for incidents: sightings, a usual desk, and weeks of cases in a ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import a_draft, a_message, a_trace, a_verdict
from tests.console.seed import LETTER
from worker.models import (
    Brake,
    Hour,
    Reader,
    Requester,
    Ring,
    Sighting,
    Status,
    Surge,
    Thread,
    Ticket,
    TicketState,
    Topic,
)
from worker.models.tickets import Channel
from worker.ports import Ledger
from worker.support.incident.usual import WEEK, Stream, Usual, learn

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
STREAM: Stream = ("redeem", "IM")
TOPIC = Topic(template_id="redeem", segment="IM")
SURGE = Surge(customers=12, minutes=60, expected=1.5, chance=1e-8)
FIRST = int(MONDAY.timestamp() // 3600)
SIGN_OFF = LETTER.sign_off


def usual_of(weekly: Iterable[tuple[Stream, int, int]], weeks: int = 8) -> Usual:
    """Every week the same: (stream, hour of the week, customers)."""
    seen = [
        Hour(template_id=stream[0], segment=stream[1], hour=FIRST + week * WEEK + hour, customers=n)
        for stream, hour, n in weekly
        for week in range(weeks)
    ]
    return learn(seen, FIRST, FIRST + weeks * WEEK, UTC)


def a_sighting(number: int, at: datetime, **fields: Any) -> Sighting:
    said = {"case_id": f"c{number}", "ticket_id": number, "template_id": "redeem", "segment": "IM"}
    return Sighting(**(said | {"person": f"customer {number}", "at": at} | fields))


def a_brake(on_at: datetime, topic: Topic = TOPIC, **fields: Any) -> Brake:
    said = {"topic": topic, "since": on_at - timedelta(hours=1), "surge": SURGE, "on_at": on_at, "hot_at": on_at}
    return Brake(**(said | fields))


def asks(
    ledger: Ledger,
    ticket_id: int,
    at: datetime,
    *,
    person: int | None = None,
    status: Status = Status.HELD,
    template_id: str = "redeem",
    segments: tuple[str, ...] = ("IM",),
    questions: tuple[str, ...] = (),
) -> str:
    """A customer's message of that time, drafted; the case's id."""
    who = Requester(requester_id=person or ticket_id, name="Asha Rao", email=f"p{person or ticket_id}@example.com")
    ticket = Ticket(
        ticket_id=ticket_id, subject="Redeem", state=TicketState.OPEN, channel=Channel.EMAIL, requester=who,
        created_at=at, updated_at=at,
    )  # fmt: skip
    thread = Thread(ticket=ticket, messages=(a_message("Where is my money?", at=at),))
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, ticket_id), timedelta(minutes=5))
    assert doorbell is not None
    case = ledger.cases.open(thread, thread.messages[0].key, doorbell, timedelta(minutes=5))
    assert case is not None
    trace = a_trace(reader=Reader(segments=segments, reads=("public", *segments)), gaps=questions)
    draft = a_draft(template_id=template_id)
    sends = ledger.cases.conclude(
        case.case_id, case.epoch, status, verdict=a_verdict(), trace=trace, thread=thread, draft=draft
    )
    assert sends is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")
    return case.case_id
