"""`bench.py pipeline`: what a ticket costs besides the calls to Groq and Freshdesk, and what it costs of those two.

The sandbox's sample tickets, one after the other, through the two tasks of a worker: from the doorbell's commit to the
last write at Freshdesk, on real parts (rig.py). The floor of a ticket is embedding and searching what it was embedded
and searched for, and nothing else, right after it. Credits are what the sandbox counted.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

from prometheus_client import REGISTRY

from worker.adapters.directory import LedgerDirectory, read_customers
from worker.adapters.freshdesk.since import ENOUGH
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate
from worker.bench.noted import Noted, since
from worker.bench.rig import Rig
from worker.bootstrap import make_desk, make_helpdesk, segment_names
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.evaluation.suite import Figures, Screen, Suite
from worker.models import Kind, Ring, Status
from worker.ports import Helpdesk
from worker.queues import DELIVER
from worker.stack.checks import free_port
from worker.stack.plan import CUSTOMERS
from worker.stack.samples import Sandbox as Samples
from worker.support.desk import Desk
from worker.tasks import collect_less, deliver_send, draft_doorbell

BOUND = 2.5  # times its floor: more than a ticket's overhead may be
TRIES = 30  # seconds for the index to answer
APART = 3.0  # seconds from a mail to its customer's next: less would not show in the ticket's time
PARTS = ("freshdesk", "groq")


@dataclass
class Ticket:
    """One run of a sample: milliseconds, except for `credits` and `prompt` (tokens, 0 where no model was asked)."""

    name: str
    status: Status | None = None
    overhead: float = 0.0
    floor: float = 0.0  # 0 where nothing was searched for
    calls: dict[str, float] = field(default_factory=dict)  # by part
    stages: dict[str, float] = field(default_factory=dict)
    deliver: float = 0.0
    credits: int = 0
    prompt: int = 0


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Raises Permanent where a ticket was left undone: a measurement of failures would be a fast one."""
    if options.repeats < 1:
        raise BadConfiguration("Give at least one repeat.")
    ports = {name: free_port() for name in ("sandbox", "webhook", "redis", "milvus")}
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        screen.say("the knowledge base is read")
        with Rig(Path(name), ports, index=options.index) as rig, _memory_left_alone():
            noted = Noted(_opened(make_desk(rig.settings())))
            collect_less()
            runs = [_one_run(number, rig, noted, options, screen) for number in range(options.repeats + 1)]
    return figures(runs[1:], runs[0])  # the first one warms up


@contextmanager
def _memory_left_alone() -> Iterator[None]:
    """Has the garbage collector afterwards as it was before, whatever a worker does with it meanwhile."""
    before = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _opened(desk: Desk) -> Desk:
    """The desk, once its index answers in time: the first search of a busy machine may not."""
    vector = desk.embedder.embed(["When does my withdrawal arrive?"])[0]
    for _ in range(TRIES):
        with suppress(Retryable):
            desk.index.search(Kind.PASSAGE, vector, "withdrawal", ("public",), 5)
            break
        time.sleep(1.0)
    return desk


def _one_run(number: int, rig: Rig, noted: Noted, options: argparse.Namespace, screen: Screen) -> list[Ticket]:
    """Every sample once. The sandbox, the ledger and the client begin anew: a customer of an earlier run is no new one,
    and no contact is kept. The first run has a client that does not yet know whether tickets move with their messages,
    as after a start; the others have one that has seen it."""
    if number:
        rig.stop("sandbox")
        rig.start("sandbox")
        rig.wait_for_sandbox()
    samples = Samples(rig.sandbox.url)
    samples.load_samples()
    found = samples.samples()
    wanted = found[: options.tickets] if options.tickets else found
    done: list[Ticket] = []
    with _empty_ledger(rig, number) as ledger:
        helpdesk = make_helpdesk(rig.settings())
        desk = replace(noted.desk, ledger=ledger, directory=LedgerDirectory(ledger.customers), helpdesk=helpdesk)
        if number:
            _shown_to_move(rig, helpdesk)
        for sample in wanted:
            done.append(_answered(sample.name, sample.ticket_id, desk, noted, rig))
            screen.tick(f"run {number}" if number else "warming up", len(done), len(wanted))
    return done


def _shown_to_move(rig: Rig, helpdesk: Helpdesk) -> None:
    """A few customers write twice, and are read in between: people and tickets apart from the samples."""
    tickets = [rig.sandbox.write(_second_thoughts(number)) for number in range(ENOUGH)]
    for ticket_id in tickets:
        helpdesk.thread(ticket_id, first=True)
    time.sleep(APART)
    for ticket_id in tickets:
        rig.sandbox.ask("POST", f"/tickets/{ticket_id}/messages", {"by": "customer", "html": "<p>Are you there?</p>"})
        helpdesk.thread(ticket_id)


def _second_thoughts(number: int) -> dict[str, Any]:
    who = {"name": f"Reader {number}", "email": f"reader{number}@bench.example"}
    return {"requester": who, "subject": "A question", "html": "<p>May I ask you something?</p>"}


