"""One process's life over a ledger and the sandbox's Freshdesk: it hears of a ticket, sweeps, drafts and delivers.

`live` is what a process does from wherever the ledger stands; `live_and_die` does it in a child that ends, as kill -9
would end it, at a crash point; `live_and_stop` in one that gets SIGSTOP there. Time passes by turning the ledger's own
times back, or, where a place is `brisk`, by itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import case, update

from tests.answering import Copyist, answering
from tests.sandbox_server import API_KEY, SECRET
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.memory_index import MemoryIndex
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import cases, doorbells, sends
from worker.crashpoints import arm
from worker.dispatcher import Sweep, recheck
from worker.errors import Retryable
from worker.intake.poller import poll
from worker.intake.webhook import make_router
from worker.models import SendState
from worker.ports import Completion
from worker.support import keep
from worker.support.desk import Desk, Policy
from worker.tasks import deliver_send, draft_doorbell

DIED = 137
SETTLE = timedelta(seconds=60)
POLICY = Policy(delivery="auto", gate_open=True, settle=SETTLE, http_timeout=30.0)
BRISK = replace(POLICY, lease=timedelta(seconds=2), settle=timedelta(seconds=3), http_timeout=1.0)


@dataclass(frozen=True)
class Place:
    """Where a process works. `polled`: no webhook tells it; `poisoned`, `busy`: what is wrong with its index or writer;
    `brisk`: leases and settle times are so short that they can be waited for."""

    url: str
    freshdesk_url: str
    ticket_id: int
    polled: bool = False
    review: bool = False
    poisoned: bool = False
    busy: bool = False
    brisk: bool = False


class Poisoned(MemoryIndex):
    def version(self) -> str:
        raise RecursionError


class Busy(Copyist):
    """Asks for a moment's patience the first time."""

    def complete(self, *given: Any) -> Completion:
        if not self.prompts:
            self.prompts.append("")
            raise Retryable("429", part="groq", after=5.0)
        return super().complete(*given)


@contextmanager
def a_desk(place: Place) -> Iterator[tuple[Desk, SqlLedger]]:
    ledger = open_ledger(place.url)
    helpdesk = FreshdeskHelpdesk(place.freshdesk_url, SecretStr(API_KEY), timeout=30.0)
    absent: Any = None
    policy = BRISK if place.brisk else POLICY
    bare = Desk(helpdesk, ledger, absent, absent, absent, None, absent, policy, lambda: datetime.now(UTC))
    desk = answering(bare, ledger)
    if place.review:
        desk = replace(desk, policy=replace(policy, delivery="review"))
    if place.poisoned:
        desk = replace(desk, index=Poisoned())
    if place.busy:
        desk = replace(desk, writer=Busy())
    try:
        yield desk, ledger
    finally:
        helpdesk.close()
        ledger.close()


def live(place: Place, *, told: bool = True) -> None:
    """Hears of the ticket, if it is `told`, then does whatever is due until nothing is."""
    with a_desk(place) as (desk, ledger):
        queue: list[tuple[str, str]] = []

        def enqueue(name: str, row: str) -> None:
            queue.append((name, row))

        if place.polled:
            poll(desk.helpdesk, ledger.doorbells, enqueue, datetime.now(UTC))
        elif told:
            _webhook(ledger, enqueue, place.ticket_id)
        recheck(ledger)
        sweep = Sweep(ledger, enqueue, lambda: datetime.now(UTC), lambda queue: 0)
        sweep.once()
        while queue or sweep.once():
            name, row = queue.pop(0)
            if name == "draft":
                draft_doorbell(row, desk, enqueue)
            else:
                deliver_send(row, desk)


def _webhook(ledger: SqlLedger, enqueue: Callable[[str, str], None], ticket_id: int) -> None:
    app = FastAPI()
    app.include_router(make_router(ledger.doorbells, (SECRET,), enqueue))
    with TestClient(app) as freshdesk:
        said = freshdesk.post(
            "/webhooks/freshdesk", json={"ticket_id": ticket_id}, headers={"X-Webhook-Secret": SECRET}
        )
    assert said.status_code == 202


def live_and_die(place: Place, point: str) -> int:
    """The exit code of a process that dies when it gets to `point`; 0 if it never did."""
    child = multiprocessing.get_context("forkserver").Process(target=_until, args=(place, point))
    child.start()
    child.join(240)
    assert child.exitcode is not None, "it hangs"
    return child.exitcode


def _until(place: Place, point: str) -> None:
    arm(lambda name: os._exit(DIED) if name == point else None)
    live_on(place)


@dataclass(frozen=True)
class Stopped:
    """A process that the system has stopped, with all its threads, until it is woken or killed."""

    process: BaseProcess

    def wake(self) -> int:
        """It goes on to its end; the exit code."""
        os.kill(self.pid, signal.SIGCONT)
        self.process.join(240)
        assert self.process.exitcode is not None, "it hangs"
        return self.process.exitcode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.process.join(240)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid


@contextmanager
def live_and_stop(place: Place, point: str) -> Iterator[Stopped]:
    """A process that has stopped at `point`. Killed at the end, if nobody has ended it before."""
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_until_stopped, args=(place, point, there))
    child.start()
    there.close()
    try:
        assert here.poll(240), "it neither stops nor ends"
        assert here.recv_bytes(), f"{point} was not reached"
        while _state(child) != "T":  # it has said that it is about to
            time.sleep(0.01)
        yield Stopped(child)
    finally:
        child.kill()
        child.join(240)


def _until_stopped(place: Place, point: str, parent: Connection) -> None:
    def stop(name: str) -> None:
        if name == point:
            arm(None)
            parent.send_bytes(b"stopping")
            os.kill(os.getpid(), signal.SIGSTOP)

    # No lease is renewed: whoever is stopped in the middle of that write keeps all others from writing to a SQLite
    # ledger until it is woken or killed, and that is another story.
    keep.MOST = 0
    arm(stop)
    live(place)


def _state(process: BaseProcess) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def live_on(place: Place, most: int = 40) -> None:
    """Processes that come after: time passes, leases and settle times run out, until everything has ended. Freshdesk
    repeats a webhook that it takes for lost, once."""
    for number in range(most):
        live(place if number == 0 else replace(place, busy=False), told=number == 0)
        if ended(place):
            return
        let_time_pass(place, SETTLE + timedelta(seconds=30))
    raise AssertionError("it does not come to an end")


def ended(place: Place) -> bool:
    ledger = open_ledger(place.url)
    try:
        under_way = (SendState.QUEUED, SendState.POSTING, SendState.POSTED)
        found = [s for c in ledger.cases.of_ticket(place.ticket_id) for s in ledger.sends.of_case(c.case_id)]
        return ledger.cases.oldest_open() is None and not any(send.state in under_way for send in found)
    finally:
        ledger.close()


def let_time_pass(place: Place, span: timedelta, *, leases_only: bool = False) -> None:
    """For the ledger: whatever it has written down happened that much earlier."""
    gone = span.total_seconds()
    ledger = open_ledger(place.url)
    with ledger.writing() as connection:
        for table in (doorbells, cases, sends):
            lease = case((table.c.lease_until > 0, table.c.lease_until - gone), else_=0.0)
            connection.execute(update(table).values(lease_until=lease))
        if not leases_only:
            for table in (doorbells, sends):
                connection.execute(update(table).values(due_at=table.c.due_at - gone))
            connection.execute(update(sends).values(intended_at=sends.c.intended_at - gone))
    ledger.close()
