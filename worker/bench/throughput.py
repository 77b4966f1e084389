"""`bench.py throughput`: tickets a second while the model takes its time, with one worker process and with several.

The whole stack (rig.py): doorbells rung at the webhook, workers with their threads, the sandbox's Groq answering after
so many seconds, replies sent. As many tickets wait at any moment as keep every thread busy; the first and the last of
them, while the line fills and empties, do not count. In the same run the straightforward script (baseline.py), on
tickets of the same kind.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.bench.mails import customers, mails
from worker.bench.rig import Rig
from worker.bench.served import surroundings
from worker.bench.took import Spent
from worker.bootstrap import segment_names
from worker.errors import BadConfiguration, Permanent
from worker.evaluation.suite import Figures, Screen, Suite
from worker.settings import ROOT
from worker.stack.checks import free_port

BOUNDS = {1: 25.0, 2: 40.0}  # tickets a second, by worker processes, of a model that takes a second
TIMES = 30.0  # the baseline's
PATIENCE = 120.0  # seconds without any ticket being answered
LOOK = 0.2  # seconds between two looks at what has been answered


@dataclass
class Run:
    """`answered`: when each ticket got its reply or note, in seconds, ascending. `spent`: by process, of the whole
    run."""

    workers: int
    line: int
    answered: list[float] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    notes: int = 0

    @property
    def rate(self) -> float:
        """Tickets a second between the first and the last that count."""
        steady = self.answered[self.line : -self.line]
        return (len(steady) - 1) / (steady[-1] - steady[0])


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Raises Permanent where tickets stay unanswered."""
    _checked(options)
    ports = {name: free_port() for name in ("sandbox", "webhook", "redis", "milvus")}
    each = options.messages + 2 * options.concurrency
    wanted = options.baseline + options.repeats * options.workers * each
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        folder = Path(name)
        migrate(f"sqlite:///{folder / 'ledger.db'}")
        with closing(open_ledger(f"sqlite:///{folder / 'ledger.db'}")) as ledger:
            ledger.customers.replace(customers(wanted))
        screen.say("the knowledge base is read")
        rig = Rig(folder, ports, options.llm_seconds, options.concurrency, options.index)
        with rig:
            tickets = Tickets(rig, screen)
            baseline = _baseline(rig, tickets.written(options.baseline), screen)
            for program in ("webhook", "dispatcher"):
                rig.start(program)
            rig.wait_for_webhook()
            runs = [run for n in range(1, options.workers + 1) for run in _with_workers(n, rig, tickets, options)]
    return figures(runs, baseline, options)


def _with_workers(number: int, rig: Rig, tickets: Tickets, options: argparse.Namespace) -> list[Run]:
    """One more worker, warmed up, then the runs that count."""
    rig.start(f"worker-{number}")
    rig.wait_for_workers(number)
    tickets.answer(2 * options.concurrency, Run(number, number * options.concurrency))
    runs = [Run(number, number * options.concurrency) for _ in range(options.repeats)]
    for run in runs:
        tickets.answer(options.messages, run)
    return runs


class Tickets:
    """Writes tickets into the sandbox, rings for them, and watches for their answers."""

    def __init__(self, rig: Rig, screen: Screen) -> None:
        self._rig, self._screen = rig, screen
        self._first = 0
        self._heard = 0

    def written(self, number: int) -> list[int]:
        """Tickets that nobody has rung for."""
        found = [self._rig.sandbox.write(mail) for mail in mails(self._first, number)]
        self._first += number
        return found

    def answer(self, number: int, run: Run) -> None:
        """Has them answered, twice as many waiting or being worked on as there are threads. Fills in `run`."""
        tickets = self.written(number)
        self._listen()
        before = self._rig.spent()
        bell, rung, open_ones = _Bell(self._rig), 0, set(tickets)
        heard = time.monotonic()
        while open_ones:
            while rung < number and rung - (number - len(open_ones)) < 2 * run.line:
                bell.ring(tickets[rung])
                rung += 1
            for row in self._listen():
                if row["ticket_id"] in open_ones:
                    open_ones.discard(row["ticket_id"])
                    run.answered.append(datetime.fromisoformat(row["at"]).timestamp())
                    run.notes += row["kind"] == "note"
                    heard = time.monotonic()
            if time.monotonic() - heard > PATIENCE:
                raise Permanent(f"{len(open_ones)} of {number} tickets got no answer", part="worker")
            self._screen.tick(f"{run.workers} worker(s)", number - len(open_ones), number)
            time.sleep(LOOK)
        after = self._rig.spent()
        run.spent = {name: after[name].seconds - before.get(name, Spent()).seconds for name in after}
        run.memory = {name: one.memory for name, one in after.items()}

    def _listen(self) -> list[dict[str, Any]]:
        """What has been written at the sandbox since the last look."""
        rows = self._rig.sandbox.written(self._heard)
        self._heard = max([self._heard, *(row["seq"] for row in rows)])
        return rows


