"""Builders of Freshdesk's JSON and of a helpdesk that talks to a scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from tests.scripted_server import HASTY, PATIENT, Answer, ScriptedServer
from worker.adapters.freshdesk import FreshdeskHelpdesk

ME, ALICE, CAROL = 7, 8, 501  # our own agent, a human agent, the customer
KEY = "k3y-that-nobody-may-see"
TICKET = "GET /api/v2/tickets/42"
CONVERSATIONS = "GET /api/v2/tickets/42/conversations"
LISTING = "GET /api/v2/tickets"
REPLY = "POST /api/v2/tickets/42/reply"
NOTE = "POST /api/v2/tickets/42/notes"
PUT = "PUT /api/v2/tickets/42"
GROUPS = "GET /api/v2/groups"
CONTACT = f"GET /api/v2/contacts/{CAROL}"


def a_ticket(**fields: Any) -> dict[str, Any]:
    return {
        "id": 42,
        "subject": "My units",
        "description": "<div>Where are my <b>units</b>?</div>",
        "description_text": "Where are my units?",
        "status": 2,
        "priority": 1,
        "source": 1,
        "requester_id": CAROL,
        "responder_id": None,
        "group_id": None,
        "tags": ["vip"],
        "custom_fields": {"cf_customer": None},
        "to_emails": None,
        "spam": False,
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:05:00Z",
        "requester": {"id": CAROL, "name": "Carol", "email": "carol@example.com", "mobile": None, "phone": "+91 98"},
        "conversations": [],
        **fields,
    }


def a_conversation(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "body": f"<div>Message {number}</div>",
        "body_text": f"Message {number}",
        "incoming": True,
        "private": False,
        "user_id": CAROL,
        "source": 0,
        "from_email": "carol@example.com",
        "cc_emails": None,
        "created_at": f"2026-03-01T11:{number // 60:02}:{number % 60:02}Z",
        "category": 1,
        **fields,
    }


def an_account(server: ScriptedServer) -> None:
    """Scripts what is asked about the account itself: who we are, and who else is an agent."""
    server.on("GET /api/v2/agents/me", Answer(body={"id": ME, "contact": {"name": "Deskhand"}}))
    server.on("GET /api/v2/agents", Answer(body=[{"id": ME}, {"id": ALICE, "contact": None}]))


def a_desk(server: ScriptedServer, **options: Any) -> FreshdeskHelpdesk:
    an_account(server)
    return FreshdeskHelpdesk(server.url + "/", SecretStr(KEY), **({"timeout": PATIENT} | options))


@contextmanager
def hasty(desk: FreshdeskHelpdesk) -> Iterator[None]:
    """Gives up soon, for as long as nothing answers anyway."""
    patient, desk._wire._timeout = desk._wire._timeout, HASTY
    try:
        yield
    finally:
        desk._wire._timeout = patient
