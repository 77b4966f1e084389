"""A customer file in memory behind the real look-ups, and a helpdesk whose every call is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rulebook.rules_files import our_rules
from worker.adapters.directory import LedgerDirectory, normal_email, phone_digits
from worker.models import Customer, Identity, Thread
from worker.ports import Contact
from worker.support.identify import identify
from worker.support.threads import unanswered


@dataclass(frozen=True)
class Rows:
    """The ledger's customers, as far as look-ups need them."""

    customers: Sequence[Customer]

    def by_email(self, email: str) -> list[Customer]:
        return [c for c in self.customers if email in map(normal_email, (c.email, *c.alternate_emails))]

    def by_phone(self, digits: str) -> list[Customer]:
        return [c for c in self.customers if phone_digits(c.phone) == digits]

    def by_id(self, customer_id: str) -> Customer | None:
        return next((c for c in self.customers if c.customer_id == customer_id), None)


@dataclass
class Calls:
    """`contact` and `earlier` as identify asks for them; `made` holds the names of the calls, in order."""

    has_contact: Contact | None = None
    has_earlier: Sequence[dict[str, Any]] = ()
    made: list[str] = field(default_factory=list)

    def contact(self) -> Contact | None:
        self.made.append("contact")
        return self.has_contact

    def earlier(self) -> Sequence[dict[str, Any]]:
        self.made.append("earlier")
        return self.has_earlier


def who_wrote(
    thread: Thread,
    *customers: Customer,
    words: str = "How do I withdraw?",
    calls: Calls | None = None,
    known_customer: str | None = None,
) -> Identity:
    calls = calls or Calls()
    directory = LedgerDirectory(Rows(customers))  # type: ignore[arg-type]  # only the look-ups are needed
    return identify(
        thread,
        words,
        our_rules(),
        directory,
        written=unanswered(thread, thread.newest_from_customer or thread.messages[0]),
        contact=calls.contact,
        earlier=calls.earlier,
        known_customer=known_customer,
    )
