"""The local Freshdesk's memory: who and what there is, behind one lock. No rules of behaviour here, see `acts`.

Everything that reads or changes more than one field holds `lock` (reentrant). Ends with the process.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from worker.sandbox.journal import Journal
from worker.sandbox.nouns import BOT_ID, Agent, Contact, Conversation, Group, Mailbox, Ticket

# Those that rules/routing.yaml names, and one more.
GROUPS = ("Customer care", "Payments", "Grievance", "Escalations", "Security", "Billing")


@dataclass(frozen=True)
class Event:
    """Something that rules may react to. `changes` maps a field to (from, to), in the order they were made."""

    kind: str  # ticket_created, reply, note, ticket_updated
    ticket_id: int
    performer: str  # requester, agent, system
    performer_id: int | None = None
    private: bool = False
    conversation_id: int | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


class World:
    """Agents, groups, contacts and tickets by id. `listeners` hear every event, in order, while the lock is held."""

    def __init__(self, api_key: str, journal: Journal, groups: Iterable[str] = GROUPS) -> None:
        self.lock = threading.RLock()
        self.journal = journal
        self.listeners: list[Callable[[Event], None]] = []
        self.agents = {
            a.id: a
            for a in (
                Agent(BOT_ID, "Deskhand", "deskhand@support.example", api_key),
                Agent(11, "Asha Rao", "asha@support.example"),
                Agent(12, "Ben Okafor", "ben@support.example"),
            )
        }
        self.groups = {g.id: g for g in (Group(21 + n, name) for n, name in enumerate(groups))}
        mailboxes = (
            Mailbox(41, "Support", "support@support.example", primary=True),
            Mailbox(42, "Grievance", "grievance@support.example"),
        )
        self.mailboxes = {m.id: m for m in mailboxes}
        self.contacts: dict[int, Contact] = {}
        self.tickets: dict[int, Ticket] = {}
        self.conversations: dict[int, Conversation] = {}
        self.required_for_closure: set[str] = set()  # custom fields without which status 4 or 5 is refused
        self.index_lag = 0.0  # seconds until searches see something new; minutes at the vendor
        self.reopen_when_customer_responds = True
        self.assign_to_first_responder = False
        self.names_the_bot = True  # False: its replies are listed without an author
        self._tickets_of: dict[int, list[int]] = {}
        self._by_email: dict[str, int] = {}
        self._ticket_ids = itertools.count(1)
        self._contact_ids = itertools.count(9001)
        self._conversation_ids = itertools.count(500001)

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def agent_by_key(self, key: str) -> Agent | None:
        return next((a for a in self.agents.values() if a.api_key is not None and a.api_key == key), None)

    def agent_by_email(self, email: str) -> Agent | None:
        return next((a for a in self.agents.values() if a.email.casefold() == email.casefold()), None)

    def mailbox_by_address(self, address: str) -> Mailbox | None:
        there = (m for m in self.mailboxes.values() if m.active)
        return next((m for m in there if m.address.casefold() == address.strip().casefold()), None)

    def mailbox_of(self, ticket: Ticket) -> Mailbox:
        """Where its mail arrives; the account's first one where the ticket names none that is there."""
        first = next(m for m in self.mailboxes.values() if m.primary)
        named = self.mailboxes.get(ticket.mailbox_id or first.id, first)
        return named if named.active else first

    def contact_by_email(self, email: str) -> Contact | None:
        """By any address of the contact. Deleted ones are left out."""
        found = self.contacts.get(self._by_email.get(email.strip().casefold(), -1))
        return None if found is None or found.deleted else found

    def add_contact(self, name: str, email: str, *, phone: str | None = None, others: Iterable[str] = ()) -> Contact:
        """The contact with that address, made when there is none."""
        with self.lock:
            known = self.contact_by_email(email)
            if known is not None:
                return known
            now = self.now()
            made = Contact(next(self._contact_ids), name, email, now, now, phone=phone, other_emails=list(others))
            self.contacts[made.id] = made
            for address in (email, *made.other_emails):
                self._by_email.setdefault(address.strip().casefold(), made.id)
            return made

    def add_agent(self, name: str, email: str) -> Agent:
        with self.lock:
            known = self.agent_by_email(email)
            if known is None:
                known = Agent(max(self.agents) + 1, name, email)
                self.agents[known.id] = known
            return known

    def add_ticket(self, ticket: Ticket) -> Ticket:
        """Stores `ticket` under a fresh id."""
        with self.lock:
            ticket.id = next(self._ticket_ids)
            self.tickets[ticket.id] = ticket
            self._tickets_of.setdefault(ticket.requester_id, []).append(ticket.id)
            return ticket

    def add_conversation(self, conversation: Conversation) -> Conversation:
        with self.lock:
            conversation.id = next(self._conversation_ids)
            self.conversations[conversation.id] = conversation
            self.tickets[conversation.ticket_id].conversations.append(conversation)
            return conversation

    def tickets_of(self, requester_id: int) -> list[Ticket]:
        with self.lock:
            return [self.tickets[i] for i in self._tickets_of.get(requester_id, [])]

    def change_requester(self, ticket: Ticket, requester_id: int) -> None:
        with self.lock:
            self._tickets_of[ticket.requester_id].remove(ticket.id)
            self._tickets_of.setdefault(requester_id, []).append(ticket.id)
            ticket.requester_id = requester_id

    def person(self, user_id: int | None) -> Agent | Contact | None:
        """Who has that id: agents and contacts share the id space."""
        if user_id is None:
            return None
        return self.agents.get(user_id) or self.contacts.get(user_id)
