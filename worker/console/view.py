"""What the page of a case shows, made ready: messages as text, sentences with their sources, changes between drafts.

Customer HTML never gets further than here: it is read into text, with quotes and hidden text kept apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from worker.intake.mailtext import Words, read
from worker.models import Author, Case, Claim, Draft, Finding, Message, Source, Status, Strength, Thread, Trace
from worker.support.generate import CUSTOMER
from worker.support.guard.supported import FLOOR
from worker.support.review import by_person
from worker.support.sentences import paragraphs, sentences

_COUNTED = re.compile(r"The checks found .+ things?\.")  # a reason of support/verdict.py


def reasons(case: Case, held: bool) -> tuple[str, ...]:
    """Why a person should look, without the line that only counts findings: those of the draft as it is now stand in
    its place, and after an edit it would speak of other ones."""
    return tuple(why for why in case.reasons if not (held and _COUNTED.fullmatch(why)))


def looked_for(case: Case, trace: Trace | None) -> bool:
    """Whether anybody was looked for in the customer file: the gate may have ended the case before. Of one of which
    nothing was kept, that is not known any more; then what the case says counts."""
    never = trace.identity is None if trace is not None else case.status is Status.OPEN
    return not never or case.strength is not Strength.UNKNOWN


@dataclass(frozen=True)
class Shown:
    """A message of the thread. `asked`: it is the one that the draft answers."""

    message: Message
    words: Words
    author: str
    asked: bool


@dataclass(frozen=True)
class Cited:
    """A source that a sentence names. `number` in the list of sources; 0 for the customer's record or an unknown id."""

    source_id: str
    number: int
    source: Source | None
    excerpt: str = ""  # the sentence of the source that comes nearest


@dataclass(frozen=True)
class Line:
    """A sentence of the draft: `pieces` alternate between plain and marked words. `typed`: a person wrote it and named
    no source; what is cited then was looked for, among all that the draft may rest on."""

    number: int
    pieces: tuple[tuple[str, bool], ...]
    cited: tuple[Cited, ...]
    findings: tuple[Finding, ...]
    typed: bool = False


@dataclass(frozen=True)
class Answer:
    question: str
    lines: tuple[Line, ...]


def thread_view(thread: Thread, message_key: str) -> tuple[Shown, ...]:
    return tuple(
        Shown(
            message=m,
            words=read(m.html, m.text),
            author=_author(m, thread),
            asked=m.key == message_key,
        )
        for m in thread.messages
    )


def answers(draft: Draft) -> tuple[Answer, ...]:
    """Question by question, each sentence with what supports it and what the checks have against it."""
    sources = {s.source_id: (n, s) for n, s in enumerate(draft.sources, 1)}
    claims = {claim.sentence: claim for claim in draft.claims}
    out: list[Answer] = []
    at = 0
    for part in draft.parts:
        lines = []
        for sentence in part.sentences:
            found = tuple(f for f in draft.findings if f.sentence == at)
            spans = _spans(claims.get(at))
            cited = tuple(_cited(i, sentence.text, sources, spans) for i in sentence.sources or spans)
            typed = by_person(draft) and not sentence.sources and at in claims
            lines.append(Line(at + 1, marked(sentence.text, [f.words for f in found]), cited, found, typed))
            at += 1
        out.append(Answer(part.question, tuple(lines)))
    return tuple(out)


def sentences_of(draft: Draft) -> tuple[str, ...]:
    """The sentences in the order in which findings count them, white space folded as it is where text is cut anew."""
    return tuple(" ".join(sentence.text.split()) for part in draft.parts for sentence in part.sentences)


def _spans(claim: Claim | None) -> dict[str, str]:
    """The words that a sentence rests on, by source; none where too little of it stands there."""
    if claim is None or claim.support < FLOOR:
        return {}
    return {basis.source_id: basis.words for basis in reversed(claim.bases)}


def _cited(source_id: str, text: str, sources: dict[str, tuple[int, Source]], spans: Mapping[str, str]) -> Cited:
    number, source = sources.get(source_id, (0, None))
    words = spans.get(source_id, "")
    nearest = words if source and words in source.text else ""
    return Cited(source_id, number, source, (nearest or _nearest(text, source.text)) if source else "")


def _nearest(text: str, source: str) -> str:
    """The sentence of the source that shares most words with `text`; "" where none shares any."""
    wanted = _words(text)
    best = max(sentences(source), key=lambda s: len(wanted & _words(s)) / (8 + len(_words(s))), default="")
    return best if wanted & _words(best) else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def marked(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """`text` cut at the words that findings are about. A finding about the whole sentence marks nothing in it."""
    spans = sorted((at, at + len(w)) for w in words if w and w != text and (at := text.find(w)) >= 0)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in spans:
        if start < end:
            continue
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return tuple(p for p in (*pieces, (text[end:], False)) if p[0])


@dataclass(frozen=True)
class Passage:
    """A source in pieces: the words, and the numbers of the sentences that rest on them most ("" for none)."""

    number: int
    source: Source
    cited: bool
    pieces: tuple[tuple[str, str], ...]


def passages(draft: Draft, answered: Sequence[Answer]) -> tuple[Passage, ...]:
    """The draft's sources; in each, the words nearest to the sentences that name it can light up."""
    named: dict[str, dict[str, list[int]]] = {}
    for line in (line for answer in answered for line in answer.lines):
        for cited in line.cited:
            named.setdefault(cited.source_id, {}).setdefault(cited.excerpt, []).append(line.number)
    return tuple(
        Passage(number, source, source.source_id in named, _lit(source.text, named.get(source.source_id, {})))
        for number, source in enumerate(draft.sources, 1)
    )


def _lit(text: str, excerpts: dict[str, list[int]]) -> tuple[tuple[str, str], ...]:
    """The source's text cut at the excerpts. Where one is not found as it stands (wrapped lines), nothing lights up."""
    spans = sorted((text.find(words), words) for words in excerpts if words and words in text)
    pieces: list[tuple[str, str]] = []
    end = 0
    for start, words in spans:
        if start >= end:
            pieces += [(text[end:start], ""), (words, " ".join(map(str, excerpts[words])))]
            end = start + len(words)
    return tuple(p for p in (*pieces, (text[end:], "")) if p[0])


def changes(drafts: Sequence[tuple[str, Draft, object]]) -> tuple[tuple[str, str], ...]:
    """What a lead changed in the newest draft: ("same" | "out" | "in", paragraph). () if no person wrote it."""
    if len(drafts) < 2 or not by_person(drafts[-1][1]):
        return ()
    machine = next((d for _, d, _ in reversed(drafts) if not by_person(d)), drafts[0][1])
    before, after = paragraphs(machine.body_text), paragraphs(drafts[-1][1].body_text)
    out: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        out += [("same", p) for p in before[i1:i2]] if kind == "equal" else [("out", p) for p in before[i1:i2]]
        out += [] if kind == "equal" else [("in", p) for p in after[j1:j2]]
    return tuple(out) if any(kind != "same" for kind, _ in out) else ()


def is_record(source_id: str) -> bool:
    return source_id == CUSTOMER


def _author(message: Message, thread: Thread) -> str:
    requester = thread.ticket.requester
    if message.author is Author.CUSTOMER:
        return requester.name or message.from_email or requester.email or "Customer"
    return message.from_email if message.author is Author.PERSON and message.from_email else ""
