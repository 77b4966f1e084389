"""Metrics of what lies outside the ledger, read when Prometheus scrapes: the limiter's allowances and the index.

They are asked side by side within a deadline, and an answer is good for a while: a scrape must neither hang with a part
that hangs nor cost it anything. What to ask is handed in by the assembly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.probes import Look, Probe, ask_all

DEADLINE = 2.0  # seconds that a scrape waits
FRESH = 15.0


@dataclass(frozen=True)
class Gauge:
    """What the limiter knows of one allowance: `shut` is for how many seconds it is shut after a refusal."""

    name: str
    limit: float
    left: float
    shut: float


@dataclass(frozen=True)
class Outside:
    """How to ask: the allowances, for how many processes leave a part alone, and when the live index was built."""

    allowances: Callable[[], Sequence[Gauge]]
    left_alone: Callable[[], Sequence[str]]  # a part's name for each process that leaves it alone
    index_built: Callable[[], datetime | None]


class OutsideMetrics(Collector):
    def __init__(self, outside: Outside, fresh: float = FRESH, deadline: float = DEADLINE) -> None:
        self._allowances: Sequence[Gauge] = ()
        self._alone: Sequence[str] = ()
        self._built: datetime | None = None
        self._outside = outside
        self._deadline = deadline
        self._probes = {
            "limiter": Probe("limiter", self._ask_limiter, fresh=fresh),
            "index": Probe("index", self._ask_index, fresh=fresh),
        }

    def describe(self) -> list[Metric]:
        """Nothing: so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        answers = ask_all(self._probes, self._deadline)
        if answers["limiter"].look.ok:
            yield from _limiter(self._allowances, self._alone)
        if answers["index"].look.ok and self._built is not None:
            yield GaugeMetricFamily(
                "deskhand_index_age_seconds",
                "Since the live index was built",
                value=max(0.0, (datetime.now(UTC) - self._built).total_seconds()),
            )

    def _ask_limiter(self) -> Look:
        self._allowances, self._alone = self._outside.allowances(), self._outside.left_alone()
        return Look("")

    def _ask_index(self) -> Look:
        self._built = self._outside.index_built()
        return Look("")


def _limiter(allowances: Sequence[Gauge], alone: Sequence[str]) -> Iterator[Metric]:
    limit = GaugeMetricFamily("deskhand_allowance_limit", "An allowance as last told", labels=["allowance"])
    left = GaugeMetricFamily("deskhand_allowance_left", "What is left of it now", labels=["allowance"])
    shut = GaugeMetricFamily(
        "deskhand_allowance_shut_seconds", "For how long it is shut after a refusal", labels=["allowance"]
    )
    for gauge in allowances:
        if gauge.limit:
            limit.add_metric([gauge.name], gauge.limit)
            left.add_metric([gauge.name], gauge.left)
        shut.add_metric([gauge.name], gauge.shut)
    parts = GaugeMetricFamily(
        "deskhand_left_alone", "Processes that leave a part alone after failures", labels=["part"]
    )
    for part in sorted({"freshdesk", "groq", "milvus", *alone}):
        parts.add_metric([part], list(alone).count(part))
    yield from (limit, left, shut, parts)
