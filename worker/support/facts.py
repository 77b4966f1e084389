"""What may be said about the person who wrote, and templates filled in with it.

Only a verified customer's record is opened (invariant: personal data only for `verified`). For anybody else the name
they signed with is all there is, and only if it looks like a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from worker.models import Identity, Strength, Thread, Ticket

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_NAME = re.compile(r"^[^\W\d_][^\W\d_'.\- ]{0,39}(?:[ '.\-][^\W\d_]+){0,3}\.?$")


def known_facts(identity: Identity, ticket: Ticket) -> dict[str, str]:
    """Facts by placeholder name; missing ones are absent, never empty."""
    facts = {"ticket_id": str(ticket.ticket_id)}
    customer = identity.customer
    if identity.strength is Strength.VERIFIED and customer is not None:
        facts |= {"customer_id": customer.customer_id, "email": customer.email, "name": customer.name}
        if customer.since:
            facts["since"] = f"{customer.since.day} {customer.since:%B %Y}"
        facts |= dict(customer.facts)
    else:
        facts["name"] = as_name(ticket.requester.name)
    facts["first_name"] = as_name(facts.get("name", "")).split(" ")[0]
    return {name: value.strip() for name, value in facts.items() if value and value.strip()}


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
