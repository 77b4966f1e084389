"""A desk for tests of delivery and drafting: a real SQLite ledger, and a helpdesk that does what a test tells it to.

The helpdesk is scripted at our port, not at the wire (the wire is tested with the adapters): `next_reply` holds what
the following replies end in, so that a test can cut a connection after the reply was stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from tests.builders import NOON, a_draft, a_thread, a_verdict
from tests.empty_ledger import empty_ledger
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import doorbells, sends
from worker.errors import Trouble
from worker.models import (
    Author,
    Case,
    Message,
    Posted,
    Ring,
    Send,
    Status,
    Step,
    Thread,
    TicketChange,
    TicketNews,
    TicketState,
    Trace,
)
from worker.rulebook import Rulebook, load_rulebook
from worker.settings import ROOT
from worker.support.bodies import body_hash
from worker.support.desk import Desk, Policy
from worker.support.outgoing import Tags, reply_outgoing

TAGS = Tags()


@dataclass
class ScriptedHelpdesk:
    """One ticket. `fails`: trouble to raise before anything happens; `cut`: trouble to raise after it happened."""

    thread_now: Thread = field(default_factory=a_thread)
    fails: list[Trouble] = field(default_factory=list)
    cut: list[Trouble] = field(default_factory=list)
    posted: list[tuple[str, str]] = field(default_factory=list)
    posted_at: list[datetime] = field(default_factory=list)
    changes: list[TicketChange] = field(default_factory=list)
    refuses_change: Trouble | None = None
    trashed: bool = False

    def thread(self, ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
        return self.thread_now.model_copy(update={"read_at": datetime.now(UTC)})

    def contact(self, contact_id: int) -> None:
        return None

    def earlier_tickets(
        self, requester_id: int, *, before: int, opened: datetime | None = None
    ) -> Sequence[dict[str, Any]]:
        return []

    def delivering(self, *, public: bool) -> AbstractContextManager[None]:
        return nullcontext()

    def reply(self, ticket_id: int, body_html: str, *, not_after: float, mailbox: str = "") -> Posted:
        return self._post("reply", body_html)

    def note(self, ticket_id: int, body_html: str, *, not_after: float) -> Posted:
        return self._post("note", body_html)

    def _post(self, kind: str, body: str) -> Posted:
        if self.fails:
            raise self.fails.pop(0)
        self.posted.append((kind, body))
        self.posted_at.append(datetime.now(UTC))
        if kind == "reply":
            said = Message(
                key=f"c{len(self.posted)}", author=Author.DESKHAND, public=True, at=datetime.now(UTC), html=body
            )
            self.thread_now = Thread(ticket=self.thread_now.ticket, messages=(*self.thread_now.messages, said))
        if self.cut:
            raise self.cut.pop(0)
        return Posted(remote_id=str(len(self.posted)), at=datetime.now(UTC))

    def find(
        self, ticket_id: int, body_hash: str, *, since: datetime, public: bool, but: Collection[str] = ()
    ) -> Posted | None:
        kind = "reply" if public else "note"
        found = [i for i, (k, body) in enumerate(self.posted, 1) if k == kind and hash_of(body) == body_hash]
        found = [i for i in found if str(i) not in but and self.posted_at[i - 1] >= since]
        return Posted(remote_id=str(found[-1]), at=datetime.now(UTC)) if found else None

    def change(self, ticket_id: int, change: TicketChange, *, tags: Collection[str] | None = None) -> None:
        if self.refuses_change:
            raise self.refuses_change
        self.changes.append(change)
        there = self.thread_now.ticket.tags if tags is None else tuple(tags)
        added = (tag for tag in change.add_tags if tag not in there)
        self.ticket_becomes(tags=tuple(tag for tag in (*there, *added) if tag not in change.remove_tags))

    def in_trash(self, ticket_id: int) -> bool:
        return self.trashed

    def updated_since(self, since: datetime) -> Iterator[TicketNews]:
        yield from ()

    def ping(self) -> str:
        return "scripted"

    def customer_writes_again(self, text: str = "One more thing.") -> None:
        self._says(Author.CUSTOMER, text)

    def colleague_answers(self, text: str = "I have done it for you.") -> None:
        self._says(Author.PERSON, text)

    def ticket_becomes(self, **said: Any) -> None:
        ticket = self.thread_now.ticket.model_copy(update=said)
        self.thread_now = self.thread_now.model_copy(update={"ticket": ticket})

    def _says(self, author: Author, text: str) -> None:
        key = f"x{len(self.thread_now.messages)}"
        said = Message(key=key, author=author, public=True, at=datetime.now(UTC), text=text)
        self.thread_now = Thread(ticket=self.thread_now.ticket, messages=(*self.thread_now.messages, said))


@cache
def rules() -> Rulebook:
    return load_rulebook(ROOT / "rules")


def hash_of(body: str) -> str:
    return body_hash(body)


@dataclass
class Office:
    """A ledger, a helpdesk, and the desk over both. Ports that delivery does not use are left out."""

    ledger: SqlLedger
    helpdesk: ScriptedHelpdesk
    desk: Desk

    def with_policy(self, **said: Any) -> Desk:
        return replace(self.desk, policy=replace(self.desk.policy, **said))

    def approved(self, body: str = "") -> tuple[Case, str]:
        """A case whose reply is queued; the case, and the send's id."""
        doorbell_id = self.ledger.doorbells.ring(Ring.WEBHOOK, self.helpdesk.thread_now.ticket.ticket_id)
        doorbell = self.ledger.doorbells.claim(doorbell_id, timedelta(seconds=60))
        assert doorbell is not None
        case = self.ledger.cases.open(self.helpdesk.thread_now, "ticket", doorbell, timedelta(seconds=60))
        assert case is not None
        draft = a_draft(body) if body else a_draft()
        queued = self.ledger.cases.conclude(
            case.case_id,
            case.epoch,
            Status.APPROVED,
            verdict=a_verdict(Step.SEND),
            trace=Trace(),
            thread=self.helpdesk.thread_now,
            draft=draft,
            outgoing=[reply_outgoing(draft, self.desk.policy, TAGS)],
        )
        assert queued
        self.ledger.doorbells.finish(doorbell_id, doorbell.epoch, "send")
        return case, queued[0]

    def status(self, case: Case) -> Status:
        found = self.ledger.cases.get(case.case_id)
        assert found is not None
        return found.status

    def make_due(self, send_id: str) -> None:
        """What was parked for later is due now: the clock of the database is not ours to turn."""
        with self.ledger.writing() as connection:
            connection.execute(update(sends).where(sends.c.send_id == send_id).values(due_at=0.0))

    def parked_for(self, send_id: str) -> timedelta:
        """How long from now on it is not due; zero where it is due, or has ended."""
        with self.ledger.reading() as connection:
            due_at = connection.execute(select(sends.c.due_at).where(sends.c.send_id == send_id)).scalar_one()
        return timedelta(seconds=max(0.0, due_at - datetime.now(UTC).timestamp()))

    def lease_runs_out(self, send_id: str) -> None:
        with self.ledger.writing() as connection:
            connection.execute(update(sends).where(sends.c.send_id == send_id).values(lease_until=0.0))

    def make_doorbell_due(self, doorbell_id: str) -> None:
        with self.ledger.writing() as connection:
            connection.execute(update(doorbells).where(doorbells.c.doorbell_id == doorbell_id).values(due_at=0.0))

    def send(self, case: Case) -> Send:
        return self.ledger.sends.of_case(case.case_id)[0]


@contextmanager
def an_office(folder: Path, **policy: Any) -> Iterator[Office]:
    """`policy`: fields of Policy. The settle time is short so that a test can let it pass; replies may leave alone."""
    url = empty_ledger(folder / "ledger.db")
    ledger = open_ledger(url)
    helpdesk = ScriptedHelpdesk()
    said = {
        "delivery": "auto",
        "gate_open": True,
        "state_after_reply": TicketState.PENDING,
        "settle": timedelta(0),
        "http_timeout": 0.0,
    } | policy
    absent: Any = None
    desk = Desk(
        helpdesk=helpdesk,
        ledger=ledger,
        directory=absent,
        index=absent,
        embedder=absent,
        writer=None,
        rulebook=rules(),
        policy=Policy(**said),
        now=lambda: NOON + timedelta(hours=1),  # of the day on which the tests' customers write
    )
    try:
        yield Office(ledger, helpdesk, desk)
    finally:
        ledger.close()
