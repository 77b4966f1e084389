"""A mail's text cut into what was written now and what was quoted or added: lines are told apart, then decided upon.

Prefers keeping too much: where it cannot be told whether text below a quote is an answer, it stays, and a mail of which
nothing would be left stays whole, unless it holds nothing but headers and a phone's signature. Called by read().
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.intake.mailtext.attributions import attribution, is_attribution
from worker.intake.mailtext.headers import header_block, says_forwarded
from worker.intake.mailtext.html import QUOTED_FROM_HERE, SIGNED
from worker.intake.mailtext.signatures import (
    blank,
    delimiter,
    disclaimer,
    like_a_mobile_signature,
    mobile_signature,
    saying,
)

_LONGEST_LINE = 2_000  # characters of a line that may be anything but text


class Is(StrEnum):
    """What a line is."""

    TEXT = "t"
    BLANK = "e"
    QUOTE = "q"
    SAYS = "b"  # says whose mail is quoted
    HEADER = "h"
    SIGNATURE = "s"


@dataclass(frozen=True)
class Line:
    text: str
    kind: Is


_FENCE = re.compile(r"^(?:```|~~~)")
_INITIALS = re.compile(r"^([^\W\d_]{1,15})>(?:\s|$)")  # "Asha> quoted", an old way to quote


@dataclass(frozen=True)
class Trimmed:
    """`written`: what was written now; `rest`: everything else; `own`: whether any of the former is its sender's own;
    `forwarded`: what of the latter was passed on below words of the sender's own."""

    written: str
    rest: str
    own: bool
    forwarded: str


def trim(text: str, as_forward: bool = False) -> Trimmed:
    """Of text that is clean. `as_forward`: its subject says that it passes a mail on, so that a block of headers does
    not stand above what it answers."""
    lines = _classified(text.split("\n"))
    kept = _written(lines)
    own = _has(kept, Is.TEXT)
    if not own:
        kept = _whole(lines)
    if next((line.kind for line in lines if line.kind not in (Is.BLANK, Is.SIGNATURE)), None) is Is.HEADER:
        own = False  # another mail's head stands above all of it
    chosen = {id(line) for line in kept}
    rest = _told([line for line in lines if id(line) not in chosen])
    return Trimmed(_told(kept), rest, own, _forwarded(lines, as_forward))


def _forwarded(lines: Sequence[Line], as_forward: bool) -> str:
    """From the line on with which a forwarded mail begins below text; "" where the first thing below is what a reply
    answers to, whatever mails that passes on in its turn."""
    bare = [Line(line.text.removeprefix(SIGNED).lstrip("> "), line.kind) for line in lines]
    texts = [line.text for line in bare]
    above = quoting = marked = False
    for at, line in enumerate(lines):
        if line.text == QUOTED_FROM_HERE:
            marked = above
        if line.text == QUOTED_FROM_HERE or not texts[at] or line.kind is Is.SIGNATURE:
            continue
        begins = line.kind is Is.HEADER or (line.kind is Is.QUOTE and not quoting)
        if above and begins and (says_forwarded(texts[at]) or (as_forward and header_block(texts, at))):
            return _told(bare[at:])
        if above and (marked or line.kind in (Is.SAYS, Is.HEADER)):
            return ""
        quoting = line.kind is Is.QUOTE
        above = above or line.kind is Is.TEXT
    return ""


def _told(lines: Sequence[Line]) -> str:
    bare = [line.text.removeprefix(SIGNED) for line in lines if line.text != QUOTED_FROM_HERE]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(bare)).strip()


def _has(lines: Sequence[Line], *kinds: Is) -> bool:
    return any(line.kind in kinds for line in lines)


def _whole(lines: Sequence[Line]) -> list[Line]:
    """What stays of a mail without any text of its own: quotes that say something, or else what stands below a
    delimiter, which may be the answer. Nothing of a mail that holds only headers and a phone's signature."""
    quotes = [line for line in lines if line.kind is Is.QUOTE]
    if any(line.text.strip("> ") and not is_attribution(line.text) for line in quotes):
        return [line for line in lines if line.kind in (Is.QUOTE, Is.BLANK)]
    return [line for line in lines if line.kind is Is.SIGNATURE and not mobile_signature(line.text)]


