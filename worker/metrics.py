"""The Prometheus metrics, by name. Each process counts its own; ledger_metrics asks the ledger when scraped.

The webhook shows them at /metrics; the worker and the dispatcher serve them on a port of their own (`serve`).
"""

from __future__ import annotations

import structlog
from prometheus_client import Counter, Gauge, Histogram, start_http_server

log = structlog.get_logger(__name__)

WEBHOOKS = Counter("deskhand_webhooks_total", "Webhooks answered", ["status"])
CASES = Counter("deskhand_cases_total", "Cases concluded by this process", ["outcome"])
TROUBLE = Counter("deskhand_trouble_total", "Failures, by task and by the part that had them", ["task", "part"])
CALLS = Counter("deskhand_calls_total", "Outgoing calls", ["part", "outcome"])
CALL_SECONDS = Histogram(
    "deskhand_call_seconds",
    "Seconds of outgoing calls",
    ["part"],
    # Beyond what an alert asks for: Prometheus names no quantile above the last bound.
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0),
)
CREDITS = Counter("deskhand_freshdesk_credits_total", "Of Freshdesk's allowance, what our calls took", ["call"])
MODEL_CALLS = Counter("deskhand_model_calls_total", "Completions asked of a model", ["model", "outcome"])
TOKENS = Counter("deskhand_tokens_total", "Tokens of drafts, prompt and completion", ["model", "kind"])
STAGE_SECONDS = Histogram(
    "deskhand_stage_seconds",
    "Seconds of the stages of drafting",
    ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
)
DRAFTED = Counter("deskhand_drafted_total", "Messages judged", ["step", "template", "model"])
FINDINGS = Counter("deskhand_findings_total", "Drafts in which a guard found something", ["guard"])
DISPATCHED = Counter("deskhand_dispatched_total", "Rows that the queue had missed", ["queue"])
POLLED = Counter("deskhand_polled_total", "Doorbells that the poller rang")
BREAKER = Gauge("deskhand_breaker_state", "0 closed, 1 one caller tries, 2 open: the part is left alone", ["part"])
PUT_OFF = Counter("deskhand_put_off_total", "Calls put off since an allowance is used up or kept for people", ["part"])
PACE_SHARED = Gauge("deskhand_pace_shared", "1 while the limiter is shared through Redis, 0 while on our own share")
STANDBY = Gauge("deskhand_standby", "1 while work is taken from the ledger, since Redis does not answer")
BRAKED = Counter("deskhand_brakes_put_on_total", "Brakes that this process put on: far too many customers, one topic")
HINTS_LOST = Counter("deskhand_hints_lost_total", "Rows that could not be put on their queue at once")

TRIED = 10  # ports, where several processes on one host are given the same one


def serve(host: str, port: int) -> int:
    """Serves this process's metrics on the first free one of TRIED ports from `port` on; that port, or 0 if none is
    free or `port` is 0. A process without metrics still works, so it is a warning and no refusal."""
    for candidate in range(port, port + TRIED) if port else ():
        try:
            start_http_server(candidate, host)
        except OSError:
            continue
        log.info("metrics_served", host=host, port=candidate)
        return candidate
    if port:
        log.warning("metrics_not_served", host=host, first_port=port, tried=TRIED)
    return 0
