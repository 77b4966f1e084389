"""A ledger with thousands of held drafts: each of our templates answered once through the ledger's own methods, and
these then copied by the database, since drafting ten thousand mails would take an hour.

The copies have tickets, requesters and times of their own, and whole threads, traces and drafts: what a page reads of
one is as large as in daily use. Called by the suites that measure what leads and ops look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, literal, select

from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import METADATA
from worker.errors import BadConfiguration
from worker.knowledge.documents import Kb
from worker.models import (
    Asked,
    Author,
    Channel,
    Customer,
    Draft,
    Finding,
    Identity,
    Kind,
    Message,
    Part,
    Reader,
    Requester,
    Ring,
    Sentence,
    Source,
    Status,
    Step,
    Strength,
    Template,
    Thread,
    Ticket,
    TicketState,
    Trace,
    Usage,
    Verdict,
)
from worker.ports.shelf import Tick
from worker.support.bodies import body_hash
from worker.support.render import Letter, render
from worker.support.sentences import sentences

LEASE = timedelta(minutes=5)
FIRST = 10_000_000  # ticket number, out of the way of whatever else a ledger holds
APART = 1000  # between the ticket numbers of a draft and its copy
OLDER = 53.0  # seconds: each copy came in so much before the one before it
GUARDS = ("exact", "supported", "answered", "fits")
CONSIDERED = 8  # sources of a draft
_COPIED = ("cases", "snapshots", "case_words", "drafts", "case_moves", "unanswered")
_OWN = {"case_id", "draft_id", "opened_by"}  # ids, which a copy has of its own
_NUMBERS = {"ticket_id", "requester_id"}
_TIMES = {"opened_at", "moved_at", "answer_by", "asked_at", "at", "stored_at"}


def fill(ledger: SqlLedger, kb: Kb, letter: Letter, wanted: int, tick: Tick) -> None:
    """`wanted` held drafts in a ledger that has none. Raises BadConfiguration for one that has some."""
    if ledger.reviews.held_count():
        raise BadConfiguration("The ledger to be filled holds drafts already: give an empty one.")
    tick("drafts", 0, wanted)
    patterns = [template for template in kb.templates if template.body.strip()][:wanted]
    for number, template in enumerate(patterns):
        _hold(ledger, number, template, patterns, letter)
    with ledger.writing() as connection:
        # As a worker that stored them one by one would have left it: nothing that a suite asks for waits for an index.
        for copy, count in enumerate(_portions(wanted - len(patterns), len(patterns)), 1):
            for name in _COPIED:
                connection.execute(_copies(METADATA.tables[name], copy, count))
            tick("drafts", copy * len(patterns) + count, wanted)
    tick("drafts", wanted, wanted)


def _portions(left: int, at_most: int) -> Iterator[int]:
    """How many each round of copying makes."""
    while left > 0:
        yield min(left, at_most)
        left -= at_most


def _copies(table: Table, copy: int, count: int) -> Any:
    """The first `count` originals of a table, as the copies that this round makes of them."""
    cases = METADATA.tables["cases"]
    first = select(cases.c.case_id).where(cases.c.ticket_id.between(FIRST, FIRST + count - 1))
    columns = [column for column in table.columns if column.name != "move_id"]
    made = [_changed(column, copy).label(column.name) for column in columns]
    return insert(table).from_select(columns, select(*made).where(table.c.case_id.in_(first)))


def _changed(column: Any, copy: int) -> Any:
    if column.name in _OWN:
        return column + literal(f"-{copy}")
    if column.name in _NUMBERS:
        return column + copy * APART
    if column.name in _TIMES:
        return column - copy * OLDER
    if column.name in ("requester_email", "thread_words"):
        return literal(f"c{copy}.") + column
    return column


def _hold(ledger: SqlLedger, number: int, template: Template, others: Sequence[Template], letter: Letter) -> None:
    """One message that the template answers, drafted and held."""
    thread = _thread(number, template)
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, FIRST + number), LEASE)
    assert doorbell is not None
    case = ledger.cases.open(thread, thread.messages[-1].key, doorbell, LEASE)
    assert case is not None
    sources = _sources(number, template, others)
    draft, trace = _draft(number, template, sources, letter), _trace(number, template, sources)
    reasons = ("Review mode: every reply is read by a person before it leaves.",)
    verdict = Verdict(step=Step.HOLD, reasons=reasons, priority=1 + number % 4)
    ledger.cases.conclude(
        case.case_id, case.epoch, Status.HELD, verdict=verdict, trace=trace, thread=thread, draft=draft
    )
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")


def _thread(number: int, template: Template) -> Thread:
    """One to five messages, the newest the customer's; the older ones are quoted in it, as mail programs do."""
    began = datetime.now(UTC) - timedelta(hours=5)
    said = [template.questions[n % len(template.questions)] for n in range(1 + number % 5)]
    messages: list[Message] = []
    for n, words in enumerate(said):
        quoted = "".join(f"<blockquote>On that day somebody wrote: {m.text}</blockquote>" for m in messages[-1:])
        ours = (len(said) - 1 - n) % 2 == 1
        text = f"Hello, {words} {template.body[:300] if ours else 'I have been waiting since last week.'} Thanks, Asha"
        asked = Message(
            key="ticket" if n == 0 else f"c{number * 10 + n}",
            author=Author.PERSON if ours else Author.CUSTOMER,
            public=True,
            at=began + timedelta(minutes=7 * n),
            text=text,
            html=f"<div><p>{text}</p></div>{quoted}",
            from_email="" if ours else f"customer{number}@example.com",
        )
        messages.append(asked)
    requester = Requester(requester_id=FIRST + number, name="Asha Rao", email=f"customer{number}@example.com")
    ticket = Ticket(
        ticket_id=FIRST + number,
        subject=f"{template.questions[0]}",
        state=TicketState.OPEN,
        channel=Channel.EMAIL,
        requester=requester,
        created_at=began,
        updated_at=messages[-1].at,
    )
    return Thread(ticket=ticket, messages=tuple(messages))


