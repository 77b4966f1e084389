"""The JSON of a fault run: counts from the judge, and speeds from journal and logs. Reads files, starts nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.chaos.judge import Books, Count, Entry, stranded
from worker.chaos.mayhem import Done


def read_journal(path: Path) -> list[Entry]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def report(count: Count, journal: Sequence[Entry], books: Books, done: Done, logs: Path) -> dict[str, Any]:
    """In the order in which a person wants to read it."""
    figures = count.figures()
    rung = [e for e in journal if e["kind"] == "webhook"]
    accepted_forgeries = sum(e["note"] == "forged" and e["outcome"] == "delivered" for e in rung)
    taken = {(e["ticket_id"], e["key"]) for e in rung if e["outcome"] == "delivered" and e["note"] != "forged"}
    waits = [e["seconds"] for e in rung if e["status"] is not None and e["note"] != "forged"]
    lags = dispatch_lags(logs)
    return {
        "messages": figures.pop("messages"),
        "acknowledged": len(taken & count.outcomes.keys()),
        **figures,
        "unexpected": figures["unexpected"] + accepted_forgeries,
        "kills": sum(done.kills.values()),
        "stops": done.stops,
        "flushes": done.flushes,
        "restarts": done.restarts,
        "restored": done.restored,
        "killed": dict(sorted(done.kills.items())),
        "died": len(done.died),
        "slowest_restart_s": round(done.slowest_restart, 1),
        "cut_short": done.cut_short,
        "joined": count.joined,
        "stranded": stranded(books),
        "overtaken": len(count.overtaken),
        "overtaken_max_s": round(max(count.overtaken, default=0.0), 2),
        "second_rounds": sum(send.rounds > 1 for send in books.sends),
        "webhook_p99_ms": round(percentile(waits, 0.99) * 1000, 1),
        "dispatcher_lag_p99_s": round(percentile(lags, 0.99), 2),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed; 0.0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def dispatch_lags(logs: Path) -> list[float]:
    """Of each row that the dispatcher put on a queue: seconds since it had fallen due, at most (of the oldest row that
    went with it)."""
    lags: list[float] = []
    for line in (logs / "dispatcher.log").read_text(encoding="utf-8", errors="replace").splitlines():
        if '"swept"' in line:
            event = json.loads(line)
            lags += [event["oldest_seconds"]] * event["rows"]
    return lags
