"""Builders: a whole noun from the one thing that a test cares about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from worker.models import (
    Author,
    Channel,
    Customer,
    Draft,
    Finding,
    Identity,
    Kind,
    Message,
    Part,
    Reader,
    Requester,
    SendKind,
    Sentence,
    Source,
    Step,
    Strength,
    Thread,
    Ticket,
    TicketState,
    Trace,
    Verdict,
)
from worker.ports import Outgoing
from worker.support.bodies import body_hash

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_requester(requester_id: int = 5, **fields: Any) -> Requester:
    return Requester(requester_id=requester_id, **({"name": "Asha Rao", "email": "asha@example.com"} | fields))


def a_ticket(ticket_id: int = 1, **fields: Any) -> Ticket:
    given = {
        "subject": "How do I redeem my units?",
        "state": TicketState.OPEN,
        "channel": Channel.EMAIL,
        "requester": a_requester(),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Ticket(ticket_id=ticket_id, **(given | fields))


def a_message(text: str = "How do I redeem my units?", **fields: Any) -> Message:
    given = {"key": "ticket", "author": Author.CUSTOMER, "public": True, "at": NOON, "text": text}
    return Message(**(given | {"html": f"<p>{text}</p>"} | fields))


def a_thread(ticket_id: int = 1, *messages: Message, **ticket: Any) -> Thread:
    """One customer message, or `messages`; further keywords describe the ticket."""
    return Thread(ticket=a_ticket(ticket_id, **ticket), messages=messages or (a_message(),))


def a_draft(body: str = "Open the app and choose Redeem.", **fields: Any) -> Draft:
    html = f"<p>{body}</p>"
    given = {
        "parts": (Part(question="How?", sentences=(Sentence(text=body, sources=("redeem",)),)),),
        "body_html": html,
        "body_text": body,
        "body_hash": body_hash(html),
        "template_id": "redeem",
        "written_by": "template",
    }
    return Draft(**(given | fields))


def a_finding(guard: str = "cited", what: str = "A sentence names no source.", **fields: Any) -> Finding:
    return Finding(guard=guard, what=what, **fields)


def a_trace(**fields: Any) -> Trace:
    return Trace(**({"query": "redeem units"} | fields))


def a_verdict(step: Step = Step.HOLD, *reasons: str, **fields: Any) -> Verdict:
    return Verdict(step=step, reasons=reasons or ("Delivery mode is review.",), **fields)


def a_reply(body: str = "Open the app and choose Redeem.", **fields: Any) -> Outgoing:
    """The reply that `a_draft(body)` would be posted as."""
    html = f"<p>{body}</p>"
    return Outgoing(**({"kind": SendKind.REPLY, "body_html": html, "body_hash": body_hash(html)} | fields))


def a_customer(customer_id: str = "C-1", **fields: Any) -> Customer:
    given = {"name": "Asha Rao", "email": f"{customer_id.lower()}@example.com", "segments": ("IM",)}
    return Customer(customer_id=customer_id, **(given | fields))


def an_identity(strength: Strength = Strength.VERIFIED, customer: Customer | None = None, **fields: Any) -> Identity:
    return Identity(strength=strength, customer=customer, **fields)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def a_source(text: str, source_id: str = "im-withdrawal-time", **fields: Any) -> Source:
    given = {
        "kind": Kind.TEMPLATE,
        "title": "When a withdrawal from IM arrives",
        "segments": ("IM",),
        "version": "v1",
        "score": 0.9,
        "dense": 0.9,
    }
    return Source(source_id=source_id, text=text, **(given | fields))


def a_reader(*reads: str) -> Reader:
    """Somebody who may read these labels; by default an IM customer."""
    reads = reads or ("public", "IM")
    return Reader(segments=tuple(r for r in reads if r != "public"), reads=reads)
