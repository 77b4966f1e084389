"""`ports.Helpdesk` for a Freshdesk account: which calls answer each question, and what is written where.

No HTTP in here (wire.py) and no vendor fields beyond names of parameters (shapes.py, words.py). Built by bootstrap,
shared by all threads of a process.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import SecretStr

from worker.adapters.freshdesk.contacts import Contacts
from worker.adapters.freshdesk.mailboxes import Mailboxes
from worker.adapters.freshdesk.people import People
from worker.adapters.freshdesk.shapes import (
    ChangedShape,
    ConversationShape,
    CreatedShape,
    ListedTicketShape,
    RequesterShape,
    TicketShape,
)
from worker.adapters.freshdesk.since import Since
from worker.adapters.freshdesk.verdicts import Limits, unread
from worker.adapters.freshdesk.wire import LAST_PAGE, PAGE, OnCall, OnSpent, Wire
from worker.adapters.freshdesk.words import STATUS_OF, from_requester, to_contact, to_thread, to_ticket
from worker.adapters.turnstile import Open
from worker.errors import Permanent
from worker.models import Posted, Thread, TicketChange, TicketNews
from worker.ports.world import Contact, Now
from worker.support.bodies import body_hash as hash_of

log = structlog.get_logger(__name__)

_EMBEDDED = 10  # include=conversations gives the oldest ten, and does not say whether there are more
_EARLIER = 30
_AT_ONCE = timedelta(seconds=60)  # within which Freshdesk makes a contact of whoever opens a ticket
_ALWAYS = "2010-01-01T00:00:00Z"  # without updated_since a listing silently ends 30 days ago


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FreshdeskHelpdesk:
    """`timeout`: seconds for one read. `clock_error`: how far Freshdesk's clock may be behind ours when a reply of
    ours is looked for. `on_call(what, status, seconds)` is told of every call, status 0 where no answer came.
    `turnstile`, `reserve` and `on_spent`: see Wire. BadConfiguration if the address or key cannot be used."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr,
        *,
        timeout: float = 15.0,
        clock_error: timedelta = timedelta(seconds=120),
        now: Now = _utc_now,
        on_call: OnCall | None = None,
        turnstile: Open | None = None,
        reserve: float | None = None,
        on_spent: OnSpent | None = None,
    ) -> None:
        self._wire = Wire(
            url, api_key, timeout=timeout, on_call=on_call, turnstile=turnstile, reserve=reserve, on_spent=on_spent
        )
        self._people = People(self._wire)
        self._contacts = Contacts(self._wire)
        self._mailboxes = Mailboxes(self._wire)
        self._since = Since()
        self._clock_error = clock_error
        self._now = now

    @property
    def limits(self) -> Limits:
        """The account's allowance as the latest answer told it."""
        return self._wire.limits

    def me(self) -> int:
        """Our own agent id."""
        return self._people.me().id

    def ping(self) -> str:
        agent = self._people.look_up_me()
        return f"agent {agent.id}" + (f", {agent.contact.name}" if agent.contact.name else "")

    def thread(self, ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
        """Two credits with its messages, up to ten or up to a hundred of them; one where the ticket tells that there
        are none, or none that are not `known`, and is believed (since.py). Another one for a requester not kept."""
        if not first:
            return self._thread(ticket_id, known, first)
        with self._wire.in_a_row("GET tickets/{}", "GET contacts/{}"):  # whoever opens a ticket is mostly not kept
            return self._thread(ticket_id, known, first)

    def _thread(self, ticket_id: int, known: Thread | None, first: bool) -> Thread:
        together = (known is None and not first) or not self._since.trusted
        if together:
            shape, at = self._wire.get_at(TicketShape, "tickets/{}", ticket_id, include="conversations")
            conversations = self._beyond_embedded(shape)
        else:
            shape, at = self._wire.get_at(TicketShape, "tickets/{}", ticket_id)
            if known is not None and self._since.nothing(known, shape):
                return self._as_known(known, shape, at)
            conversations = [] if first and self._since.nothing_yet(shape) else [*self._conversations(ticket_id)]
        apart = not together or len(shape.conversations) >= _EMBEDDED
        self._since.saw(shape, conversations, at, self.me(), apart)
        whole, mailbox = self._with_requester(shape, known), self._mailbox(shape, known)
        thread = to_thread(whole, conversations, self.me(), self._people.is_agent, mailbox)
        return thread.model_copy(update={"read_at": at})

    def contact(self, contact_id: int) -> Contact | None:
        shape = self._contacts.get(contact_id)
        return to_contact(shape) if shape is not None else None

    def earlier_tickets(
        self, requester_id: int, *, before: int, opened: datetime | None = None
    ) -> Sequence[dict[str, Any]]:
        if opened is not None and self._came_with_it(requester_id, opened):
            return []
        rows, _ = self._wire.page(
            ListedTicketShape,
            "tickets",
            requester_id=requester_id,
            updated_since=_ALWAYS,
            order_by="created_at",
            order_type="desc",
            per_page=_EARLIER + 1,  # one of them may be the ticket at hand
        )
        return [row.custom_fields for row in rows if row.id != before][:_EARLIER]

    @contextmanager
    def delivering(self, *, public: bool) -> Iterator[None]:
        look_and_write = ("GET tickets/{}", "POST tickets/{}/reply") if public else ("POST tickets/{}/notes",)
        with self._wire.in_a_row(*look_and_write, "PUT tickets/{}"):
            if not public:
                yield
                return
            self._people.renew()
            with self._mailboxes.delivering():
                yield

    def reply(self, ticket_id: int, body_html: str, *, not_after: float, mailbox: str = "") -> Posted:
        # Nothing else: the endpoint refuses `private`, and the requester is the recipient anyway.
        said = {"body": body_html}
        if mailbox:
            try:
                posted = self._post("tickets/{}/reply", ticket_id, said | {"from_email": mailbox}, not_after)
            except Permanent as trouble:
                if trouble.fields != {"from_email"}:
                    raise
                self._mailboxes.refused(mailbox, ticket_id)
            else:
                self._mailboxes.taken(mailbox)
                return posted
        return self._post("tickets/{}/reply", ticket_id, said, not_after)

    def note(self, ticket_id: int, body_html: str, *, not_after: float) -> Posted:
        return self._post("tickets/{}/notes", ticket_id, {"body": body_html, "private": True}, not_after)

    def find(
        self, ticket_id: int, body_hash: str, *, since: datetime, public: bool, but: Collection[str] = ()
    ) -> Posted | None:
        # Freshdesk may leave out who wrote an entry, and a reply of ours that is not recognised goes out again.
        authors, earliest = {self.me(), None if public else self.me()}, since - self._clock_error
        for c in self._conversations(ticket_id):
            if c.user_id not in authors or c.private is public or c.incoming or c.created_at < earliest:
                continue
            if str(c.id) not in but and hash_of(c.body or c.body_text) == body_hash:
                return Posted(remote_id=str(c.id), at=c.created_at)
        return None

    def change(self, ticket_id: int, change: TicketChange, *, tags: Collection[str] | None = None) -> None:
        body: dict[str, Any] = {}
        if change.add_tags or change.remove_tags:
            there = self._wire.get(TicketShape, "tickets/{}", ticket_id).tags if tags is None else list(tags)
            body |= _tags(there, change)
        if change.state in STATUS_OF:  # a status that the account defined itself has no number we could know
            body["status"] = STATUS_OF[change.state]
        if change.priority is not None:
            body["priority"] = change.priority
        if change.group:
            group_id = self._people.group_id(change.group)
            body |= {"group_id": group_id} if group_id is not None else {}
        if body:
            try:
                self._wire.put(ChangedShape, "tickets/{}", ticket_id, body=body)
            finally:  # it may have been carried out whatever came back
                self._since.changed(ticket_id, body.get("status"), body.get("priority"), body.get("group_id"))

    def in_trash(self, ticket_id: int) -> bool:
        """Among the hundred that changed last: a ticket in the trash answers 403, as one does without a right to it."""
        trash = {"filter": "deleted", "updated_since": _ALWAYS, "order_by": "updated_at", "order_type": "desc"}
        rows, _ = self._wire.page(ListedTicketShape, "tickets", **trash, per_page=PAGE)
        return any(row.id == ticket_id for row in rows)

    def updated_since(self, since: datetime) -> Iterator[TicketNews]:
        """Moves the lower bound along with what was read instead of counting pages: a ticket that changes meanwhile
        leaves its page, every later one moves up by one, and the next page number would skip one of them. The bound
        trails by a second, since whether it is inclusive is not documented."""
        bound, page = since.astimezone(UTC).replace(microsecond=0), 1
        seen: set[tuple[int, datetime]] = set()
        while True:
            rows, more = self._changed(bound, page)
            for row in rows:
                if (row.id, row.updated_at) not in seen:
                    seen.add((row.id, row.updated_at))
                    yield TicketNews(ticket_id=row.id, updated_at=row.updated_at, created_at=row.created_at)
            if not more:
                return
            bound, page = _next_bound(bound, page, rows[-1].updated_at)

    def close(self) -> None:
        self._wire.close()

    def _changed(self, bound: datetime, page: int) -> tuple[list[ListedTicketShape], bool]:
        return self._wire.page(
            ListedTicketShape,
            "tickets",
            updated_since=bound.strftime("%Y-%m-%dT%H:%M:%SZ"),
            order_by="updated_at",
            order_type="asc",
            page=page,
            per_page=PAGE,
        )

    def _conversations(self, ticket_id: int) -> Iterator[ConversationShape]:
        return self._wire.pages(ConversationShape, "tickets/{}/conversations", ticket_id)

    def _beyond_embedded(self, shape: TicketShape) -> list[ConversationShape]:
        if shape.unread:
            raise unread("GET tickets/{}", shape.unread)
        if len(shape.conversations) < _EMBEDDED:
            return shape.conversations
        return [*shape.conversations, *self._conversations(shape.id)]

    def _as_known(self, known: Thread, shape: TicketShape, at: datetime | None) -> Thread:
        """The ticket as it is now, with the messages that are known."""
        ticket = to_ticket(self._with_requester(shape, known), (), self.me(), self._mailbox(shape, known))
        merged = known.ticket.merged and ticket.state is known.ticket.state  # one of the messages told it
        return Thread(ticket=ticket.model_copy(update={"merged": merged}), messages=known.messages, read_at=at)

    def _mailbox(self, shape: TicketShape, known: Thread | None) -> str:
        # Whoever only compares a ticket with what is known, other than for a reply, must not fail for want of this.
        return self._mailboxes.answers_from(shape.email_config_id, reading=known is None)

    def _with_requester(self, shape: TicketShape, known: Thread | None) -> TicketShape:
        if (shape.requester is not None and shape.requester.email) or not shape.requester_id:
            return shape
        return shape.model_copy(update={"requester": self._requester(shape, known)})

    def _requester(self, shape: TicketShape, known: Thread | None) -> RequesterShape | None:
        """From what is kept, if it can be: a contact costs a credit, a ticket that includes its requester two."""
        wanted = shape.requester_id
        if known is not None and known.ticket.requester.requester_id == wanted and known.ticket.requester.email:
            return from_requester(known.ticket.requester)
        agent = self._people.agent(wanted)
        if agent is not None and agent.contact.email:
            return RequesterShape(id=wanted, **agent.contact.model_dump())
        # A contact may be blocked, deleted or out of this key's reach, and its tickets are there all the same.
        return (
            self._contacts.get(wanted)
            or self._wire.get(TicketShape, "tickets/{}", shape.id, include="requester").requester
        )

    def _came_with_it(self, requester_id: int, opened: datetime) -> bool:
        contact = self._contacts.get(requester_id)
        return contact is not None and contact.created_at > opened - _AT_ONCE

    def _post(self, route: str, ticket_id: int, body: dict[str, Any], not_after: float) -> Posted:
        created = self._wire.post(CreatedShape, route, ticket_id, body=body, not_after=not_after)
        return Posted(remote_id=str(created.id), at=created.created_at or self._now())


def _tags(there: list[str], change: TicketChange) -> dict[str, Any]:
    """The whole new list, since a PUT replaces it; nothing where the ticket has it already."""
    wanted = [tag for tag in dict.fromkeys([*there, *change.add_tags]) if tag not in change.remove_tags]
    return {"tags": wanted} if wanted != there else {}


def _next_bound(bound: datetime, page: int, newest: datetime) -> tuple[datetime, int]:
    trailing = newest.replace(microsecond=0) - timedelta(seconds=1)
    if trailing > bound:
        return trailing, 1
    # A full page within the same two seconds, as after a bulk update: here only counting gets us on.
    if page < LAST_PAGE:
        return bound, page + 1
    log.warning("sweep_cut_short", since=bound.isoformat(), pages=LAST_PAGE)  # the API gives no more of that second
    return bound + timedelta(seconds=1), 1
