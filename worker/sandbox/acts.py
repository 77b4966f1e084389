"""What people and the API do at the local Freshdesk. Each act takes effect at once, is journalled, and may ring rules.

All take the world first and hold its lock. Acts of the API are attributed to the key's agent and re-evaluate the update
rules like anybody's: that is how a bot comes to hear itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from worker.sandbox.nouns import BOT_ID, CLOSED, EMAIL, NOTE, OPEN, REPLY, RESOLVED, SURVEY, Conversation, Ticket
from worker.sandbox.sanitiser import as_text, received, sanitise
from worker.sandbox.world import Event, World


def open_ticket(
    world: World,
    requester_id: int,
    subject: str,
    html: str,
    *,
    at: datetime | None = None,
    ring: bool = True,
    to: str = "",
    **more: Any,
) -> Ticket:
    """A customer's mail (or form) becomes a ticket. `more`: further fields of Ticket. `at`: when, for old tickets.
    `to`: the mailbox that a mail was written to, by default the first one."""
    with world.lock:
        now = at or world.now()
        body = received(html)
        ticket = Ticket(0, subject, body, as_text(body), requester_id, now, now, **more)
        ticket.fr_due_by, ticket.due_by = now + timedelta(hours=4), now + timedelta(days=1)
        if ticket.source == EMAIL:
            mailbox = world.mailbox_by_address(to) or world.mailbox_of(ticket)
            ticket.mailbox_id, ticket.to_emails = mailbox.id, [mailbox.address]
        world.add_ticket(ticket)
        world.journal.write(
            "customer_message",
            ticket_id=ticket.id,
            key="ticket",
            user_id=requester_id,
            text=ticket.description_text,
            subject=subject,
            sample=ticket.sample,
            rings=ring,
        )
        if ring:
            announce(world, ticket)
        return ticket


def announce(world: World, ticket: Ticket) -> None:
    """Rings the creation rules. The journal's "arrival" names the message that is to be answered."""
    with world.lock:
        newest = next((c for c in reversed(ticket.conversations) if c.incoming), None)
        key = f"c{newest.id}" if newest else "ticket"
        world.journal.write("arrival", ticket_id=ticket.id, key=key, sample=ticket.sample)
        world.tell(Event("ticket_created", ticket.id, "requester", ticket.requester_id))


def customer_writes(
    world: World, ticket_id: int, html: str, *, at: datetime | None = None, ring: bool = True
) -> Conversation:
    """The requester answers by mail. Reopens a resolved or closed ticket, as the stock rule does."""
    with world.lock:
        ticket = world.tickets[ticket_id]
        person = world.person(ticket.requester_id)
        said = _say(world, ticket, html, ticket.requester_id, at, incoming=True, source=REPLY)
        said.from_email = person.email if person else None
        said.support_email = world.mailbox_of(ticket).address
        said.to_emails = [said.support_email]
        world.journal.write(
            "customer_message", ticket_id=ticket_id, key=f"c{said.id}", user_id=said.user_id, text=said.body_text,
            sample=ticket.sample, rings=ring,
        )  # fmt: skip
        if world.reopen_when_customer_responds and ticket.status in (RESOLVED, CLOSED) and ring:
            ticket.status = OPEN
            world.journal.write("change", ticket_id=ticket_id, agent_id=None, changes={"status": OPEN})
        if ring:
            world.journal.write("arrival", ticket_id=ticket_id, key=f"c{said.id}", sample=ticket.sample)
            world.tell(Event("reply", ticket_id, "requester", ticket.requester_id, conversation_id=said.id))
        return said


def reply(
    world: World,
    ticket_id: int,
    html: str,
    agent_id: int,
    *,
    from_email: str = "",
    cc_emails: list[str] | None = None,
    bcc_emails: list[str] | None = None,
    at: datetime | None = None,
    arrived: datetime | None = None,
    ring: bool = True,
) -> Conversation:
    """A public reply: mailed to the requester, irrevocable. `arrived`: when the request for it came, for the journal.
    `from_email`: none leaves it to the web pages, which answer from the mailbox that was written to.

    `ring` False here and elsewhere: part of an older story, told to no rule.
    """
    with world.lock:
        ticket = world.tickets[ticket_id]
        person = world.person(ticket.requester_id)
        said = _say(world, ticket, html, agent_id, at, source=REPLY)
        said.from_email = from_email or world.mailbox_of(ticket).address
        said.to_emails = [person.email] if person else []
        said.cc_emails, said.bcc_emails = cc_emails or [], bcc_emails or []
        ticket.stats.setdefault("first_responded_at", said.created_at)
        ticket.stats["agent_responded_at"] = said.created_at
        if world.assign_to_first_responder and ticket.responder_id is None:
            ticket.responder_id = agent_id
        _journal_said(world, "reply", said, ring, arrived)
        if agent_id == BOT_ID and not world.names_the_bot:
            said.user_id = None
        if ring:
            world.tell(Event("reply", ticket_id, "agent", agent_id, conversation_id=said.id))
        return said


