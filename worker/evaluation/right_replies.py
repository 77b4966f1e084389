"""Correct replies, built from kb/ for every template and every kind of reader, as candidates of the production path.

A reply takes a run of its template's sentences and some of related passages, copied or reworded, each citing where it
comes from. Made for the suite of mutations; nothing is retrieved and no model writes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from worker.evaluation.rewording import reworded
from worker.intake.mailtext import Words
from worker.knowledge.chunk import passages, template_source
from worker.knowledge.documents import Kb
from worker.models import (
    Channel,
    Customer,
    Identity,
    Part,
    Reader,
    Requester,
    Sentence,
    Source,
    Strength,
    Template,
    Ticket,
    TicketState,
)
from worker.rulebook import Rulebook
from worker.support.compose import candidate
from worker.support.facts import PLACEHOLDER, known_facts
from worker.support.generate import CUSTOMER, Writing, fill_sources
from worker.support.guard.candidate import Candidate
from worker.support.guard.content import content_words
from worker.support.retrieve import Found
from worker.support.segment import segment
from worker.support.sentences import ITEM, sentences

SHOWN = 4  # passages that a writer is given beside the templates, about as many as a search keeps
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
READERS: dict[str, tuple[Strength, tuple[str, ...]]] = {
    "unknown": (Strength.UNKNOWN, ()),
    "without": (Strength.VERIFIED, ()),
    "IM": (Strength.VERIFIED, ("IM",)),
    "IM+": (Strength.VERIFIED, ("IM+",)),
    "both": (Strength.VERIFIED, ("IM", "IM+")),
}


@dataclass(frozen=True)
class Ruled:
    """What `candidate` wants to know of a desk."""

    rulebook: Rulebook


@dataclass(frozen=True)
class Right:
    """One correct reply. `style`: "copied", "reworded" or "free"."""

    reply: Candidate
    template_id: str
    reader: str
    style: str


@dataclass(frozen=True)
class Shelf:
    """What one reader may be told from, with their record."""

    who: Identity
    reader: Reader
    facts: dict[str, str]
    templates: tuple[Source, ...]
    passages: tuple[Source, ...]


def right_replies(kb: Kb, rulebook: Rulebook, each: int, draw: random.Random) -> Iterator[Right]:
    """`each`: replies for every pair of template and reader who may be sent it."""
    asked = {t.template_id: t for t in kb.templates}
    for name in READERS:
        shelf = reader_of(kb, rulebook, name)
        for template in shelf.templates:
            if PLACEHOLDER.search(template.text):
                continue  # needs a record that this reader does not have; production holds it
            given = _given(template, shelf)
            for number in range(each):
                style = "reworded" if number % 2 else "copied"
                parts = (_part(asked[template.source_id], given, shelf, style, draw),)
                yield Right(_candidate(parts, given, shelf, rulebook), template.source_id, name, style)


def reader_of(kb: Kb, rulebook: Rulebook, name: str) -> Shelf:
    """What one of READERS may be told from."""
    strength, held = READERS[name]
    return _shelf(kb, rulebook, strength, held)


def worded_freely(
    shelf: Shelf,
    rulebook: Rulebook,
    *,
    asked: str,
    says: Sequence[str],
    template: str = "",
    article: str = "",
    message: str = "",
    reader: str = "",
) -> Right:
    """A reply in words of its own, each sentence citing one source: a template, or the section "article#heading"."""
    if template:
        source = next(t for t in shelf.templates if t.source_id == template)
        given = _given(source, shelf)
    else:
        name, _, heading = article.partition("#")
        of_article = [p for p in shelf.passages if p.source_id.startswith(name)]
        source = next(p for p in of_article if heading.casefold() in f"{p.title} {p.text[:120]}".casefold())
        others = [p for p in shelf.passages if p.source_id != source.source_id]
        near = tuple(t.model_copy(update={"score": 1.0, "dense": 1.0}) for t in _nearest(source, shelf.templates, 1))
        given = Found(templates=near, passages=(source, *_nearest(source, others, SHOWN - 1)))
    part = Part(question=asked, sentences=tuple(Sentence(text=said, sources=(source.source_id,)) for said in says))
    return Right(_candidate((part,), given, shelf, rulebook, message or asked), source.source_id, reader, "free")


def _shelf(kb: Kb, rulebook: Rulebook, strength: Strength, held: tuple[str, ...]) -> Shelf:
    customer = None
    if strength is Strength.VERIFIED:
        columns = {need for template in kb.templates for need in template.needs} - {"ticket_id"}
        customer = Customer(
            customer_id="PW100231",
            name="Asha Pillai",
            email="asha.pillai@mail.example",
            segments=held,
            since=date(2021, 3, 14),
            facts={name: "Kavita Rao" for name in columns if name == "relationship_manager"},
        )
    who = Identity(strength=strength, customer=customer, existing=customer is not None)
    reader = segment(who, rulebook)
    facts = known_facts(who, _ticket(), rulebook.guards.disclosure)
    open_to = set(reader.reads)
    templates = [template_source(t) for t in kb.templates if open_to & set(t.segments)]
    return Shelf(
        who=who,
        reader=reader,
        facts=facts,
        templates=fill_sources(templates, facts),
        passages=fill_sources([p for p in passages(kb.articles) if open_to & set(p.segments)], {}),
    )


def _ticket() -> Ticket:
    return Ticket(
        ticket_id=4711,
        subject="A question",
        state=TicketState.OPEN,
        channel=Channel.EMAIL,
        requester=Requester(requester_id=1),
        created_at=NOW,
        updated_at=NOW,
    )


def _given(template: Source, shelf: Shelf) -> Found:
    """The template, the one most like it, and the nearest passages: what a search would lay before the writer."""
    others = [t for t in shelf.templates if t.source_id != template.source_id and not PLACEHOLDER.search(t.text)]
    kept = (template, *_nearest(template, others, 1))
    return Found(
        templates=tuple(t.model_copy(update={"score": 1.0, "dense": 1.0}) for t in kept),
        passages=tuple(_nearest(template, shelf.passages, SHOWN)),
    )


def _nearest(to: Source, among: Sequence[Source], count: int) -> list[Source]:
    words = _words(to.text)
    alike = {s.source_id: len(words & (other := _words(s.text))) / len(words | other) for s in among}
    return sorted(among, key=lambda s: -alike[s.source_id])[:count]


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(content_words(text))


def _part(asked: Template, given: Found, shelf: Shelf, style: str, draw: random.Random) -> Part:
    template = given.templates[0]
    said = [(text, template) for text in _run(sentences(template.text), draw)]
    for passage in draw.sample(given.passages, k=min(draw.choice((0, 1, 1, 2)), len(given.passages))):
        plain = [s for s in sentences(passage.text) if not ITEM.match(s) and not s.endswith(":")]
        said += [(text, passage) for text in draw.sample(plain, k=min(2, len(plain)))]
    told: list[Sentence] = []
    before: set[str] = set()
    for text, source in said:
        in_words = reworded(text, draw) if style == "reworded" else text
        folded = {re.sub(r"\W+", " ", one.casefold()).strip() for one in (text, in_words)}
        if folded & before:
            continue  # the knowledge base says some things in several places; a reply says them once
        before |= folded
        told.append(Sentence(text=in_words, sources=_sources(text, source, asked, shelf)))
    return Part(question=_question(asked, shelf), sentences=tuple(told))


def _sources(text: str, source: Source, asked: Template, shelf: Shelf) -> tuple[str, ...]:
    personal = source.source_id == asked.template_id and any(
        shelf.facts.get(need, "") and shelf.facts[need] in text for need in asked.needs
    )
    return (source.source_id, CUSTOMER) if personal and shelf.who.strength is Strength.VERIFIED else (source.source_id,)


def _run(said: list[str], draw: random.Random) -> list[str]:
    """A stretch that reads as one piece: a list keeps its lead-in and its items, steps their order."""
    blocks: list[list[str]] = []
    for text in said:
        if blocks and (ITEM.match(text) or blocks[-1][-1].endswith(":")):
            blocks[-1].append(text)
        else:
            blocks.append([text])
    first = draw.randrange(len(blocks))
    last = draw.randrange(first, len(blocks))
    return [text for block in blocks[first : last + 1] for text in block]


def _question(asked: Template, shelf: Shelf) -> str:
    """About the template's topic. Who holds two products names the one that is meant."""
    own = [label for label in asked.segments if label in shelf.reader.segments]
    named = f", for {own[0]}" if len(asked.segments) == 1 and own else ""
    return f"What should I know about the {asked.topic}{named}?"


def _candidate(parts: tuple[Part, ...], given: Found, shelf: Shelf, rulebook: Rulebook, message: str = "") -> Candidate:
    words = Words(now=f"Hello, {message}" if message else f"Hello, what about this: {parts[0].question}")
    writing = Writing(parts=parts, written_by="a model")
    return candidate(words, given, writing, shelf.facts, shelf.who, shelf.reader, Ruled(rulebook))