@contextmanager
def _empty_ledger(rig: Rig, number: int) -> Iterator[SqlLedger]:
    url = f"sqlite:///{rig.folder / f'ledger-{number}.db'}"
    migrate(url)
    with closing(open_ledger(url)) as ledger:
        ledger.customers.replace(read_customers(CUSTOMERS, segments=segment_names(rig.settings())))
        yield ledger


def _answered(name: str, ticket_id: int, desk: Desk, noted: Noted, rig: Rig) -> Ticket:
    """The ticket's whole way through our two tasks, timed, and then its floor."""
    one, sends = Ticket(name), list[str]()
    before, credits = _calls(), rig.sandbox.credits()
    noted.forget()
    begun = time.perf_counter()
    doorbell = desk.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
    outcome = draft_doorbell(doorbell, desk, lambda queue, row: sends.append(row) if queue == DELIVER else None)
    drafted = time.perf_counter()
    delivered = [deliver_send(send, desk) for send in sends]
    wall, one.deliver = since(begun), since(drafted)
    if outcome == "parked" or set(delivered) - {"done"}:
        raise Permanent(f"the sample {name} was left undone ({outcome}, {', '.join(delivered)})", part="pipeline")
    one.calls = {part: 1000 * (seconds - before[part]) for part, seconds in _calls().items()}
    one.overhead = wall - sum(one.calls.values())
    one.credits = rig.sandbox.credits() - credits
    one.floor = noted.floor()
    if cases := desk.ledger.cases.of_ticket(ticket_id):
        case = cases[-1]
        one.status = case.status
        if trace := desk.ledger.cases.trace(case.case_id):
            one.stages = {stage: 1000 * seconds for stage, seconds in trace.seconds.items()}
        one.prompt = sum(draft.usage.prompt_tokens for _, draft, _ in desk.ledger.cases.drafts(case.case_id)[-1:])
    return one


def _calls() -> dict[str, float]:
    """Seconds in calls so far, by part: from handing the library a request until it has read the answer. What our
    clients do before and after that is ours, and counts as overhead."""
    return {part: REGISTRY.get_sample_value("deskhand_call_seconds_sum", {"part": part}) or 0.0 for part in PARTS}


def figures(runs: Sequence[Sequence[Ticket]], warm_up: Sequence[Ticket] = ()) -> Figures:
    """Medians over tickets of the medians over runs, of those tickets for which something was searched for. Credits are
    means, since a ticket that costs seven is paid by those that cost three; they do not differ from run to run, except
    for those of the warm-up, which are told by themselves: what a ticket costs in the first minutes of a process."""
    each = [_middle(tickets) for tickets in zip(*runs, strict=True)]
    searched = [one for one in each if one.floor]
    if not searched:
        raise Permanent("no ticket reached the search", part="pipeline")
    sent = [one for one in each if one.status is Status.SENT]
    held = [one for one in each if one.status is Status.HELD]
    overhead, floor = median(one.overhead for one in searched), median(one.floor for one in searched)
    prompts = [one.prompt for one in each if one.prompt]
    stages = {stage: None for one in searched for stage in one.stages}
    return {
        "tickets": len(each),
        "repeats": len(runs),
        "searched": len(searched),
        "sent": len(sent),
        "held": len(held),
        "overhead_p50_ms": round(overhead, 1),
        "floor_p50_ms": round(floor, 1),
        "overhead_over_floor": round(overhead / floor, 2),
        "within": overhead <= BOUND * floor,
        "freshdesk_credits_per_sent": _credits(each, Status.SENT),
        "freshdesk_credits_per_held": _credits(each, Status.HELD),
        "freshdesk_credits_per_sent_at_first": _credits(warm_up, Status.SENT),
        "freshdesk_credits_per_held_at_first": _credits(warm_up, Status.HELD),
        "prompt_tokens_p50": round(median(prompts)) if prompts else None,
        "calls_p50_ms": {part: round(median(one.calls[part] for one in searched), 1) for part in PARTS},
        "stages_p50_ms": {s: round(median(one.stages.get(s, 0.0) for one in searched), 1) for s in stages},
        "deliver_p50_ms": round(median(one.deliver for one in searched), 1),
    }


def _credits(tickets: Sequence[Ticket], outcome: Status) -> float | None:
    spent = [one.credits for one in tickets if one.status is outcome]
    return round(mean(spent), 2) if spent else None


def _middle(runs: Sequence[Ticket]) -> Ticket:
    """One sample over its runs."""
    last = runs[-1]
    return Ticket(
        last.name,
        last.status,
        overhead=median(one.overhead for one in runs),
        floor=median(one.floor for one in runs),
        calls={part: median(one.calls.get(part, 0.0) for one in runs) for part in PARTS},
        stages={stage: median(one.stages.get(stage, 0.0) for one in runs) for stage in last.stages},
        deliver=median(one.deliver for one in runs),
        credits=round(median(one.credits for one in runs)),
        prompt=round(median(one.prompt for one in runs)),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="of which the medians are told (5)")
    parser.add_argument("--tickets", type=int, default=0, metavar="N", help="the first so many samples (all)")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="a Milvus folder with kb/ in it: saves reading it")


SUITE = Suite(
    name="pipeline",
    about="A ticket's way through drafting and delivery, without the waiting for Groq and Freshdesk; and its price.",
    arguments=_arguments,
    measure=measure,
)