def note(
    world: World, ticket_id: int, html: str, agent_id: int, *, private: bool = True, incoming: bool = False,
    at: datetime | None = None, ring: bool = True,
) -> Conversation:  # fmt: skip
    with world.lock:
        ticket = world.tickets[ticket_id]
        said = _say(world, ticket, html, agent_id, at, private=private, incoming=incoming, source=NOTE)
        _journal_said(world, "note", said, ring)
        if ring:
            world.tell(Event("note", ticket_id, "agent", agent_id, private=private, conversation_id=said.id))
        return said


def customer_rates(world: World, ticket_id: int, html: str) -> Conversation:
    """The requester fills in the satisfaction survey. Rings no rule; whether the vendor lists it as incoming is not
    known, and this is the worse case for whoever reads it."""
    with world.lock:
        ticket = world.tickets[ticket_id]
        said = _say(world, ticket, html, ticket.requester_id, None, incoming=True, source=SURVEY)
        world.journal.write("survey", ticket_id=ticket_id, key=f"c{said.id}", user_id=said.user_id)
        return said


def edit_note(world: World, conversation: Conversation, html: str, agent_id: int) -> Conversation:
    with world.lock:
        now = world.now()
        conversation.body = sanitise(html)
        conversation.body_text = as_text(conversation.body)
        conversation.updated_at = conversation.last_edited_at = now
        conversation.last_edited_user_id = agent_id
        world.tickets[conversation.ticket_id].updated_at = now
        _journal_said(world, "note_edited", conversation, True)
        return conversation


def delete_note(world: World, conversation: Conversation, agent_id: int) -> None:
    with world.lock:
        ticket = world.tickets[conversation.ticket_id]
        ticket.conversations.remove(conversation)
        del world.conversations[conversation.id]
        ticket.updated_at = world.now()
        world.journal.write("note_deleted", ticket_id=ticket.id, agent_id=agent_id, conversation_id=conversation.id)


def describe(world: World, ticket_id: int, html: str) -> None:
    """Puts another text in place of the original message."""
    with world.lock:
        ticket = world.tickets[ticket_id]
        ticket.description = sanitise(html)
        ticket.description_text = as_text(ticket.description)


def change(world: World, ticket_id: int, fields: dict[str, Any], agent_id: int | None) -> Ticket:
    """Sets `fields` of Ticket (custom_fields are merged in, tags replace the whole list)."""
    with world.lock:
        ticket = world.tickets[ticket_id]
        now = world.now()
        changes: dict[str, tuple[Any, Any]] = {}
        for name, value in fields.items():
            before = getattr(ticket, name)
            after = {**before, **value} if name == "custom_fields" else value
            if name == "requester_id":
                world.change_requester(ticket, value)
            setattr(ticket, name, after)
            if before != after:
                changes[name] = (before, after)
        if "status" in changes:
            ticket.stats["status_updated_at"] = now
            if ticket.status in (RESOLVED, CLOSED):
                ticket.stats["closed_at" if ticket.status == CLOSED else "resolved_at"] = now
        ticket.updated_at = now
        world.journal.write(
            "change", ticket_id=ticket_id, agent_id=agent_id, changes={k: v[1] for k, v in changes.items()}
        )
        if changes:
            performer = "system" if agent_id is None else "agent"
            world.tell(Event("ticket_updated", ticket_id, performer, agent_id, changes=changes))
        return ticket


def merge(
    world: World, primary_id: int, secondary_ids: list[int], agent_id: int, notes: tuple[str, str] = ("", "")
) -> None:
    """Secondaries are closed with a pointer note; no field says "merged into". Cannot be undone."""
    with world.lock:
        for secondary_id in secondary_ids:
            note(
                world, secondary_id, notes[1] or f"This ticket is closed and merged into ticket {primary_id}", agent_id
            )
            note(world, primary_id, notes[0] or f"Ticket with ID {secondary_id} is merged into this ticket", agent_id)
            change(world, secondary_id, {"status": CLOSED}, agent_id)


def _say(
    world: World, ticket: Ticket, html: str, user_id: int | None, at: datetime | None, *, source: int,
    incoming: bool = False, private: bool = False,
) -> Conversation:  # fmt: skip
    now = at or world.now()
    body = received(html) if incoming else sanitise(html)
    said = Conversation(0, ticket.id, body, as_text(body), incoming, private, user_id, source, now, now)
    ticket.updated_at = max(ticket.updated_at, now)
    return world.add_conversation(said)


def _journal_said(world: World, kind: str, said: Conversation, rings: bool, arrived: datetime | None = None) -> None:
    agent = world.agents.get(said.user_id or -1)
    world.journal.write(
        kind,
        ticket_id=said.ticket_id,
        conversation_id=said.id,
        agent_id=said.user_id,
        agent=agent.name if agent else None,
        private=said.private,
        rings=rings,
        html=said.body,
        text=said.body_text,
        arrived=(arrived or said.created_at).isoformat(),
    )