def _sources(number: int, template: Template, others: Sequence[Template]) -> tuple[Source, ...]:
    near = [template, *(others[(number + step) % len(others)] for step in range(1, CONSIDERED))]
    return tuple(
        Source(
            source_id=one.template_id if place == 0 else f"{one.template_id}#{place}",
            kind=Kind.TEMPLATE if place == 0 else Kind.PASSAGE,
            title=one.title,
            text=one.body,
            segments=one.segments,
            version=one.version,
            score=0.95 - place / 20,
            dense=0.9 - place / 20,
        )
        for place, one in enumerate(near)
    )


def _draft(number: int, template: Template, sources: Sequence[Source], letter: Letter) -> Draft:
    said = [s for s in sentences(template.body) if "{{" not in s] or ["We look into it."]
    parts = (
        Part(question=template.questions[0], sentences=tuple(Sentence(text=s, sources=_first(sources)) for s in said)),
        Part(question="Can somebody call me?"),
    )
    html, text = render(parts, letter)
    findings = tuple(
        Finding(
            guard=guard, what="This does not stand in its source.", todo="Correct it.", sentence=0, words=said[0][:9]
        )
        for guard in GUARDS[: number % (len(GUARDS) + 1)]
    )
    usage = Usage(model="llama-3.3-70b-versatile", calls=1, prompt_tokens=1900, completion_tokens=210, seconds=1.2)
    return Draft(
        parts=parts,
        body_html=html,
        body_text=text,
        body_hash=body_hash(html),
        template_id=template.template_id,
        sources=tuple(sources),
        findings=findings,
        usage=usage,
        written_by=usage.model,
    )


def _first(sources: Sequence[Source]) -> tuple[str, ...]:
    return (sources[0].source_id,)


def _trace(number: int, template: Template, sources: Sequence[Source]) -> Trace:
    segments = tuple(s for s in template.segments if s != "public")
    strength = list(Strength)[number % len(Strength)]
    who = Customer(customer_id=f"C{number}", name="Asha Rao", email=f"customer{number}@example.com", segments=segments)
    known = strength is Strength.VERIFIED
    asked = tuple(Asked(rule=f"rule-{n}", hit=False, why="no such words in the message") for n in range(30))
    return Trace(
        asked=asked,
        identity=Identity(strength=strength, customer=who if known else None, found_by="registered-email"),
        reader=Reader(segments=segments, reads=("public", *segments)),
        query=template.questions[0],
        questions=(template.questions[0], "Can somebody call me?"),
        templates=tuple(sources[:1]),
        passages=tuple(sources[1:]),
        index_version="deskhand_bench",
        prompt="\n\n".join(source.text for source in sources),
        answer=template.body,
        seconds={"read": 0.4, "retrieve": 0.03, "generate": 1.2, "guard": 0.02},
    )
