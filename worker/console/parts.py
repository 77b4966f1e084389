"""The service, part by part, for ops and for whoever wonders why nothing moves: how each is, and what to do.

What lies outside the ledger is asked through `looks`, which the assembly hands in. All parts are asked side by side
with a deadline, so the page opens quickly however many are down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, Request, Response

from worker.console.page import Pages
from worker.console.words import FOLDERS, age
from worker.models import Send
from worker.ports import Ledger
from worker.ports.figures import Waiting
from worker.probes import Answer, Fact, Look, Probe, ask_all

SHOWN = 100  # sends in doubt
SILENT = timedelta(seconds=60)  # the dispatcher says every quarter of a minute that it is there
LATE = 60.0  # seconds: what has been due for longer is not being worked on as it should
NOT_HERE = "not set up in this process: nothing to ask"


@dataclass(frozen=True)
class Part:
    """`does`: what it is for. `down`: what its failure means for customers, and what to do."""

    name: str
    title: str
    does: str
    down: str


PARTS = (
    Part(
        "ledger",
        "Ledger",
        "The database. Everything that must not be lost is in it: messages, drafts, replies, decisions.",
        "Webhooks are answered with 503 and Freshdesk or the poller brings them again later. Nothing is drafted, shown"
        " or sent meanwhile, and nothing is lost. Look at the database server, its disk and its connections.",
    ),
    Part(
        "queue",
        "Queue",
        "Redis with Celery's queues. It carries hints, ids only, so that work begins at once.",
        "Work begins later, when the dispatcher finds it in the ledger; nothing is lost. Many hints with nothing due in"
        " the ledger are harmless leftovers. Look at the Redis server; an emptied one needs no repair.",
    ),
    Part(
        "dispatcher",
        "Dispatcher",
        "Looks at the ledger every second for work that no hint brought to a worker, and asks Freshdesk what changed.",
        "Hints still bring most work at once; what they miss, and replies that wait for their second try, lie still."
        " Start the dispatcher again. If it runs and work is late all the same, the workers are missing or busy.",
    ),
    Part(
        "freshdesk",
        "Freshdesk",
        "Where tickets are read and replies are posted.",
        "Drafting and sending wait and are tried again by themselves. If the key was refused, set FRESHDESK_API_KEY"
        " anew; if the allowance is used up, it heals within a minute.",
    ),
    Part(
        "groq",
        "Groq",
        "The language models that write the replies.",
        "The next model of the chain is tried; without any, drafts are filled-in templates and are held for a lead.",
    ),
    Part(
        "milvus",
        "Milvus",
        "The index of templates and articles that every draft is searched in.",
        "Drafting waits and is tried again; what is held can still be reviewed and sent. After a change of kb/, run"
        " scripts/index_kb.py; an index that is older than the articles answers with the old ones.",
    ),
    Part(
        "sends",
        "Sends in doubt",
        "Replies and notes of which nobody knows yet whether they reached Freshdesk.",
        "They are looked up before anything is posted again, and most resolve themselves within minutes. A stranded one"
        " does not: look at its ticket, and answer there if the reply is missing.",
    ),
)


def add_parts(app: FastAPI, ledger: Ledger, pages: Pages, looks: Mapping[str, Callable[[], Look]]) -> None:
    own = {
        "ledger": lambda: _ledger(ledger),
        "dispatcher": lambda: _dispatcher(ledger),
        "sends": lambda: _sends(ledger),
    }
    if "queue" in looks:
        own["queue"] = lambda: _queue(looks["queue"], ledger)
    if "freshdesk" in looks:
        own["freshdesk"] = lambda: _freshdesk(looks["freshdesk"], ledger)
    probes = {part.name: Probe(part.name, {**looks, **own}.get(part.name, _not_here)) for part in PARTS}

    @app.get("/service")
    def service(request: Request) -> Response:
        answers = ask_all(probes)
        shown = [(part, answers[part.name]) for part in PARTS]
        return pages.show(request, "service.html", parts=shown, kind=kind, ago=ago)

    @app.get("/service/{name}")
    def one(request: Request, name: str) -> Response:
        part = next((part for part in PARTS if part.name == name), None)
        if part is None:
            return pages.note(request, "Not found", "There is no such part.", 404)
        answer = ask_all({name: probes[name]})[name]
        doubtful: list[Send] = list(ledger.figures.doubtful(SHOWN)) if name == "sends" and answer.ms is not None else []
        return pages.show(
            request, "part.html", part=part, answer=answer, parts=PARTS, doubtful=doubtful, kind=kind, ago=ago
        )


def kind(answer: Answer) -> tuple[str, str]:
    """(class, word) for a part's chip."""
    if answer.look.says == NOT_HERE:
        return "", "not set up"
    return ("clear", "well") if answer.look.ok else ("priority-4", "look here")


