"""The writer's parts made into something to judge (a candidate) and something to send (a draft)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from worker.intake.mailtext import Words
from worker.models import Claim, Draft, Finding, Identity, Reader, Strength, Thread
from worker.rulebook import Rulebook
from worker.support.bodies import body_hash
from worker.support.desk import Desk
from worker.support.facts import PLACEHOLDER, first_name
from worker.support.generate import Writing, fill_sources
from worker.support.guard.candidate import Candidate
from worker.support.letters import letter_for
from worker.support.render import render
from worker.support.retrieve import Found


class Ruled(Protocol):
    """Whoever knows the rules: the worker's desk, or the console's judge of edits."""

    @property
    def rulebook(self) -> Rulebook: ...


class Judged(NamedTuple):
    """What the guards found, and what each sentence rests on."""

    findings: tuple[Finding, ...] = ()
    claims: tuple[Claim, ...] = ()


def candidate(
    words: Words,
    found: Found,
    writing: Writing,
    facts: dict[str, str],
    who: Identity,
    reader: Reader,
    desk: Ruled,
    before: tuple[str, ...] = (),
) -> Candidate:
    """The reply with everything that the guards hold against it or for it. `before`: what was replied on the ticket."""
    rules = desk.rulebook.guards
    sources = (*fill_sources(found.templates, facts), *fill_sources(found.passages, {}))
    return Candidate(
        parts=writing.parts,
        sources={s.source_id: s for s in sources},
        template_ids=tuple(s.source_id for s in found.templates),
        filled=frozenset(t.source_id for t in found.templates if PLACEHOLDER.search(t.text)),
        facts=facts if who.strength is Strength.VERIFIED else {},
        identity=who,
        reader=reader,
        fit=found.fit,
        unfit=found.unfit,
        message=words.now,
        only_quotes=not words.own,
        forwards=bool(words.forwarded),
        before=before,
        hidden=words.hidden,
        had_invisible=words.had_invisible,
        written_by=writing.written_by,
        trouble=writing.trouble,
        link_hosts=tuple(rules.link_hosts),
        product_names=tuple(rules.product_names),
        own_contacts=(*rules.emails, *rules.phones),
        ids_in=desk.rulebook.identity.customer_id.seen_in,
        withheld=rules.disclosure.withheld(who.strength, who.customer.facts if who.customer else ()),
        company=rules.company,
        signed=facts.get("name", ""),
        never_ask_for=tuple(rules.never_ask_for),
    )


def compose(
    thread: Thread,
    who: Identity,
    found: Found,
    writing: Writing,
    judged: Judged,
    facts: dict[str, str],
    desk: Desk,
) -> Draft:
    """Greeting, sign-off, paragraphs and links, by code."""
    name = first_name(facts, thread)
    layouts = [s.text for s in fill_sources(found.templates, facts)]
    html, text = render(writing.parts, letter_for(desk.rulebook, name), layouts)
    said = {source for part in writing.parts for s in part.sentences for source in s.sources}
    best = next((t.source_id for t in found.templates if t.source_id in said), "")
    return Draft(
        parts=writing.parts,
        body_html=html,
        body_text=text,
        body_hash=body_hash(html),
        template_id=best,
        sources=(*fill_sources(found.templates, facts), *fill_sources(found.passages, {})),
        findings=judged.findings,
        claims=judged.claims,
        usage=writing.usage,
        written_by=writing.written_by,
    )
