"""From Freshdesk's shapes to our nouns: who wrote what, in which order, and what state the ticket is in.

Pure functions, called by desk.py; no call leaves from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from worker.adapters.freshdesk.shapes import ContactShape, ConversationShape, RequesterShape, TicketShape
from worker.models import Author, Channel, Message, Requester, Thread, Ticket, TicketState
from worker.ports.world import Contact
from worker.support.bodies import plain

STATUS_OF = {TicketState.OPEN: 2, TicketState.PENDING: 3, TicketState.RESOLVED: 4, TicketState.CLOSED: 5}
_STATE_OF = {number: state for state, number in STATUS_OF.items()}
_CHANNEL_OF = {
    1: Channel.EMAIL,
    2: Channel.PORTAL,
    3: Channel.PHONE,
    7: Channel.CHAT,
    9: Channel.FORM,
    10: Channel.OUTBOUND,
}
_NOTE, _SURVEY, _FORWARD = 2, 6, 8
_TASKS = (2, 3)  # association_type: a child, and the tracker of many; what they are about is written by an agent
# The API has no field for "merged into": the closed ticket carries a note that says so.
_MERGED = re.compile(r"\bmerged\s+(?:in)?to\b\D{0,80}(\d{1,18})", re.I)

IsAgent = Callable[[int], bool]


def to_thread(
    shape: TicketShape, conversations: Iterable[ConversationShape], me: int, is_agent: IsAgent, mailbox: str = ""
) -> Thread:
    """`shape` with its requester already completed; `conversations` all of them, in any order; `mailbox`: the address
    that replies leave from."""
    kept = sorted({c.id: c for c in conversations if not c.deleted}.values(), key=lambda c: c.id)
    messages = [_description(shape, me, is_agent), *(_message(c, shape.requester_id, me, is_agent) for c in kept)]
    messages.sort(key=lambda m: m.at)  # stable: within a second the description comes first, then by id
    return Thread(ticket=to_ticket(shape, kept, me, mailbox), messages=tuple(messages))


def to_ticket(shape: TicketShape, conversations: Iterable[ConversationShape], me: int, mailbox: str = "") -> Ticket:
    state = _STATE_OF.get(shape.status, TicketState.OTHER)
    return Ticket(
        ticket_id=shape.id,
        subject=shape.subject,
        state=state,
        channel=_CHANNEL_OF.get(shape.source, Channel.OTHER),
        requester=to_requester(shape.requester, shape.requester_id),
        priority=shape.priority if 1 <= shape.priority <= 4 else 1,
        group_id=shape.group_id,
        assigned_to=shape.responder_id,
        assigned_to_person=shape.responder_id is not None and shape.responder_id != me,
        tags=tuple(shape.tags),
        spam=shape.spam,
        deleted=shape.deleted,
        merged=state is TicketState.CLOSED and any(_points_away(c, shape.id) for c in conversations),
        mailbox=mailbox,
        custom_fields=shape.custom_fields,
        created_at=shape.created_at,
        updated_at=shape.updated_at,
    )


def to_requester(shape: RequesterShape | None, requester_id: int) -> Requester:
    if shape is None:
        return Requester(requester_id=requester_id)
    return Requester(requester_id=requester_id, name=shape.name, email=shape.email.strip(), phones=_phones(shape))


def from_requester(known: Requester) -> RequesterShape:
    phone, mobile = [*known.phones, "", ""][:2]
    return RequesterShape(id=known.requester_id, name=known.name, email=known.email, phone=phone, mobile=mobile)


def to_contact(shape: ContactShape) -> Contact:
    others = tuple(email.strip() for email in shape.other_emails if email.strip())
    return Contact(contact_id=shape.id, email=shape.email.strip(), other_emails=others, phones=_phones(shape))


def _phones(shape: RequesterShape) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number.strip() for number in (shape.phone, shape.mobile) if number.strip()))


def _description(shape: TicketShape, me: int, is_agent: IsAgent) -> Message:
    """The first message is not a conversation: it is the ticket's description, written by the requester, unless the
    ticket was opened from our side. A child's requester may be its parent's, who never saw these words: who wrote them
    is not told then, or the requester would pass for a colleague from now on."""
    task = shape.association_type in _TASKS
    if shape.requester_id == me:
        author = Author.DESKHAND
    elif task or _CHANNEL_OF.get(shape.source) is Channel.OUTBOUND or is_agent(shape.requester_id):
        author = Author.PERSON
    else:
        author = Author.CUSTOMER
    return Message(
        key="ticket",
        author=author,
        public=True,
        at=shape.created_at,
        html=shape.description,
        text=shape.description_text or plain(shape.description),
        from_email=shape.requester.email.strip() if shape.requester and not task else "",
        author_id=None if task else shape.requester_id or None,
    )


def _message(shape: ConversationShape, requester_id: int, me: int, is_agent: IsAgent) -> Message:
    return Message(
        key=f"c{shape.id}",
        author=_author(shape, requester_id, me, is_agent),
        public=not shape.private and shape.source not in (_SURVEY, _FORWARD),
        at=shape.created_at,
        html=shape.body,
        text=shape.body_text or plain(shape.body),
        from_email=shape.from_email,
        author_id=shape.user_id,
    )


def _author(shape: ConversationShape, requester_id: int, me: int, is_agent: IsAgent) -> Author:
    if shape.user_id == me:  # before anything else: whatever we posted must never look like a customer's message
        return Author.DESKHAND
    if shape.source == _SURVEY:  # a mark and a remark on what was answered
        return Author.SYSTEM
    if shape.incoming:
        if shape.user_id is not None and is_agent(shape.user_id):
            return Author.PERSON
        # Private mail that came in is a supplier's answer to a forwarded ticket, not our customer's.
        outsider = shape.private and shape.user_id != requester_id
        return Author.SYSTEM if outsider else Author.CUSTOMER
    return Author.SYSTEM if shape.user_id is None else Author.PERSON


def _points_away(shape: ConversationShape, ticket_id: int) -> bool:
    if shape.incoming or shape.source != _NOTE:
        return False
    match = _MERGED.search(shape.body_text or plain(shape.body))
    return match is not None and int(match[1]) != ticket_id