def _classified(texts: Sequence[str]) -> list[Line]:
    """Each line with what it is. Nothing within a fence of code is taken for anything but text."""
    kinds: list[Is] = []
    fences = [i for i, text in enumerate(texts) if _FENCE.match(text)]
    closing = set(fences[: len(fences) // 2 * 2])  # a fence that nothing closes fences nothing off
    fenced = said = False
    while len(kinds) < len(texts):
        at = len(kinds)
        if at in closing or fenced:
            fenced = fenced != (at in closing)
            kinds.append(Is.TEXT)
            continue
        kind, length = _kind(texts, at, said)
        said = said or kind is Is.SAYS
        kinds += [kind] * length
    return [Line(text, kind) for text, kind in zip(texts, _signed(texts, kinds), strict=True)]


def _kind(texts: Sequence[str], at: int, said: bool) -> tuple[Is, int]:
    text = texts[at]
    if text.startswith(">"):
        return Is.QUOTE, 1
    if text == QUOTED_FROM_HERE:
        return Is.SAYS, 1
    if blank(text):
        return Is.BLANK, 1
    if len(text) > _LONGEST_LINE:  # the patterns would look at each of its characters from each other one
        return Is.TEXT, 1
    if text.startswith(SIGNED) or mobile_signature(text):
        return Is.SIGNATURE, 1
    if length := header_block(texts, at):
        return Is.HEADER, length
    if length := attribution(texts, at):
        return Is.SAYS, length
    return (Is.QUOTE if said and _INITIALS.match(text) else Is.TEXT), 1


def _signed(texts: Sequence[str], kinds: Sequence[Is]) -> list[Is]:
    """Signatures below a delimiter, disclaimers, and lines that look like a phone's beside one that is."""
    out = list(kinds)
    last = max((i for i, kind in enumerate(kinds) if kind is not Is.BLANK), default=0)
    for i, kind in enumerate(kinds):
        if kind is not Is.TEXT:
            continue
        beside = Is.SIGNATURE in (*out[max(i - 1, 0) : i], *kinds[i + 1 : i + 2])
        if like_a_mobile_signature(texts[i]) and (beside or i == last):
            out[i] = Is.SIGNATURE
    says = saying(texts)
    end = next((i for i, kind in enumerate(out) if kind in (Is.SAYS, Is.HEADER)), len(out))
    for i in range(len(out)):
        if i >= end:
            end = next((j for j in range(i + 1, len(out)) if out[j] in (Is.SAYS, Is.HEADER)), len(out))
        if out[i] is Is.TEXT and (disclaimer(texts[i]) or delimiter(texts, i, end, says)):
            out[i:end] = [Is.SIGNATURE] * (end - i)
    return out


def _written(lines: Sequence[Line]) -> list[Line]:
    """The lines of the reply, in order."""
    body = [line for line in lines if line.kind is not Is.SIGNATURE]
    before: list[Line] = []
    while True:
        first = next((i for i, line in enumerate(body) if line.kind in (Is.SAYS, Is.HEADER)), len(body))
        if first == len(body):
            return [*before, *_without_last_quote(body)]
        above, below = body[:first], _below(body, first)
        answered = _begins_with_quote(below) and body[first].kind is Is.SAYS
        if _has(above, Is.TEXT):
            break
        if answered:
            return [*before, *above, *_answer(below)]
        before, body = [*before, *above], below  # forwarded, or a header left above what was written
    if not answered or not _has(_unmarked(below), Is.TEXT):
        return [*before, *_without_last_quote(above)]
    return [*before, *_without_last_quote([*above, *_unmarked(below)])]


def _below(body: Sequence[Line], first: int) -> list[Line]:
    """What comes after the lines at `first` that say whose mail is quoted."""
    rest = first
    while rest < len(body) and body[rest].kind in (Is.SAYS, Is.HEADER, Is.BLANK):
        rest += 1
    return list(body[rest:])


def _begins_with_quote(lines: Sequence[Line]) -> bool:
    return bool(lines) and lines[0].kind is Is.QUOTE


def _unmarked(lines: Sequence[Line]) -> list[Line]:
    """As far as no mail begins there that is not quoted line by line; without the lines that say who is quoted."""
    end = next((i for i, line in enumerate(lines) if line.kind is Is.HEADER), len(lines))
    return [line for line in lines[:end] if line.kind is not Is.SAYS]


def _answer(below: Sequence[Line]) -> list[Line]:
    """The answer to a quote that stands above it; with the quotes where it is written between them."""
    said = _without_last_quote(_unmarked(below))
    turns = re.sub(r"e+", "", "".join(line.kind for line in said))
    if re.fullmatch(r"q+t+", turns):
        return [line for line in said if line.kind is not Is.QUOTE]
    return said


def _without_last_quote(lines: Sequence[Line]) -> list[Line]:
    """Without what is quoted below the last line of text; all of it where there is no text."""
    last = max((i for i, line in enumerate(lines) if line.kind is Is.TEXT), default=len(lines) - 1)
    return list(lines[: last + 1])
