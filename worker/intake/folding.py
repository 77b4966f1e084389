"""A text folded to what its reader sees, character by character, with the place of each in the text as it came.

Digits of any script become 0 to 9, wide letters plain ones; what nobody sees is left out, and so are the tags of HTML.
masking.py looks for numbers in the folded text and replaces them in the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import chain

_UNSEEN = re.compile("[\u034f\u115f\u1160\u20e3\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e01ef]")
_TAG = re.compile(r"<[/!?a-z][^<>]*>", re.I)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31});?", re.I)
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|li|tr|td|th|table|ul|ol|h\d|blockquote|pre|hr)\b", re.I)


@dataclass(frozen=True)
class Folded:
    """A text as a reader sees it, one plain character for each that shows, and from where to where each stands."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def fold(text: str) -> Folded:
    return _folded([_piece(text, 0, len(text))])


def _plain(char: str) -> str:
    """The character as a number or letter that can be compared; "" for what nobody sees."""
    if char.isascii():
        return char
    if unicodedata.category(char) == "Cf" or _UNSEEN.match(char):
        return ""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


def fold_html(html: str) -> Folded:
    """Tags are nothing to a reader, except that a block begins a line; a character reference is one character."""
    pieces: list[Folded] = []
    done = 0
    for tag in _TAG.finditer(html):
        pieces += _text_of(html, done, tag.start())
        if _BLOCK_TAG.match(tag.group()):
            pieces.append(Folded("\n", [tag.start()], [tag.start()]))
        done = tag.end()
    return _folded([*pieces, *_text_of(html, done, len(html))])


def _text_of(html: str, start: int, until: int) -> Iterator[Folded]:
    for reference in _REFERENCE.finditer(html, start, until):
        yield _piece(html, start, reference.start())
        char = unescape(reference.group())
        if seen := _plain(char) if len(char) == 1 else " ":
            yield Folded(seen, [reference.start()], [reference.end()])
        start = reference.end()
    yield _piece(html, start, until)


def _piece(text: str, start: int, until: int) -> Folded:
    part = text[start:until]
    if part.isascii():
        return Folded(part, range(start, until), range(start + 1, until + 1))
    seen = [(plain, start + i) for i, char in enumerate(part) if (plain := _plain(char))]
    return Folded("".join(plain for plain, _ in seen), [i for _, i in seen], [i + 1 for _, i in seen])


def _folded(pieces: Sequence[Folded]) -> Folded:
    if len(pieces) == 1:
        return pieces[0]
    starts, ends = (list(chain.from_iterable(side)) for side in zip(*((p.starts, p.ends) for p in pieces), strict=True))
    return Folded("".join(piece.text for piece in pieces), starts, ends)
