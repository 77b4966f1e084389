"""The whole stack as `make run` starts it, in review mode, and what tests do around it: mail arrives, replies leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.empty_ledger import empty_ledger
from tests.stack.running import Running, running_stack, wait_until
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.console.people import add_user, sign_in_link
from worker.models import Case, Ring, Status
from worker.sandbox.nouns import BOT_ID
from worker.stack.once import look_up
from worker.stack.samples import Sandbox

OF_AN_EARLIER_RUN = 999_999  # a ticket in what the last stack in the same folder has left
UNDO_SECONDS = 10  # long enough to press a key on a machine that is busy with other tests
ASHA = {"name": "Aarav Sharma", "email": "aarav.sharma@example.com"}


@dataclass
class Office:
    """`link`: what `make run` printed for the console, good once."""

    stack: Running
    ledger: SqlLedger

    @property
    def home(self) -> str:
        return f"http://localhost:{self.stack.env['CONSOLE_PORT']}"

    @property
    def link(self) -> str:
        found = re.search(r"http\S+/enter\?token=\S+", self.stack.summary)
        assert found is not None, self.stack.summary
        return found[0]

    def sign_in(self, page, login: str = "maya", role: str = "reviewer") -> None:
        add_user(self.ledger.users, login, role, None)
        page.goto(sign_in_link(self.ledger.users, login, self.home))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.home}/")

    def mail(self, subject: str, html: str = "<p>When will my IM withdrawal reach my bank account?</p>") -> Case:
        """A customer writes; the case when its draft waits."""
        ticket_id = self._sandbox("tickets", {"requester": ASHA, "subject": subject, "html": html})["id"]
        wait_until(lambda: self.held(ticket_id) is not None, f"a draft for {subject}")
        case = self.held(ticket_id)
        assert case is not None
        return case

    def says(self, case: Case, html: str, by: str = "customer") -> None:
        self._sandbox(f"tickets/{case.ticket_id}/messages", {"html": html, "by": by})

    def held(self, ticket_id: int) -> Case | None:
        return next((c for c in self.ledger.cases.of_ticket(ticket_id) if c.status is Status.HELD), None)

    def status(self, case: Case) -> Status:
        found = self.ledger.cases.get(case.case_id)
        assert found is not None
        return found.status

    def samples_are_there(self) -> Sandbox:
        """Every sample ticket was rung for."""
        sandbox = Sandbox(self.stack.address("SANDBOX_PORT"))
        wait_until(sandbox.all_there, "every sample ticket is there")
        return sandbox

    def samples_are_drafted(self) -> None:
        """And what came of its mail has left. That no case is open says less: between two tickets there may be none."""
        samples = self.samples_are_there().samples()
        wait_until(lambda: all(look_up(sample, self.ledger) for sample in samples), "the samples' drafts wait")

    def becomes(self, case: Case, status: Status) -> None:
        wait_until(lambda: self.status(case) is status, f"{case.subject} is {status}")

    def replies(self, case: Case) -> list[dict[str, Any]]:
        return [entry for entry in self.journal() if entry["ticket_id"] == case.ticket_id]

    def journal(self) -> list[dict[str, Any]]:
        """Our public replies, as the sandbox saw them leave."""
        address = f"{self.stack.address('SANDBOX_PORT')}/sandbox/journal"
        entries = requests.get(address, {"kind": "reply"}, timeout=30).json()
        return [entry for entry in entries if entry["agent_id"] == BOT_ID and not entry["private"]]

    def _sandbox(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.stack.address('SANDBOX_PORT')}/sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def an_office(data_dir: Path) -> Iterator[Office]:
    settings = {"DELIVERY_MODE": "review", "UNDO_SECONDS": str(UNDO_SECONDS), "TIME_ZONE": "Asia/Kolkata"}
    database = data_dir / "sandbox" / "deskhand.db"
    with closing(open_ledger(empty_ledger(database))) as earlier:
        earlier.doorbells.ring(Ring.WEBHOOK, OF_AN_EARLIER_RUN)
    with running_stack(data_dir, **settings) as stack, closing(open_ledger(f"sqlite:///{database}")) as ledger:
        yield Office(stack, ledger)
