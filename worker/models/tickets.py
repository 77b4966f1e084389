"""A ticket and its thread, in our words: adapters translate the vendor's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from worker.models.base import Noun


class TicketState(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    OTHER = "other"  # a status that the account defined itself


class Channel(StrEnum):
    EMAIL = "email"
    PORTAL = "portal"
    FORM = "form"  # feedback widget
    PHONE = "phone"
    CHAT = "chat"
    OUTBOUND = "outbound"
    OTHER = "other"


class Author(StrEnum):
    CUSTOMER = "customer"
    PERSON = "person"  # a human agent
    DESKHAND = "deskhand"  # our own bot agent
    SYSTEM = "system"


class Requester(Noun):
    requester_id: int
    name: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()


class Ticket(Noun):
    """Freshdesk's record, in our words. `custom_fields` keeps the account's own names."""

    ticket_id: int
    subject: str
    state: TicketState
    channel: Channel
    requester: Requester
    priority: int = 1  # 1 low .. 4 urgent
    group_id: int | None = None
    assigned_to: int | None = None
    assigned_to_person: bool = False  # assigned, and not to our own agent
    tags: tuple[str, ...] = ()
    spam: bool = False
    deleted: bool = False
    merged: bool = False
    mailbox: str = ""  # the address of ours that its replies leave from; "" leaves that to the helpdesk
    custom_fields: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


def place(key: str) -> int | None:
    """Where a message stands among those of its ticket: the vendor's numbers grow. None for a key of another kind."""
    if key == "ticket":
        return 0
    return int(key[1:]) if key[:1] == "c" and key[1:].isascii() and key[1:].isdigit() else None


class Message(Noun):
    """One entry of a thread. `key` is "ticket" for the description, else "c<conversation id>"; it never changes."""

    key: str
    author: Author
    public: bool
    at: datetime
    html: str = ""
    text: str = ""  # the vendor's text rendering; may hold quotes and signature
    from_email: str = ""
    author_id: int | None = None
    holding: bool = False  # a holding reply of ours: the customer has it, and nothing is answered by it


class Thread(Noun):
    """A ticket's messages in order, oldest first."""

    ticket: Ticket
    messages: tuple[Message, ...]
    read_at: datetime | None = None  # by the helpdesk's own clock, not later than it was; None where it told no time

    def saying(self, messages: Iterable[Message]) -> Thread:
        """The same look at the same ticket, with these messages."""
        return Thread(ticket=self.ticket, messages=tuple(messages), read_at=self.read_at)

    @property
    def newest_from_customer(self) -> Message | None:
        """The message that a case would answer; None if the customer never wrote."""
        return next((m for m in reversed(self.messages) if m.author is Author.CUSTOMER and m.public), None)

    def after(self, key: str) -> tuple[Message, ...]:
        """What came after the message `key` (everything, if the thread has no such message)."""
        keys = [m.key for m in self.messages]
        return self.messages[keys.index(key) + 1 :] if key in keys else self.messages


class TicketNews(Noun):
    """What a listing tells about a ticket: enough to know whether to read it."""

    ticket_id: int
    updated_at: datetime
    created_at: datetime


class TicketChange(Noun):
    """One write to a ticket, all in one PUT. Tags are added to and removed from what is there."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    state: TicketState | None = None
    group: str | None = None  # the group's name; the adapter finds its id
    priority: int | None = None

    @property
    def empty(self) -> bool:
        return not (self.add_tags or self.remove_tags or self.state or self.group or self.priority)


class Posted(Noun):
    """A reply or note that is at Freshdesk."""

    remote_id: str
    at: datetime