def ago(at: datetime) -> str:
    passed = age((datetime.now(UTC) - at).total_seconds())
    return passed if passed == "just now" else f"{passed} ago"


def _not_here() -> Look:
    return Look(NOT_HERE)


def _ledger(ledger: Ledger) -> Look:
    ledger.writable()
    counts = ledger.cases.counts()
    oldest = ledger.figures.oldest_unended()
    facts: list[Fact] = [(FOLDERS[status], counts.get(status.value, 0)) for status in FOLDERS]
    facts.append(("Oldest case being drafted or on its way", oldest.opened_at if oldest else None))
    facts.append(("It is about ticket", oldest.ticket_id if oldest else None))
    facts.append(("Customers on file", ledger.customers.count()))
    facts.append(("Webhooks that named no ticket", len(ledger.doorbells.unreadable(SHOWN))))
    return Look(f"{ledger.ping()}, can be written", tuple(facts))


def _queue(asked: Callable[[], Look], ledger: Ledger) -> Look:
    look = asked()
    drafting, sending = ledger.figures.drafting(), ledger.figures.sending()
    facts = (*look.facts, *_waiting("to be drafted", drafting), *_waiting("to be sent", sending))
    return Look(look.says, facts, look.ok)


def _waiting(what: str, waiting: Waiting) -> tuple[Fact, ...]:
    return (
        (f"In the ledger {what}", waiting.rows),
        (f"Of them due {what}, and not begun", waiting.due),
        *(((f"The oldest {what} has been due for", age(waiting.late)),) if waiting.due else ()),
    )


def _freshdesk(asked: Callable[[], Look], ledger: Ledger) -> Look:
    look = asked()
    return Look(look.says, (*look.facts, ("The poller has read up to", ledger.doorbells.poll_mark())), look.ok)


def _dispatcher(ledger: Ledger) -> Look:
    swept = ledger.doorbells.last_sweep()
    late = max(ledger.figures.drafting().late, ledger.figures.sending().late)
    facts: tuple[Fact, ...] = (
        ("Last heard of", swept),
        ("The poller has read up to", ledger.doorbells.poll_mark()),
        ("What is due has been due for at most", age(late) if late >= 1 else "nothing is late"),
    )
    if swept is None or datetime.now(UTC) - swept > SILENT:
        heard = f"not heard of for {age((datetime.now(UTC) - swept).total_seconds())}" if swept else "never heard of"
        return Look(f"{heard}: is it running?", facts, ok=False)
    if late > LATE:
        return Look(f"running, but work has been due for {age(late)}: are there workers?", facts, ok=False)
    return Look("running", facts)


def _sends(ledger: Ledger) -> Look:
    doubts, sending = ledger.sends.in_doubt(), ledger.figures.sending()
    facts: tuple[Fact, ...] = (("In doubt", doubts), ("On their way, doubtful ones included", sending.rows))
    return Look("none in doubt" if not doubts else f"{doubts} in doubt", facts, ok=not doubts)
