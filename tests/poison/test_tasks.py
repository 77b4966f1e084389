"""A ticket that always raises goes to a person after three tries, whatever it raises; its neighbour is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update

from tests.answering import QUESTION
from tests.builders import a_message, a_requester, a_thread
from tests.desk import ScriptedHelpdesk
from tests.poison.venom import ERRORS, MAILS, a_venomous_desk, venomous
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import doorbells
from worker.models import Case, Posted, Ring, Status, Thread
from worker.support.deliver import deliver
from worker.support.desk import Desk
from worker.tasks import draft_doorbell

POISONED, NEIGHBOUR = 1, 2


@dataclass
class Tickets(ScriptedHelpdesk):
    """Several tickets; `written`: what was posted on which, in order."""

    threads: dict[int, Thread] = field(default_factory=dict)
    written: list[tuple[int, str]] = field(default_factory=list)

    def thread(self, ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
        return self.threads[ticket_id]

    def reply(self, ticket_id: int, body_html: str, *, not_after: float, mailbox: str = "") -> Posted:
        self.written.append((ticket_id, "reply"))
        return super().reply(ticket_id, body_html, not_after=not_after, mailbox=mailbox)

    def note(self, ticket_id: int, body_html: str, *, not_after: float) -> Posted:
        self.written.append((ticket_id, "note"))
        return super().note(ticket_id, body_html, not_after=not_after)


@dataclass
class Shift:
    """What workers do, one row after the other, and what comes of it."""

    desk: Desk
    ledger: SqlLedger
    tickets: Tickets
    outcomes: dict[int, list[str]] = field(default_factory=dict)

    def arrives(self, ticket_id: int, email: str, html: str = f"<p>{QUESTION}</p>", **ticket: str) -> None:
        self.tickets.threads[ticket_id] = a_thread(
            ticket_id, a_message("", html=html), requester=a_requester(ticket_id, email=email), **ticket
        )

    def works(self) -> None:
        """Until nothing is due any more; what waits for a later try is due at once."""
        rung = {self.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id): ticket_id for ticket_id in self.tickets.threads}
        for _ in range(10):
            for doorbell_id in self.ledger.doorbells.due(10):
                outcome = draft_doorbell(doorbell_id, self.desk, lambda *_: None)
                self.outcomes.setdefault(rung[doorbell_id], []).append(outcome)
            for send_id in self.ledger.sends.due(10):
                deliver(send_id, self.desk)
            with self.ledger.writing() as connection:
                connection.execute(update(doorbells).values(due_at=0.0))

    def case(self, ticket_id: int) -> Case:
        [case] = self.ledger.cases.of_ticket(ticket_id)
        return case


@pytest.fixture
def shift(sql_url: str) -> Iterator[Shift]:
    tickets = Tickets()
    with a_venomous_desk(sql_url, tickets) as (desk, ledger):
        yield Shift(desk, ledger, tickets)


@pytest.mark.parametrize("error", ERRORS)
def test_a_ticket_that_always_raises_goes_to_a_person_after_three_tries(shift: Shift, error: str) -> None:
    shift.arrives(POISONED, venomous(error))
    shift.arrives(NEIGHBOUR, "asha@example.com")

    shift.works()

    assert shift.outcomes == {POISONED: ["parked", "parked", "handed over"], NEIGHBOUR: ["send"]}
    assert shift.case(POISONED).status is Status.HANDED_OVER
    assert "failed on this ticket 3 times" in shift.case(POISONED).reasons[0]
    assert shift.case(NEIGHBOUR).status is Status.SENT
    assert sorted(shift.tickets.written) == [(POISONED, "note"), (NEIGHBOUR, "reply")]


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_that_no_program_likes_to_read_still_ends_well(shift: Shift, name: str) -> None:
    shift.arrives(POISONED, "asha@example.com", MAILS[name], subject="With\x00drawal \udfff")
    shift.arrives(NEIGHBOUR, "asha@example.com")

    shift.works()

    case = shift.case(POISONED)
    assert case.status is (Status.HANDED_OVER if "megabyte" in name else Status.SENT)
    assert [len(outcomes) for outcomes in shift.outcomes.values()] == [1, 1]
    assert shift.ledger.cases.thread(case.case_id) is not None, "a person can see what came"
    assert shift.case(NEIGHBOUR).status is Status.SENT


@pytest.mark.parametrize("name", MAILS)
def test_such_a_mail_that_fails_on_top_of_that_goes_to_a_person(shift: Shift, name: str) -> None:
    shift.arrives(POISONED, venomous("valueerror"), MAILS[name], subject="With\x00drawal \udfff")

    shift.works()

    assert shift.case(POISONED).status is Status.HANDED_OVER
    assert shift.tickets.written == [(POISONED, "note")]
    assert shift.ledger.cases.thread(shift.case(POISONED).case_id) is not None
