"""What the local Freshdesk keeps: agents, groups, contacts, tickets and conversations, in the vendor's own words.

Plain records without behaviour; `shapes` writes them as JSON, `world` keeps them, `acts` changes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
REPLY, NOTE, SURVEY = 0, 2, 6  # conversation.source
EMAIL = 1  # ticket.source
BOT_ID = 7

STATUSES = {
    OPEN: "Open",
    PENDING: "Pending",
    RESOLVED: "Resolved",
    CLOSED: "Closed",
    6: "Waiting on Customer",
    7: "Waiting on Third Party",
}
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
SOURCES = {1: "Email", 2: "Portal", 3: "Phone", 7: "Chat", 9: "Feedback Widget", 10: "Outbound Email"}


def stamp(at: datetime) -> str:
    """The vendor's time format: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Agent:
    id: int
    name: str
    email: str
    api_key: str | None = field(default=None, repr=False)  # None: works in the web pages only


@dataclass
class Group:
    id: int
    name: str


@dataclass
class Mailbox:
    """An `email_config`: mail to `address` becomes a ticket, whose answers leave from there."""

    id: int
    name: str
    address: str
    primary: bool = False
    active: bool = True


@dataclass
class Contact:
    """A requester. A requester who is also an agent has the agent's id and no contact record of that id."""

    id: int
    name: str
    email: str
    created_at: datetime
    updated_at: datetime
    phone: str | None = None
    mobile: str | None = None
    other_emails: list[str] = field(default_factory=list)
    company_id: int | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    is_agent: bool = False
    deleted: bool = False


@dataclass
class Conversation:
    id: int
    ticket_id: int
    body: str
    body_text: str
    incoming: bool
    private: bool
    user_id: int | None
    source: int
    created_at: datetime
    updated_at: datetime
    from_email: str | None = None
    support_email: str | None = None
    to_emails: list[str] = field(default_factory=list)
    cc_emails: list[str] = field(default_factory=list)
    bcc_emails: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    last_edited_at: datetime | None = None
    last_edited_user_id: int | None = None


@dataclass
class Ticket:
    id: int
    subject: str
    description: str  # sanitised HTML; the original message, which is not a conversation
    description_text: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = OPEN
    priority: int = 1
    source: int = 1
    type: str | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    mailbox_id: int | None = None
    to_emails: list[str] = field(default_factory=list)
    association_type: int | None = None  # 1 parent, 2 child, 3 tracker, 4 related
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    cc_emails: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    spam: bool = False
    deleted: bool = False
    conversations: list[Conversation] = field(default_factory=list)  # oldest first, also over pages
    stats: dict[str, datetime | None] = field(default_factory=dict)
    due_by: datetime | None = None
    fr_due_by: datetime | None = None
    sample: str | None = None  # key of the sample it came from, never part of the vendor's JSON
