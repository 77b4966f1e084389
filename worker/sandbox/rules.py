"""Automation rules: which events ring which webhook, and what its payload looks like.

Creation rules (kind 1): the first matching one runs, once per ticket ever, unless `cascade`. Update rules (kind 4): all
run. API writes are evaluated like everybody's. There is no event id, delivery id or conversation id in a payload.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from worker.sandbox.nouns import PRIORITIES, SOURCES, STATUSES, Ticket, stamp
from worker.sandbox.world import Event, World

CREATION, UPDATE = 1, 4
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_PERFORMER_NUMBER = {"agent": 1, "requester": 2, "any": 3, "system": 4}


class Rule(BaseModel):
    """`on` (update rules): any of reply, note, public_note, private_note, ticket_updated or a changed field's name."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Literal[1, 4]
    url: str
    performer: Literal["agent", "requester", "any", "system"] = "any"
    on: list[str] = Field(default_factory=list)
    sources: list[int] = Field(default_factory=list)  # ticket sources; none given: any
    layout: Literal["simple", "advanced"] = "advanced"
    content: str = '{"ticket_id":"{{ticket.id}}"}'  # advanced: a template, every value in it a string
    ticked: list[str] = Field(
        default_factory=lambda: ["ticket_id", "triggered_event"]
    )  # simple: fields, ticket_id a number
    auth: Literal["header", "basic", "url", "none"] = "header"


Ring = Callable[[Rule, Event, bytes], None]


def default_rules(url: str) -> list[Rule]:
    """What docs/freshdesk-setup asks an administrator to set up."""
    created = '{"ticket_id":"{{ticket.id}}","event":"ticket_created"}'
    replied = '{"ticket_id":"{{ticket.id}}","event":"requester_replied"}'
    return [
        Rule(name="ticket created", kind=CREATION, url=url, content=created),
        Rule(name="requester replied", kind=UPDATE, url=url, performer="requester", on=["reply"], content=replied),
    ]


class RuleBook:
    """Listens to a world and calls `ring` for each rule that matches."""

    def __init__(self, world: World, ring: Ring, rules: list[Rule]) -> None:
        self.rules = rules
        self.cascade = False
        self.escape = True  # of values inside quotes; the vendor promises nothing
        self._world = world
        self._ring = ring
        self._created: set[int] = set()
        self._lock = threading.Lock()

    def hear(self, event: Event) -> None:
        ticket = self._world.tickets[event.ticket_id]
        for rule in self._matching(event, ticket):
            self._ring(rule, event, self._payload(rule, event, ticket))

    def _matching(self, event: Event, ticket: Ticket) -> list[Rule]:
        fits = [r for r in self.rules if not r.sources or ticket.source in r.sources]
        if event.kind == "ticket_created":
            with self._lock:
                if ticket.id in self._created:
                    return []
                self._created.add(ticket.id)
            creation = [r for r in fits if r.kind == CREATION]
            return creation if self.cascade else creation[:1]
        words = _words(event)
        return [
            r for r in fits if r.kind == UPDATE and r.performer in ("any", event.performer) and words.intersection(r.on)
        ]

    def _payload(self, rule: Rule, event: Event, ticket: Ticket) -> bytes:
        values = self._values(rule, event, ticket)
        if rule.layout == "simple":
            flat = {
                name: values.get(name.replace("ticket_", "ticket.", 1), values.get(name, "")) for name in rule.ticked
            }
            if "ticket_id" in flat:
                flat["ticket_id"] = ticket.id  # type: ignore[assignment]
            return json.dumps({"freshdesk_webhook": flat}, ensure_ascii=False).encode()

        def filled(found: re.Match[str]) -> str:
            value = values.get(found.group(1), "")
            return json.dumps(value, ensure_ascii=False)[1:-1] if self.escape else value

        return _PLACEHOLDER.sub(filled, rule.content).encode()

    def _values(self, rule: Rule, event: Event, ticket: Ticket) -> dict[str, str]:
        """Placeholders: all strings; status and priority are labels. The latest comment is that of render time."""
        person = self._world.person(ticket.requester_id)
        said = [c for c in ticket.conversations if not c.private]
        values = {
            "ticket.id": str(ticket.id),
            "ticket.subject": ticket.subject,
            "ticket.description": ticket.description,
            "ticket.description_text": ticket.description_text,
            "ticket.status": STATUSES.get(ticket.status, str(ticket.status)),
            "ticket.status_id": str(ticket.status),
            "ticket.priority": PRIORITIES.get(ticket.priority, ""),
            "ticket.priority_id": str(ticket.priority),
            "ticket.source": SOURCES.get(ticket.source, ""),
            "ticket.tags": ", ".join(ticket.tags),
            "ticket.created_at": stamp(ticket.created_at),
            "ticket.modified_on": stamp(ticket.updated_at),
            "ticket.latest_public_comment": _latest(self._world, said),
            "ticket.requester.id": str(ticket.requester_id),
            "ticket.requester.name": person.name if person else "",
            "ticket.requester.email": person.email if person else "",
            "ticket.contact.email": person.email if person else "",
            "triggered_event": _triggered(event, rule),
        }
        return values | {f"ticket.{k}": str(v or "") for k, v in ticket.custom_fields.items()}

    def as_api(self, kind: int) -> list[dict[str, Any]]:
        """As GET /automations/{kind}/rules shows them, without the secret."""
        return [
            {
                "id": number,
                "name": rule.name,
                "position": number,
                "active": True,
                "performer": {"type": _PERFORMER_NUMBER[rule.performer]} if kind == UPDATE else None,
                "events": [{"field_name": word} for word in rule.on],
                "conditions": [{"field_name": "source", "operator": "in", "value": rule.sources}],
                "actions": [
                    {"field_name": "trigger_webhook", "request_type": "POST", "url": rule.url, "content_type": "JSON",
                     "content_layout": "2" if rule.layout == "advanced" else "1", "content": rule.content}
                ],
            }
            for number, rule in enumerate(self.rules, start=1)
            if rule.kind == kind
        ]  # fmt: skip


def _words(event: Event) -> set[str]:
    if event.kind == "note":
        return {"note", "private_note" if event.private else "public_note", "ticket_updated"}
    return {event.kind, "ticket_updated", *event.changes}


def _triggered(event: Event, rule: Rule) -> str:
    """Not JSON, and of several changes only the first that the rule asked for."""
    if event.kind == "ticket_created":
        return "{ticket_action:created}"
    if event.kind == "reply":
        return "{reply_sent:sent}"
    if event.kind == "note":
        return "{note_type:private}" if event.private else "{note_type:public}"
    changes = {k: v for k, v in event.changes.items() if k in rule.on} or event.changes
    name, (before, after) = next(iter(changes.items()))
    return f"{{{name}:{{from:{before},to:{after}}}}}"


def _latest(world: World, said: list[Any]) -> str:
    if not said:
        return ""
    person = world.person(said[-1].user_id)
    return f"{person.name if person else ''} : {said[-1].body}"
