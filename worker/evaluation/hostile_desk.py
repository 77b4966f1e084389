"""A desk of its own for the suite `hostile`: everything real but the vendors, who are the sandbox, over HTTP.

Delivery is automatic and the gate open, so that nothing but the guards stands between the model and the customer.
Mails are worked on one after the other, drafted and delivered by the code that answers customers.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from worker.adapters.directory import LedgerDirectory
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.groq import GroqWriter
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.bootstrap import utc_now
from worker.errors import Permanent
from worker.models import Case, Customer, Draft, Ring
from worker.ports import Embedder, Index
from worker.rulebook import Rulebook
from worker.settings import ROOT, Settings
from worker.stack.checks import free_port
from worker.stack.sandbox_at import SandboxAt
from worker.support.answer import answer
from worker.support.deliver import deliver
from worker.support.desk import Desk, Policy

LEASE = timedelta(minutes=10)  # on a busy machine
PATIENCE = 60.0  # seconds for one call
STARTS = 60.0  # seconds that the sandbox may take to start on a busy machine


class Sandbox(SandboxAt):
    """The sandbox as a process of its own: mails go in, the journal comes out."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url)
        self.key = key
        self._read = 0

    def write(self, requester: dict[str, str], subject: str, html: str) -> int:
        """A customer's mail arrives; the ticket's number."""
        mail = {"requester": requester, "subject": subject, "html": html}
        return int(self.ask("POST", "/tickets", mail)["id"])

    def temper(self, wanted: dict[str, Any]) -> None:
        self.ask("POST", "/settings", {"groq_temper": wanted})

    def news(self) -> list[dict[str, Any]]:
        """The journal's entries since the last call."""
        entries: list[dict[str, Any]] = self.ask("GET", "/journal", after=self._read)
        self._read = entries[-1]["seq"] if entries else self._read
        return entries


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    port, key = free_port(), secrets.token_urlsafe(12)
    command = [sys.executable, "-m", "worker.sandbox", "--port", str(port)]
    secret = {"SANDBOX_API_KEY": key, "SANDBOX_WEBHOOK_SECRET": secrets.token_urlsafe(12)}
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **secret})  # noqa: S603 - ours
    try:
        sandbox = Sandbox(f"http://127.0.0.1:{port}", key)
        until = time.monotonic() + STARTS
        while not sandbox.answers():
            if process.poll() is not None or time.monotonic() > until:
                raise Permanent("the sandbox did not start", part="sandbox")
            time.sleep(0.05)
        yield sandbox
    finally:
        process.terminate()
        process.wait(20)


@dataclass(frozen=True)
class HostileDesk:
    """A desk that answers what lies in the sandbox."""

    desk: Desk

    def work(self, ticket_id: int) -> tuple[Case, Draft | None]:
        """Drafts and delivers, as the worker's two tasks do; how the case ended, and its draft."""
        ledger = self.desk.ledger
        doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
        doorbell = ledger.doorbells.claim(doorbell_id, LEASE)
        assert doorbell is not None, "nobody else works here"
        outcome, sends = answer(doorbell, self.desk)
        ledger.doorbells.finish(doorbell_id, doorbell.epoch, outcome)
        for send_id in sends:
            deliver(send_id, self.desk)
        case = ledger.cases.of_ticket(ticket_id)[-1]
        drafts = ledger.cases.drafts(case.case_id)
        return case, drafts[-1][1] if drafts else None


@contextmanager
def open_desk(
    folder: Path,
    sandbox: Sandbox,
    customers: Sequence[Customer],
    index: Index,
    embedder: Embedder,
    rulebook: Rulebook,
    settings: Settings,
) -> Iterator[HostileDesk]:
    """`folder`: where its ledger is."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    migrate(url)
    policy = Policy(
        delivery="auto", gate_open=True, lease=LEASE, settle=10 * timedelta(seconds=PATIENCE), http_timeout=PATIENCE
    )
    with closing(open_ledger(url)) as ledger:
        ledger.customers.replace(customers)
        yield HostileDesk(
            Desk(
                helpdesk=FreshdeskHelpdesk(sandbox.url, SecretStr(sandbox.key), timeout=PATIENCE),
                ledger=ledger,
                directory=LedgerDirectory(ledger.customers),
                index=index,
                embedder=embedder,
                writer=GroqWriter(
                    SecretStr("of-the-sandbox"), f"{sandbox.url}/groq", settings.models, timeout=PATIENCE
                ),
                rulebook=rulebook,
                policy=policy,
                now=utc_now,
            )
        )
