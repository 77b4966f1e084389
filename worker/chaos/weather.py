"""What goes wrong at the sandbox during a fault run, how often, and for how long. Data, and one call that puts it up.

The times of LATE and TIMINGS belong together: a reply may take effect LATE seconds after its sender gave up, and the
settle time must be longer than that plus the sender's own patience, as in production.
"""

from __future__ import annotations

from typing import Any

import requests

Fault = dict[str, Any]

HTTP_TIMEOUT = 2.0
LATE = 3.5  # seconds from a request's arrival until it takes effect, at the worst
# Lease : settle : HTTP time-out as in production (60 : 90 : 15); one look of the poller every few seconds.
TIMINGS = {
    "LEASE_SECONDS": "6",
    "SETTLE_SECONDS": "9",
    "POLL_SECONDS": "4",
    "SWEEP_SECONDS": "0.5",
    "HTTP_TIMEOUT_SECONDS": str(HTTP_TIMEOUT),
    "LLM_TIMEOUT_SECONDS": "4",
}
LEASE = float(TIMINGS["LEASE_SECONDS"])
SETTLE = float(TIMINGS["SETTLE_SECONDS"])
POLL = float(TIMINGS["POLL_SECONDS"])

# In two lots, for replies and for notes alike: nothing happened, or it did and the sender was told otherwise.
_WRITES: list[Fault] = [
    {"kind": "refuse", "status": 503, "probability": 0.04},
    {"kind": "refuse", "status": 500, "probability": 0.02},
    {"kind": "cut", "probability": 0.02},
    {"kind": "hang", "probability": 0.01},
    {"kind": "rate_limit", "retry_after": 1.0, "remaining": 20, "probability": 0.03},
    {"kind": "commit_then_cut", "probability": 0.04},
    {"kind": "commit_then_error", "status": 502, "probability": 0.03},
    {"kind": "commit_late", "seconds": LATE, "probability": 0.03},
    {"kind": "commit_late", "seconds": LATE, "status": 503, "probability": 0.03},
    {"kind": "html_page", "commit": True, "probability": 0.02},
    {"kind": "slow_answer", "seconds": 1.0, "probability": 0.03},
]
_READS: list[Fault] = [
    {"kind": "refuse", "status": 500, "probability": 0.02},
    {"kind": "cut", "probability": 0.01},
    {"kind": "html_page", "probability": 0.01},
    {"kind": "slow", "seconds": 0.5, "probability": 0.02},
]
_WEBHOOKS: list[Fault] = [
    {"kind": "drop", "probability": 0.10},
    {"kind": "duplicate", "seconds": 0.5, "probability": 0.10},
    {"kind": "duplicate", "seconds": 8.0, "probability": 0.05},
    {"kind": "reorder", "seconds": 3.0, "probability": 0.15},
    {"kind": "forged", "probability": 0.05},
    {"kind": "garbled", "probability": 0.03},
]
_MODEL: list[Fault] = [
    {"kind": "refuse", "status": 503, "probability": 0.02},
    {"kind": "rate_limit", "retry_after": 1.0, "probability": 0.02},
]


def faults() -> list[Fault]:
    """All of them, each for its endpoint."""
    lots = (("reply", _WRITES), ("note", _WRITES), ("reads", _READS), ("webhook", _WEBHOOKS), ("groq", _MODEL))
    return [{**fault, "endpoint": endpoint} for endpoint, lot in lots for fault in lot]


def put_up(sandbox_url: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for fault in faults():
            session.post(f"{sandbox_url}/sandbox/faults", json=fault, timeout=10).raise_for_status()
