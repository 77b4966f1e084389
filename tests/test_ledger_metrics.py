"""What Prometheus is told of the ledger: whether the poller still reads what Freshdesk lists."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from tests.builders import a_draft, a_reply, a_thread
from tests.contract.steps import LEASE, claimed, conclude
from worker.adapters.memory import MemoryLedger
from worker.errors import Retryable
from worker.intake.poller import poll
from worker.ledger_metrics import LedgerMetrics
from worker.models import Status

ALARM = 900


def told(ledger: MemoryLedger, name: str, **given: bool) -> float:
    metrics = LedgerMetrics(ledger, **given)
    return {sample.name: sample.value for metric in metrics.collect() for sample in metric.samples}[name]


def behind(ledger: MemoryLedger) -> float:
    return told(ledger, "deskhand_poller_behind_seconds")


class Quiet:
    """A helpdesk in which nothing has changed, or that refuses to say so."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses

    def updated_since(self, since: datetime) -> list[object]:
        if self.refuses:
            raise Retryable("GET tickets: Freshdesk answered 403", part="freshdesk")
        return []


def look(ledger: MemoryLedger, helpdesk: Quiet) -> None:
    with suppress(Retryable):
        poll(helpdesk, ledger.doorbells, lambda queue, row: None, datetime.now(UTC))  # type: ignore[arg-type]


def test_a_poller_that_never_looked_is_endlessly_behind():
    assert behind(MemoryLedger()) == math.inf


def test_a_night_without_mail_rings_no_alarm():
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(datetime.now(UTC) - timedelta(hours=9))

    look(ledger, Quiet())

    assert behind(ledger) < ALARM


def test_looks_that_fail_for_hours_ring_it():
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(datetime.now(UTC) - timedelta(hours=3))

    look(ledger, Quiet(refuses=True))

    assert behind(ledger) > ALARM


def test_a_mark_ahead_of_our_clock_is_not_behind():
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(datetime.now(UTC) + timedelta(minutes=1))

    assert behind(ledger) == 0.0


def test_the_switch_that_stops_automatic_sending_is_told_while_it_is_thrown():
    ledger, name = MemoryLedger(), "deskhand_automatic_sending_stopped"
    assert told(ledger, name) == 0
    ledger.earning.stop("Odd replies.", "meera")
    assert told(ledger, name) == 1


def test_what_shadow_mode_keeps_back_rings_no_alarm_that_never_ends():
    ledger, name = MemoryLedger(), "deskhand_oldest_open_seconds"
    doorbell = claimed(ledger)
    case = ledger.cases.open(a_thread(), "ticket", doorbell, LEASE)
    assert case is not None
    assert told(ledger, name, shadow=True) > 0, "a draft is still to be written"
    conclude(ledger, case, Status.APPROVED, [a_reply()], draft=a_draft())
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "send")
    assert (told(ledger, name) > 0, told(ledger, name, shadow=True)) == (True, 0.0)
