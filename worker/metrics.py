"""The Prometheus metrics, by name. Each process counts its own; ledger_metrics asks the ledger when scraped."""

from prometheus_client import Counter, Histogram

WEBHOOKS = Counter("deskhand_webhooks_total", "Webhooks answered", ["status"])
CASES = Counter("deskhand_cases_total", "Cases concluded by this process", ["outcome"])
TROUBLE = Counter("deskhand_trouble_total", "Failures, by task and by the part that had them", ["task", "part"])
CALLS = Counter("deskhand_calls_total", "Outgoing calls", ["part", "outcome"])
CALL_SECONDS = Histogram("deskhand_call_seconds", "Seconds of outgoing calls", ["part"])
DISPATCHED = Counter("deskhand_dispatched_total", "Rows that the queue had missed", ["queue"])
POLLED = Counter("deskhand_polled_total", "Tickets that only the poller found")
