"""The guards and the ledger once more, over a draft that a lead has edited: what they find is shown, and forbids no
approval.

Built from what is stored: the draft, its trace and the thread. No model, no search. Joined to the console by bootstrap,
called by `review.edit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.models import Draft, Finding, Identity, Kind, Part, Reader, Sentence, Strength, Thread, Trace
from worker.rulebook import Rulebook
from worker.support.compose import Judged, candidate
from worker.support.facts import known_facts
from worker.support.generate import Writing
from worker.support.guard import judge, ledger_of
from worker.support.pipeline import told_before, words_of
from worker.support.retrieve import Found
from worker.support.threads import unanswered

_NAMED = re.compile(r"the source that the sentence names", re.I)


@dataclass(frozen=True)
class Rejudge:
    """A `review.Judge` over the rulebook."""

    rulebook: Rulebook

    def __call__(self, draft: Draft, trace: Trace, thread: Thread) -> Judged:
        """What a lead typed names no source: it is held against everything that the draft may rest on."""
        who = trace.identity or Identity(strength=Strength.UNKNOWN)
        facts = known_facts(who, thread.ticket, self.rulebook.guards.disclosure)
        record = ("customer",) if who.strength is Strength.VERIFIED else ()
        everything = (*(s.source_id for s in draft.sources), *record)
        written = unanswered(thread, thread.newest_from_customer or thread.messages[0])
        words = words_of(written, thread.ticket)
        words = replace(words, now=trace.query or words.now)  # as the pipeline read them, if it did
        found = Found(
            templates=tuple(s for s in draft.sources if s.kind is Kind.TEMPLATE),
            passages=tuple(s for s in draft.sources if s.kind is Kind.PASSAGE),
        )
        parts = tuple(_resting_on(part, everything) for part in draft.parts)
        writing = Writing(parts=parts, written_by=draft.written_by)
        reader = trace.reader or Reader(segments=(), reads=())
        reply = candidate(words, found, writing, facts, who, reader, self, before=told_before(thread))
        reply = replace(reply, filled=frozenset(s.source_id for s in found.templates))  # as the draft stored them
        typed = {i for i, s in enumerate(s for part in draft.parts for s in part.sentences) if not s.sources}
        return Judged(findings=tuple(_of_typed(judge(reply), typed)), claims=ledger_of(reply))


def _resting_on(part: Part, everything: tuple[str, ...]) -> Part:
    sentences = tuple(s if s.sources else Sentence(text=s.text, sources=everything) for s in part.sentences)
    return part.model_copy(update={"sentences": sentences})


def _of_typed(findings: tuple[Finding, ...], typed: set[int]) -> Iterator[Finding]:
    """Findings in words that fit a sentence without a source; that it names none, its writer knows."""
    for finding in findings:
        if finding.sentence not in typed:
            yield finding
        elif finding.guard != "cited":
            yield finding.model_copy(update={"what": _NAMED.sub("any source of this draft", finding.what)})
