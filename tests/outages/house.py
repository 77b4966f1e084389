"""Everything real but the clock of the limiters and breakers: adapters, sandbox, SQLite; for stories of outages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import update

from tests.answering import knowledge
from tests.builders import a_customer
from tests.desk import rules
from tests.empty_ledger import empty_ledger
from tests.sandbox_server import RunningSandbox
from tests.scripted_server import HASTY, PATIENT
from worker.adapters.breaker import Breaker
from worker.adapters.directory import LedgerDirectory
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.groq import GroqWriter
from worker.adapters.pace import LocalPace
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import doorbells, sends
from worker.adapters.turnstile import Turnstile
from worker.models import Case, Draft, Ring, TicketState
from worker.sandbox.samples import Requester, Sample, put
from worker.support.deliver import deliver
from worker.support.desk import Desk, Policy
from worker.tasks import draft_doorbell

PEOPLE = 30  # each with an address of their own: nobody gets many automatic replies a day
QUESTION = "<p>When will my IM withdrawal reach my bank?</p>"
LLAMA, LARGE = "llama-3.3-70b-versatile", "openai/gpt-oss-120b"


class Clock:
    """Of limiters and breakers; starts at any time and moves when told."""

    now = 5000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    """A worker's desk, and what a worker and a dispatcher do with it, one row after the other."""

    sandbox: RunningSandbox
    ledger: SqlLedger
    desk: Desk
    clock: Clock
    hasty_ports: dict[str, Any]
    written: Iterator[int] = field(default_factory=lambda: iter(range(PEOPLE)))

    def mail(self, html: str = QUESTION, ago: timedelta = timedelta(0)) -> int:
        """Another customer writes, or wrote so long `ago`, and Freshdesk rings."""
        who = Requester(email=_email(next(self.written)), name="Asha Rao")
        ticket_id = put(self.sandbox.state.world, Sample(requester=who, subject="Withdrawal", html=html), ago).id
        self.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
        return ticket_id

    def work(self) -> list[str]:
        """All that is due now, drafts and sends, until nothing is; what came of each."""
        done: list[str] = []
        while rows := [(self._deliver, r) for r in self.ledger.sends.due(50)] or [
            (self._draft, r) for r in self.ledger.doorbells.due(50)
        ]:
            done += [work(row) for work, row in rows]
        return done

    def writes_twice(self, number: int) -> None:
        """A customer's ticket of a minute ago is read, they write on it, and it is read again: evidence that tickets
        move with their messages, if they do."""
        who = Requester(name="Reader", email=f"reader{number}@example.net")
        sample = Sample(requester=who, subject="A question", html="<p>May I ask something?</p>")
        ticket_id = put(self.sandbox.state.world, sample, timedelta(minutes=1)).id
        self.desk.helpdesk.thread(ticket_id)
        self.sandbox.says(ticket_id, "<p>Are you there?</p>")
        self.desk.helpdesk.thread(ticket_id)

    def passes(self, seconds: float) -> None:
        """Time, for limiters and breakers; what was parked is due."""
        self.clock.now += seconds
        with self.ledger.writing() as connection:
            for table in (doorbells, sends):
                connection.execute(update(table).values(due_at=0.0))

    @contextmanager
    def hasty(self, *ports: str) -> Iterator[None]:
        """These ports soon give up, for as long as the other side hangs or drips: then nothing depends on how long. At
        any other time a machine that stands still for a second would be taken for an outage."""
        patient = self.desk
        self.desk = replace(patient, **{port: self.hasty_ports[port] for port in ports})
        try:
            yield
        finally:
            self.desk = patient

    def case(self, ticket_id: int) -> Case:
        return self.ledger.cases.of_ticket(ticket_id)[-1]

    def draft(self, ticket_id: int) -> Draft:
        return self.ledger.cases.drafts(self.case(ticket_id).case_id)[-1][1]

    def tries(self) -> list[int]:
        with self.ledger.reading() as connection:
            return [row.tries for row in connection.execute(doorbells.select())]

    def _draft(self, row: str) -> str:
        return draft_doorbell(row, self.desk, lambda queue, row: None)

    def _deliver(self, row: str) -> str:
        return deliver(row, self.desk)


def _email(number: int) -> str:
    return f"asha{number}@example.com"


@contextmanager
def a_house(folder: Path, sandbox: RunningSandbox, **ports: Any) -> Iterator[House]:
    """`ports`: what stands in the desk instead of the usual."""
    url = empty_ledger(folder / "ledger.db")
    ledger = open_ledger(url)
    ledger.customers.replace(
        [a_customer(f"PW1002{n:02}", email=_email(n), name="Asha Rao", segments=("IM",)) for n in range(PEOPLE)]
    )
    clock = Clock()
    pace = LocalPace(clock)
    doors = {part: Turnstile(Breaker(part, clock=clock), pace) for part in ("freshdesk", "groq")}

    def clients(timeout: float) -> dict[str, Any]:
        key, url = SecretStr(sandbox.api_key), sandbox.freshdesk_url
        writes = {"timeout": timeout, "turnstile": doors["groq"]}
        return {
            "helpdesk": FreshdeskHelpdesk(url, key, timeout=timeout, turnstile=doors["freshdesk"], reserve=0.1),
            "writer": GroqWriter(SecretStr("gsk"), sandbox.groq_url, (LLAMA, LARGE), **writes),
        }

    patient, hasty = clients(PATIENT), clients(HASTY)
    index, embedder = knowledge()
    desk = Desk(
        **patient,
        ledger=ledger,
        directory=LedgerDirectory(ledger.customers),
        index=index,
        embedder=embedder,
        rulebook=rules(),
        policy=Policy(
            delivery="auto",
            gate_open=True,
            state_after_reply=TicketState.PENDING,
            settle=timedelta(seconds=30),
        ),
        now=lambda: datetime.now(UTC),
    )
    try:
        yield House(sandbox, ledger, replace(desk, **ports), clock, hasty)
    finally:
        for client in (*patient.values(), *hasty.values()):
            client.close()
        ledger.close()
