"""What Prometheus is told of the ledger: whether the poller still reads what Freshdesk lists."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from worker.adapters.memory import MemoryLedger
from worker.errors import Retryable
from worker.intake.poller import poll
from worker.ledger_metrics import LedgerMetrics

ALARM = 900


def told(ledger: MemoryLedger, name: str) -> float:
    samples = {sample.name: sample.value for metric in LedgerMetrics(ledger).collect() for sample in metric.samples}
    return samples[name]


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
