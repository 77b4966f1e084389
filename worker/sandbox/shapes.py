"""The vendor's JSON: absent values are null and present, the reply's shape differs from the list's, times are UTC.

Called by the endpoints; field lists follow the public reference and what real accounts were seen to return.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from worker.sandbox.nouns import BOT_ID, SOURCES, STATUSES, Agent, Contact, Conversation, Group, Mailbox, Ticket, stamp
from worker.sandbox.world import World

Json = dict[str, Any]
_STATS = (
    "closed_at", "resolved_at", "first_responded_at", "agent_responded_at", "requester_responded_at",
    "status_updated_at", "reopened_at", "pending_since",
)  # fmt: skip


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def ticket_row(ticket: Ticket) -> Json:
    """A ticket without its description, as listed."""
    row: Json = {
        "cc_emails": list(ticket.cc_emails),
        "fwd_emails": [],
        "reply_cc_emails": list(ticket.cc_emails),
        "ticket_cc_emails": list(ticket.cc_emails),
        "fr_escalated": False,
        "spam": ticket.spam,
        "email_config_id": ticket.mailbox_id,
        "group_id": ticket.group_id,
        "priority": ticket.priority,
        "requester_id": ticket.requester_id,
        "responder_id": ticket.responder_id,
        "source": ticket.source,
        "company_id": ticket.company_id,
        "status": ticket.status,
        "subject": ticket.subject,
        "association_type": ticket.association_type,
        "support_email": None,
        "to_emails": list(ticket.to_emails) or None,
        "product_id": None,
        "id": ticket.id,
        "type": ticket.type,
        "due_by": _stamp(ticket.due_by),
        "fr_due_by": _stamp(ticket.fr_due_by),
        "is_escalated": False,
        "custom_fields": dict(ticket.custom_fields),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "tags": list(ticket.tags),
    }
    return row | {"deleted": True} if ticket.deleted else row


def description(ticket: Ticket) -> Json:
    contents = [{"type": "html", "data": {"content": ticket.description}}]
    return {
        "description": ticket.description,
        "description_text": ticket.description_text,
        "structured_description": {"description_contents": contents},
    }


def ticket_full(ticket: Ticket) -> Json:
    return ticket_row(ticket) | description(ticket) | {"attachments": list(ticket.attachments)}


def stats(ticket: Ticket) -> Json:
    return {name: _stamp(ticket.stats.get(name)) for name in _STATS}


def requester(world: World, ticket: Ticket) -> Json | None:
    person = world.person(ticket.requester_id)
    if person is None:
        return None
    mobile, phone = getattr(person, "mobile", None), getattr(person, "phone", None)
    return {"id": person.id, "name": person.name, "email": person.email, "mobile": mobile, "phone": phone}


def conversation(said: Conversation) -> Json:
    """As listed; not what POST reply answers."""
    return {
        "body": said.body,
        "body_text": said.body_text,
        "structured_body": None,
        "id": said.id,
        "incoming": said.incoming,
        "private": said.private,
        "user_id": said.user_id,
        "support_email": said.support_email,
        "source": said.source,
        "category": 2 if said.source == 2 else 3 if not said.incoming else 1,
        "to_emails": list(said.to_emails),
        "from_email": said.from_email,
        "cc_emails": list(said.cc_emails),
        "bcc_emails": list(said.bcc_emails) or None,
        "email_failure_count": None,
        "outgoing_failures": None,
        "cloud_files": [],
        "has_quoted_text": False,
        "source_additional_info": None,
        "deleted": False,
        "ticket_id": said.ticket_id,
        "attachments": list(said.attachments),
        "last_edited_at": _stamp(said.last_edited_at),
        "last_edited_user_id": said.last_edited_user_id,
        "created_at": stamp(said.created_at),
        "updated_at": stamp(said.updated_at),
    }


def replied(said: Conversation) -> Json:
    """What POST reply answers: no source, incoming, private or to_emails here."""
    return {
        "body": said.body,
        "body_text": said.body_text,
        "structured_body": None,
        "id": said.id,
        "user_id": said.user_id,
        "from_email": said.from_email,
        "cc_emails": list(said.cc_emails),
        "bcc_emails": list(said.bcc_emails),
        "ticket_id": said.ticket_id,
        "replied_to": list(said.to_emails),
        "attachments": [],
        "created_at": stamp(said.created_at),
        "updated_at": stamp(said.updated_at),
    }


def noted(said: Conversation) -> Json:
    row = replied(said)
    del row["replied_to"], row["from_email"], row["cc_emails"], row["bcc_emails"]
    more: Json = {"incoming": said.incoming, "private": said.private, "support_email": None, "notified_to": []}
    return row | more


def contact(person: Contact) -> Json:
    row: Json = {
        "active": True,
        "address": None,
        "company_id": person.company_id,
        "description": None,
        "email": person.email,
        "id": person.id,
        "job_title": None,
        "language": "en",
        "mobile": person.mobile,
        "name": person.name,
        "phone": person.phone,
        "time_zone": "Chennai",
        "twitter_id": None,
        "custom_fields": dict(person.custom_fields),
        "tags": [],
        "other_emails": list(person.other_emails),
        "other_companies": [],
        "unique_external_id": None,
        "created_at": stamp(person.created_at),
        "updated_at": stamp(person.updated_at),
    }
    return row | {"deleted": True} if person.deleted else row


def agent(person: Agent) -> Json:
    return {
        "available": True,
        "occasional": False,
        "id": person.id,
        "ticket_scope": 1,
        "signature": None,
        "group_ids": [],
        "role_ids": [],
        "skill_ids": [],
        "type": "support_agent",
        "focus_mode": True,
        "contact": {
            "active": True, "email": person.email, "job_title": None, "language": "en", "mobile": None,
            "name": person.name, "phone": None, "time_zone": "Chennai",
        },
    }  # fmt: skip


def group(one: Group) -> Json:
    return {"id": one.id, "name": one.name, "description": None, "escalate_to": None, "unassigned_for": None,
            "business_hour_id": None, "group_type": "support_agent_group", "agent_ids": [BOT_ID]}  # fmt: skip


def mailbox(one: Mailbox) -> Json:
    return {"id": one.id, "name": one.name, "product_id": None, "to_email": f"supportexample{one.id}@support.example",
            "reply_email": one.address, "group_id": None, "primary_role": one.primary, "active": one.active,
            "created_at": None, "updated_at": None}  # fmt: skip


def ticket_fields(world: World) -> list[Json]:
    """The account's form: labels of statuses, also its own, and what a closure requires."""
    statuses = {str(k): [label, label] for k, label in STATUSES.items()}
    plain = {"label_for_customers": "", "required_for_agents": False, "required_for_customers": False, "default": True}
    rows = [
        {"id": 1, "name": "subject", "label": "Subject", "type": "default_subject", "required_for_closure": False},
        {"id": 2, "name": "status", "label": "Status", "type": "default_status", "required_for_closure": False,
         "choices": statuses},
        {"id": 3, "name": "priority", "label": "Priority", "type": "default_priority", "required_for_closure": False,
         "choices": {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}},
        {"id": 4, "name": "source", "label": "Source", "type": "default_source", "required_for_closure": False,
         "choices": {label: k for k, label in SOURCES.items()}},
        {"id": 5, "name": "group", "label": "Group", "type": "default_group", "required_for_closure": False,
         "choices": {g.name: g.id for g in world.groups.values()}},
    ]  # fmt: skip
    custom = sorted({"cf_customer_id", *world.required_for_closure})
    rows += [
        {"id": 100 + n, "name": name, "label": name, "type": "custom_text", "default": False,
         "required_for_closure": name in world.required_for_closure}
        for n, name in enumerate(custom)
    ]  # fmt: skip
    return [plain | row for row in rows]