class _Bell:
    """Rings the webhook as Freshdesk's automation rule does, over one connection."""

    def __init__(self, rig: Rig) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", rig.ports["webhook"], timeout=30)
        self._headers = {"Content-Type": "application/json", "X-Webhook-Secret": rig.secret}

    def ring(self, ticket_id: int) -> None:
        body = json.dumps({"ticket_id": str(ticket_id)})
        try:
            status = self._status(body)
        except (OSError, http.client.HTTPException):  # a connection that was idle for five seconds has been closed
            self._connection.close()
            status = self._status(body)
        if status != 202:
            raise Permanent(f"a webhook was answered {status}", part="webhook")

    def _status(self, body: str) -> int:
        self._connection.request("POST", "/webhooks/freshdesk", body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _baseline(rig: Rig, tickets: Sequence[int], screen: Screen) -> dict[str, float]:
    """Tickets a second of the script, and its processor time for each."""
    screen.say(f"the baseline answers {len(tickets)} tickets")
    settings = rig.settings()
    where = [rig.made["FRESHDESK_URL"], rig.made["GROQ_BASE_URL"], str(settings.kb_dir)]
    command = [sys.executable, "-m", "worker.bench.baseline", *where, "public", *segment_names(settings)]
    environment = {**surroundings(), **rig.made}
    asked = "".join(f"{ticket}\n" for ticket in tickets).encode()
    script = subprocess.run(  # noqa: S603 - our own program; with `run` it ends with us, however we end
        command, cwd=ROOT, env=environment, input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if script.returncode:
        raise Permanent("the baseline did not come to its end", part="baseline")
    told = json.loads(script.stdout)
    return {"tickets_per_second": told["tickets"] / told["seconds"], "cpu_ms": 1000 * told["cpu"] / told["tickets"]}


def figures(runs: Sequence[Run], baseline: Mapping[str, float], options: argparse.Namespace) -> Figures:
    """Of each number of workers the medians of its runs; those without a number are of the most workers."""
    by_workers = {n: [run for run in runs if run.workers == n] for n in range(1, options.workers + 1)}
    told = {n: _told(ours, options) for n, ours in by_workers.items()}
    most = told[options.workers]
    rates = {n: one["tickets_per_second"] for n, one in told.items()}
    times = most["tickets_per_second"] / baseline["tickets_per_second"]
    enough = all(rates[n] >= bound for n, bound in BOUNDS.items() if n in rates)
    return {
        "llm_seconds": options.llm_seconds,
        "messages": options.messages,
        "repeats": options.repeats,
        "workers": options.workers,
        "concurrency": options.concurrency,
        **most,
        "one_worker_tickets_per_second": rates[1],
        "baseline_tickets_per_second": round(baseline["tickets_per_second"], 3),
        "baseline_cpu_ms": round(baseline["cpu_ms"], 1),
        "times_baseline": round(times, 1),
        "within": enough and times >= TIMES,
        "by_workers": {str(n): one for n, one in told.items()},
    }


def _told(runs: Sequence[Run], options: argparse.Namespace) -> dict[str, Any]:
    """`cores_allow`: tickets a second at which this machine's cores would be busy with nothing else."""
    workers = runs[0].workers
    cpu = {name: median(1000 * run.spent[name] / len(run.answered) for run in runs) for name in runs[0].spent}
    memory = {name: max(run.memory[name] for run in runs) for name in runs[0].memory}
    return {
        "tickets_per_second": round(median(run.rate for run in runs), 1),
        "ideal": round(workers * options.concurrency / options.llm_seconds, 1) if options.llm_seconds else None,
        "cpu_ms_per_ticket": {name: round(ms, 1) for name, ms in cpu.items()},
        "cpu_ms_per_ticket_all": round(sum(cpu.values()), 1),
        "cores_allow": round(1000 * (os.cpu_count() or 1) / max(sum(cpu.values()), 0.1), 1),
        "rss_mb": round(max(mb for name, mb in memory.items() if name.startswith("worker"))),
        "rss_mb_by_process": {name: round(mb) for name, mb in memory.items()},
        "held": sum(run.notes for run in runs),
    }


def _checked(options: argparse.Namespace) -> None:
    if min(options.workers, options.repeats, options.concurrency, options.baseline) < 1 or options.llm_seconds < 0:
        raise BadConfiguration("Give at least one worker, repeat, thread and ticket of the baseline.")
    if options.messages < 3 * options.workers * options.concurrency:
        raise BadConfiguration(
            f"Give at least {3 * options.workers * options.concurrency} messages: as many as there are threads are"
            " left out at the beginning and at the end."
        )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--llm-seconds", type=float, default=1.0, metavar="S", help="how long the model takes (1)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes; fewer are measured too (2)")
    parser.add_argument("--concurrency", type=int, default=32, metavar="N", help="threads of each (32)")
    parser.add_argument("--messages", type=int, default=600, metavar="N", help="tickets of each repeat (600)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="of which the medians are told (3)")
    parser.add_argument("--baseline", type=int, default=15, metavar="N", help="tickets of the baseline (15)")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="a Milvus folder with kb/ in it: saves reading it")


SUITE = Suite(
    name="throughput",
    about="Tickets a second while a model takes its time, with one worker process and more, beside a plain script's.",
    arguments=_arguments,
    measure=measure,
)
