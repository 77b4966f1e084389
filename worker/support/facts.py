"""What may be said about the person who wrote, and templates filled in with it.

What of a customer's record may be told follows from the table `disclosure` of rules/guards.yaml; nothing else of it
reaches a prompt or a reply. For anybody who is not verified the name they signed with is all there is, and only if it
looks like a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.intake.masking import LAST, mask
from worker.models import Customer, Identity, Strength, Thread, Ticket
from worker.rulebook import Disclosure, Telling

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_NAME = re.compile(r"^[^\W\d_][^\W\d_'.\- ]{0,39}(?:[ '.\-][^\W\d_]+){0,3}\.?$")


def known_facts(identity: Identity, ticket: Ticket, disclosure: Disclosure) -> dict[str, str]:
    """Facts by placeholder name; missing ones are absent, never empty."""
    facts = {"ticket_id": str(ticket.ticket_id), "name": as_name(ticket.requester.name)}
    if identity.customer is not None:
        facts |= _told(identity.customer, identity.strength, disclosure)
    facts.setdefault("first_name", as_name(facts["name"]).split(" ")[0])
    return {name: value.strip() for name, value in facts.items() if value and value.strip()}


def masked_value(name: str, value: str) -> str:
    """A value of the record without account, card, PAN and Aadhaar numbers; its column's name says what a number is."""
    announced = f"{name.replace('_', ' ')}: "
    masked = mask(announced + value).removeprefix(announced)
    return masked[1:-1] if masked.startswith("[") and masked.endswith("]") else masked


def _told(customer: Customer, strength: Strength, disclosure: Disclosure) -> dict[str, str]:
    since = customer.since
    record = {
        "first_name": as_name(customer.name).split(" ")[0],
        "name": customer.name,
        "customer_id": customer.customer_id,
        "email": customer.email,
        "alternate_emails": ", ".join(customer.alternate_emails),
        "phone": customer.phone,
        "since": f"{since.day} {since:%B %Y}" if since else "",
        **{name: masked_value(name, value) for name, value in customer.facts.items()},
    }
    told = {name: disclosure.told(name, strength) for name in record}
    return {
        name: value if told[name] is Telling.IN_FULL else f"ending {value[-LAST:]}"
        for name, value in record.items()
        if value and told[name] is not Telling.NEVER and (told[name] is Telling.IN_FULL or len(value) > LAST)
    }


def as_name(written: str) -> str:
    """`written` if it looks like a person's name, else "": a requester may call himself "Click http://..."."""
    folded = " ".join(written.split())
    return folded if len(folded) <= 60 and _NAME.match(folded) else ""


def first_name(facts: Mapping[str, str], thread: Thread) -> str:
    """Whom to greet: the record's name, else the one they signed with; "" greets without a name."""
    return facts.get("first_name", "") or as_name(thread.ticket.requester.name).split(" ")[0]


def fill(body: str, facts: Mapping[str, str]) -> str:
    """Placeholders replaced by facts. What is not known stays as it is, so that the guard and the lead see it."""
    return PLACEHOLDER.sub(lambda m: facts.get(m.group(1), m.group(0)), body)
