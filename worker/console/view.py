"""What the page of a case shows, made ready: messages as text, sentences with their sources, changes between drafts.

Customer HTML never gets further than here: it is read into text, with quotes and hidden text kept apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup

from worker.intake.mailtext import Words, read
from worker.models import Author, Draft, Finding, Message, Source, Thread
from worker.support.generate import CUSTOMER
from worker.support.render import clean_html
from worker.support.review import by_person
from worker.support.sentences import paragraphs, sentences


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
    """A sentence of the draft: `pieces` alternate between plain and marked words."""

    number: int
    pieces: tuple[tuple[str, bool], ...]
    cited: tuple[Cited, ...]
    findings: tuple[Finding, ...]


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
    out: list[Answer] = []
    at = 0
    for part in draft.parts:
        lines = []
        for sentence in part.sentences:
            found = tuple(f for f in draft.findings if f.sentence == at)
            cited = tuple(_cited(i, sentence.text, sources) for i in sentence.sources)
            lines.append(Line(at + 1, marked(sentence.text, [f.words for f in found]), cited, found))
            at += 1
        out.append(Answer(part.question, tuple(lines)))
    return tuple(out)


def _cited(source_id: str, text: str, sources: dict[str, tuple[int, Source]]) -> Cited:
    number, source = sources.get(source_id, (0, None))
    return Cited(source_id, number, source, _nearest(text, source.text) if source else "")


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


def cited_numbers(draft: Draft) -> frozenset[str]:
    return frozenset(i for part in draft.parts for s in part.sentences for i in s.sources)


def letter_html(draft: Draft, link_hosts: Sequence[str]) -> Markup:
    """The mail as the customer would see it, through the allowlist that everything outgoing passes."""
    return Markup(clean_html(draft.body_html, link_hosts))  # noqa: S704 - cleaned in the same breath


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
