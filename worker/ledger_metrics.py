"""Metrics that only the ledger knows, read when Prometheus scrapes: cases, the oldest open one, doubts, the poller."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.errors import Trouble
from worker.ports import Ledger


class LedgerMetrics(Collector):
    """Each scrape commits one small row, and so sees a disk that is full and a database that only lets us read.

    `shadow`: nothing leaves, since somebody decided so. An alarm about what waits for that would never end, and hide
    the next one."""

    def __init__(self, ledger: Ledger, *, shadow: bool = False) -> None:
        self._ledger, self._shadow = ledger, shadow

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not query the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("deskhand_ledger_up", "1 while the ledger answers and takes what is written")
        try:
            self._ledger.writable()  # a full disk still lets us read, while each webhook is refused
            counts = self._ledger.cases.counts()
            known = self._ledger.cases
            oldest = known.oldest_undrafted() if self._shadow else known.oldest_open()
            doubts = self._ledger.sends.in_doubt()
            read_up_to = self._ledger.doorbells.poll_mark()
            stopped = self._ledger.earning.stopped() is not None
            brakes = len(self._ledger.incidents.on())
        except Trouble:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        cases = GaugeMetricFamily("deskhand_cases", "Cases by status", labels=["status"])
        for status, n in counts.items():
            cases.add_metric([status], n)
        yield cases
        yield GaugeMetricFamily(
            "deskhand_oldest_open_seconds",
            "Age of the oldest thing that has not ended: a doorbell, a case, a reply or note on its way",
            value=oldest.total_seconds() if oldest else 0.0,
        )
        yield GaugeMetricFamily("deskhand_sends_in_doubt", "Sends whose outcome is not known", value=doubts)
        yield GaugeMetricFamily(
            "deskhand_automatic_sending_stopped", "1 while the switch of the gate is thrown", value=int(stopped)
        )
        yield GaugeMetricFamily("deskhand_brakes_on", "Topics whose automatic sending is paused", value=brakes)
        yield GaugeMetricFamily(
            "deskhand_poller_behind_seconds",
            "How long ago that was up to which the poller has read what changed in Freshdesk",
            value=_ago(read_up_to),
        )


def _ago(at: datetime | None) -> float:
    return math.inf if at is None else max(0.0, (datetime.now(UTC) - at).total_seconds())
