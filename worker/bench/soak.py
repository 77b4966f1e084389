"""`bench.py soak`: whether memory, file descriptors and threads stay as they are while tickets are answered.

Eight hours at a ticket a second are 28,800 tickets; here so many as there is time for go through the whole stack
(rig.py) as fast as it answers them. After a warm-up, and then after each portion, every process is looked at while
nothing is under way. What is said of it: the slope over tickets (Theil and Sen's, with its 90 % interval), and what
that comes to in 28,800 of them. The sandbox is left out: it keeps every ticket by design.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.bench.mails import customers
from worker.bench.rig import Rig
from worker.bench.throughput import Run, Tickets
from worker.errors import BadConfiguration
from worker.evaluation.suite import Figures, Screen, Suite
from worker.stack.checks import free_port

EIGHT_HOURS = 28_800  # tickets, at one a second
# What a process may gain in that time. Not flat is what surely gains more: where even the slope's lower end does.
ALLOWED = {"pss_mb": 64.0, "fds": 16.0, "threads": 8.0}
FEWEST = 6  # looks from which an interval can be told
LEFT_OUT = {"sandbox"}


@dataclass(frozen=True)
class Look:
    """A process at one moment. `pss_mb`: memory, what it shares with others counted in parts; `rss_mb`: in full."""

    pss_mb: float
    rss_mb: float
    fds: int
    threads: int


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Raises Permanent where a ticket stays unanswered."""
    portion = options.tickets // options.looks
    if portion < 1 or options.looks < FEWEST or min(options.warm, options.concurrency) < 1:
        raise BadConfiguration(f"Give at least {FEWEST} looks, a ticket for each, and a thread.")
    ports = {name: free_port() for name in ("sandbox", "webhook", "redis", "milvus")}
    with tempfile.TemporaryDirectory(prefix="deskhand-soak-") as name:
        folder = Path(name)
        migrate(f"sqlite:///{folder / 'ledger.db'}")
        with closing(open_ledger(f"sqlite:///{folder / 'ledger.db'}")) as ledger:
            ledger.customers.replace(customers(options.warm + portion * options.looks))
        with Rig(folder, ports, 0.0, options.concurrency, options.index) as rig:
            for program in ("webhook", "dispatcher", "worker-1"):
                rig.start(program)
            rig.wait_for_webhook()
            rig.wait_for_workers(1)
            tickets, looks = Tickets(rig, screen), []
            tickets.answer(options.warm, Run(1, options.concurrency))
            for _ in range(options.looks):
                tickets.answer(portion, Run(1, options.concurrency))
                looks.append({name: look(one.pid) for name, one in rig.processes.items()})
    return figures(looks, portion, options.warm)


def look(pid: int) -> Look:
    """As /proc tells it. Raises OSError for a process that is gone."""
    process = Path(f"/proc/{pid}")
    told = dict(re.findall(r"^(\w+):\s+(\d+) kB", (process / "smaps_rollup").read_text(encoding="ascii"), re.M))
    fds, threads = (sum(1 for _ in (process / folder).iterdir()) for folder in ("fd", "task"))
    return Look(round(int(told["Pss"]) / 1024, 1), round(int(told["Rss"]) / 1024, 1), fds, threads)


def figures(looks: Sequence[Mapping[str, Look]], portion: int, warm: int) -> Figures:
    """By process and measure: at the first look and the last, a thousand tickets' gain, and what eight hours add."""
    names = [name for name in looks[0] if name not in LEFT_OUT]
    drifts = {
        name: {what: drift([getattr(one[name], what) for one in looks], portion, what) for what in ALLOWED}
        for name in names
    }
    grows = [f"{name} {what}" for name, told in drifts.items() for what, one in told.items() if not one["flat"]]
    last = {name: asdict(looks[-1][name]) for name in looks[-1]}
    return {
        "tickets": portion * len(looks),
        "warm_up": warm,
        "looks": len(looks),
        "rule": f"flat: in {EIGHT_HOURS} tickets the lower end of the slope's 90 % interval adds at most "
        + ", ".join(f"{most:g} {what}" for what, most in ALLOWED.items()),
        "flat": not grows,
        "grows": grows,
        "worker_rss_mb": max(one[name].rss_mb for one in looks for name in one if name.startswith("worker")),
        "stack_pss_mb": round(max(sum(one[name].pss_mb for name in one) for one in looks), 1),
        "by_process": drifts,
        "last_look": last,
    }


def drift(values: Sequence[float], portion: int, what: str) -> dict[str, Any]:
    """Of one measure, `portion` tickets between two values."""
    from scipy.stats import theilslopes

    thousands = [portion * n / 1000 for n in range(len(values))]
    slope, _, low, high = theilslopes(values, thousands, 0.9)
    hours = EIGHT_HOURS / 1000
    return {
        "first": values[0],
        "last": values[-1],
        "per_1000": round(float(slope), 3),
        "per_1000_ci90": [round(float(low), 3), round(float(high), 3)],
        "in_8_hours": round(values[-1] + float(slope) * hours, 1),
        "flat": bool(low * hours <= ALLOWED[what]),
    }


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tickets", type=int, default=3000, metavar="N", help="after the warm-up (3000)")
    parser.add_argument("--warm", type=int, default=500, metavar="N", help="tickets of the warm-up (500)")
    parser.add_argument("--looks", type=int, default=15, metavar="N", help=f"at every process, {FEWEST} or more (15)")
    parser.add_argument("--concurrency", type=int, default=32, metavar="N", help="threads of the worker (32)")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="a Milvus folder with kb/ in it: saves reading it")


SUITE = Suite(
    name="soak",
    about="Whether memory, file descriptors and threads stay as they are while tickets are answered.",
    arguments=_arguments,
    measure=measure,
)
