"""The world around the ledger in the model test: the clock, one ticket, its customer, and a helpdesk with a journal.

The helpdesk stores replies at once, late, or not at all. What workers and leads do is in ledger_machine.py.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import case, update

from tests.builders import NOON, a_message, a_thread
from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import cases, doorbells, sends
from worker.models import Posted, Ring, Status, Thread
from worker.ports import Ledger

SETTLE = timedelta(seconds=90)
LEAVES_WITHIN = SETTLE.total_seconds() / 2  # a request that has not left by then never does


class Clock:
    """What the ledger in memory takes for now; turned on by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def turn_back(ledger: SqlLedger, seconds: float) -> None:
    """Time passes for a database whose clock nobody can turn: all that it has written down happened earlier."""
    with ledger.writing() as connection:
        for table in (doorbells, cases, sends):
            lease = case((table.c.lease_until > 0, table.c.lease_until - seconds), else_=0.0)
            connection.execute(update(table).values(lease_until=lease))
        for table in (doorbells, sends):
            connection.execute(update(table).values(due_at=table.c.due_at - seconds))
        connection.execute(update(sends).values(intended_at=sends.c.intended_at - seconds))
        connection.execute(update(cases).values(opened_at=cases.c.opened_at - seconds))


class LedgerWorld(RuleBasedStateMachine):
    """`opened` gives the ledger, and its clock if it has one; set by the test."""

    opened: Any

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger
        self.ledger, self.clock = type(self).opened()
        self.seconds = 0.0
        self.messages = 1  # the customer's messages on the one ticket: "ticket", c10, c20, ...
        self.public: list[tuple[str, str]] = []  # the helpdesk's journal: (remote id, message key)
        self.on_the_wire: list[tuple[str, float]] = []  # message keys of replies that will be stored, and until when

    def teardown(self) -> None:
        self.ledger.close()

    def thread(self) -> Thread:
        keys = ["ticket", *(f"c{10 * n}" for n in range(1, self.messages))]
        said = [a_message("Hello?", key=key, at=NOON + timedelta(minutes=n)) for n, key in enumerate(keys)]
        return a_thread(1, *said)

    def unanswered(self) -> Thread:
        """As threads.read_thread would show it: up to the newest answered message everything is answered."""
        thread = self.thread()
        keys = [m.key for m in thread.messages]
        last = max((keys.index(of) for _, of in self.public), default=-1)
        return Thread(ticket=thread.ticket, messages=thread.messages[last + 1 :])

    def replies_to(self) -> Counter[str]:
        return Counter(of for _, of in self.public)

    def found(self, key: str) -> str | None:
        """The remote id of the reply to that message, as a look at the thread would find it."""
        return next((remote for remote, of in self.public if of == key), None)

    def status_of(self, key: str) -> Status | None:
        return next((c.status for c in self.ledger.cases.of_ticket(1) if c.message_key == key), None)

    def all_seen(self) -> bool:
        return self.status_of(self.thread().messages[-1].key) is not None

    @precondition(lambda self: len(self.ledger.doorbells.due(2)) < 2)
    @rule()
    def ring(self) -> None:
        self.ledger.doorbells.ring(Ring.WEBHOOK, 1)

    @precondition(lambda self: self.messages < 3 and self.all_seen())
    @rule()
    def customer_writes(self) -> None:
        self.messages += 1
        self.ring()

    @rule(seconds=st.sampled_from([10.0, 31.0, 100.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.seconds += seconds
        on_the_wire, self.on_the_wire = self.on_the_wire, []
        for key, until in on_the_wire:
            if until <= self.seconds:
                self.store(key)
            else:
                self.on_the_wire.append((key, until))
        if isinstance(self.clock, Clock):
            self.clock.at += timedelta(seconds=seconds)
        else:
            turn_back(self.ledger, seconds)  # type: ignore[arg-type]

    def store(self, key: str) -> Posted:
        self.public.append((str(900 + len(self.public)), key))
        return Posted(remote_id=self.public[-1][0], at=NOON)
