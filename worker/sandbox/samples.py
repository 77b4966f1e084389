"""Loads sample tickets: each rings the creation webhook once, however long its thread already is.

The file's elements: {"key", "requester": {"name", "email", "phone", "other_emails", "is_agent"}, "subject", "html",
"source", "custom_fields", "status", "tags", "responder", "spam", "earlier", "conversations", "to",
"association_type"}.
"""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from worker.sandbox import acts
from worker.sandbox.nouns import BOT_ID, RESOLVED, Ticket
from worker.sandbox.sanitiser import from_text
from worker.sandbox.world import World

SAMPLES = Path(__file__).parent / "samples" / "tickets.json"
CUSTOMERS = SAMPLES.with_name("customers.csv")
HUMAN = 11
_OLDER = timedelta(days=45)  # beyond the listing's window of 30 days


class Requester(BaseModel):
    name: str = ""
    email: str
    phone: str | None = None
    other_emails: list[str] = Field(default_factory=list)
    is_agent: bool = False


class Earlier(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str
    cf_customer_id: str | None = None


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: str = Field(pattern="^(customer|agent|bot)$")
    private: bool = False
    html: str


class Sample(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str = ""
    requester: Requester
    subject: str = ""
    html: str = ""
    source: int = 1
    custom_fields: dict[str, Any] = Field(default_factory=dict)
    status: int = 2
    tags: list[str] = Field(default_factory=list)
    responder: str | None = None
    spam: bool = False
    earlier: list[Earlier] = Field(default_factory=list)
    conversations: list[Said] = Field(default_factory=list)
    to: str = ""  # the mailbox written to; empty: the account's first
    association_type: int | None = None  # 2: the child of another ticket, 3: a tracker


def read_samples(path: Path = SAMPLES) -> list[Sample]:
    return [Sample.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def read_customers(path: Path = CUSTOMERS) -> dict[str, Requester]:
    """The sample customers as people who write, by address; none where there is no such file."""
    if not path.exists():
        return {}
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {
        row["email"]: Requester(
            name=row["name"],
            email=row["email"],
            phone=row["phone"] or None,
            other_emails=[other for other in row["alternate_emails"].split(";") if other],
        )
        for row in rows
    }


def requester_id(world: World, who: Requester) -> int:
    if who.is_agent:
        return world.add_agent(who.name, who.email).id
    return world.add_contact(who.name, who.email, phone=who.phone, others=who.other_emails).id


def put(world: World, sample: Sample, ago: timedelta = timedelta(0)) -> Ticket:
    """The ticket with everything that is already on it, `ago`; then, now, the one ring."""
    with world.lock:
        person = requester_id(world, sample.requester)
        now = world.now()
        _put_earlier(world, person, sample.earlier, now)
        begun = now - ago - timedelta(seconds=len(sample.conversations))
        ticket = acts.open_ticket(
            world,
            person,
            sample.subject,
            sample.html,
            at=begun,
            ring=False,
            source=sample.source,
            to=sample.to,
            association_type=sample.association_type,
            status=sample.status,
            tags=list(sample.tags),
            custom_fields={"cf_customer_id": None} | sample.custom_fields,
            spam=sample.spam,
            responder_id=HUMAN if sample.responder else None,
            sample=sample.key or None,
        )
        for number, said in enumerate(sample.conversations, start=1):
            _put_said(world, ticket.id, said, begun + timedelta(seconds=number))
        acts.announce(world, ticket)
        return ticket


def _put_earlier(world: World, person: int, earlier: list[Earlier], now: datetime) -> None:
    if earlier and person in world.contacts:  # who wrote before was known before
        world.contacts[person].created_at = now - _OLDER * len(earlier)
    for number, old in enumerate(earlier):
        at = now - _OLDER * (len(earlier) - number)
        fields = {"cf_customer_id": old.cf_customer_id}
        body = from_text(old.subject)
        acts.open_ticket(world, person, old.subject, body, at=at, ring=False, status=RESOLVED, custom_fields=fields)


def _put_said(world: World, ticket_id: int, said: Said, at: datetime) -> None:
    if said.by == "customer":
        acts.customer_writes(world, ticket_id, said.html, at=at, ring=False)
    else:
        agent = BOT_ID if said.by == "bot" else HUMAN
        act = acts.note if said.private else acts.reply
        act(world, ticket_id, said.html, agent, at=at, ring=False)


class Loader:
    """Loads the samples once per process, on a thread of its own when they are to come one after the other."""

    def __init__(self, world: World, put_one: Callable[[World, Sample], Ticket] = put) -> None:
        self._world, self._put = world, put_one
        self._lock = threading.Lock()
        self._begun = False
        self.loaded = 0
        self.total = 0

    def load(self, samples: list[Sample], *, stagger: float = 0.0, delay: float = 0.0) -> bool:
        """False if they were loaded before. `delay` seconds before the first, `stagger` between two."""
        with self._lock:
            if self._begun:
                return False
            self._begun, self.total = True, len(samples)
        if stagger or delay:
            threading.Thread(target=self._load, args=(samples, stagger, delay), name="samples", daemon=True).start()
        else:
            self._load(samples, 0, 0)
        return True

    def _load(self, samples: list[Sample], stagger: float, delay: float) -> None:
        time.sleep(delay)
        for sample in samples:
            self._put(self._world, sample)
            self.loaded += 1
            time.sleep(stagger)
