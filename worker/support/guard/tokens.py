"""The hard tokens of a text: amounts, percentages, durations, dates, times, numbers, links, addresses, phones, names,
weekdays, months and terms (words in capitals, in quotes, or with a capital inside a sentence).

Not a guard itself: `exact` compares what a sentence says with what its source says. Notations are folded, meanings are
not: "Rs 1,00,000", "₹1,00,000" and "Rs 1 lakh" are one amount; "5 days" and "5 working days" are two durations, and
"0.5 % p.a." is no "0.5 % per month".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from worker.lookout import has_any, small_letters
from worker.support.guard.folds import ANY_DIGIT, ANYWHERE, FOLDS, Fold


class Token(NamedTuple):
    """`kind` and folded `value` are compared; `words` is how it stands in the text, from `start` to `end`."""

    kind: str
    value: str
    words: str
    start: int = -1
    end: int = -1


_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[a-z]+")
_PHONE_LONG = re.compile(r"\d(?:[\s-]?\d){8}")  # without which there is no telephone number
_QUOTED = re.compile(r"[\"“]([^\"“”]{2,60})[\"”]|(?<!\w)[‘']([^'’\n]{2,60})[’'](?!\w)")
_CAPITALS = re.compile(r"(?<![\w@./+])([A-Z][A-Z0-9]*[A-Z](?:-[A-Z0-9]+)?|[A-Z][a-z]+(?:[A-Z][a-z]*)+)(?![\w@+-])")
_CAPITAL = re.compile(r"(?<=[a-z,>] )([A-Z][a-z]{2,})(?![\w@+-])")


def tokens(text: str, names: Sequence[str] = ()) -> list[Token]:
    """The hard tokens of `text`, each character used once, in no particular order."""
    found, rest = _numbered(text)
    named, rest = _names_in(rest, names)
    found += named
    for pattern in (_QUOTED, _CAPITALS, _CAPITAL):
        matches = list(pattern.finditer(rest))
        for match in matches:
            words = next(group for group in match.groups() if group)
            found.append(Token("term", words.casefold().strip(" .,"), words, *match.span()))
        rest = _blanked(rest, matches)
    return found


def contacts(text: str) -> list[Token]:
    """Those of `tokens` that are e-mail addresses and telephone numbers."""
    if "@" not in text and not _PHONE_LONG.search(text):
        return []
    return [token for token in _numbered(text)[0] if token.kind in ("address", "phone")]


def products(text: str, names: Sequence[str]) -> frozenset[str]:
    """The values of those of `tokens` that are names."""
    return frozenset(token.value for token in _names_in(_numbered(text)[1], names)[0])


def _numbered(text: str) -> tuple[list[Token], str]:
    """The tokens of all folds, and the text with blanks in their place."""
    found: list[Token] = []
    rest, seen = text, small_letters(text)
    for fold in ANYWHERE:
        if has_any(seen, fold.needs):
            rest = _read(fold, rest, found)
    if found:
        seen = small_letters(rest)
    words, digits = set(_LETTERS.findall(seen)), _DIGIT.search(seen)
    for fold in FOLDS:
        if (digits and ANY_DIGIT in fold.needs) or not fold.needs.isdisjoint(words):
            rest = _read(fold, rest, found)
    return found, rest


def _read(fold: Fold, rest: str, found: list[Token]) -> str:
    matches = list(fold.pattern.finditer(rest))
    for match in matches:
        words = match.group().rstrip()
        start = match.start("said") if "said" in fold.pattern.groupindex else match.start()
        words = words[start - match.start() :]
        found += [Token(k, v, words, start, start + len(words)) for k, v in fold.read(match)]
    return _blanked(rest, matches)


def _names_in(rest: str, names: Sequence[str]) -> tuple[list[Token], str]:
    found: list[Token] = []
    for name in sorted(names, key=len, reverse=True):
        matches = list(_named(name).finditer(rest))
        found += [Token("name", name, match.group(), *match.span()) for match in matches]
        rest = _blanked(rest, matches)
    return found, rest


def _blanked(text: str, matches: Sequence[re.Match[str]]) -> str:
    """The text with blanks where the matches stand."""
    if not matches:
        return text
    out: list[str] = []
    done = 0
    for match in matches:
        start, end = match.span()
        out += (text[done:start], " " * (end - start))
        done = end
    return "".join((*out, text[done:]))


@cache
def _named(name: str) -> re.Pattern[str]:
    """How customers write a product's name: "IM+" also as "im+", "IM +", "IM Plus" or "im-plus". A short plain name
    counts in small letters only after a word such as "from", since "im" is most often "I am"."""
    if name.endswith("+"):
        stem = re.escape(name[:-1])
        return re.compile(rf"(?<!\w)(?:{stem})(?:\s?\+|[\s-]?plus\b)(?!\+)", re.I)
    small = re.escape(name.lower())
    return re.compile(
        rf"(?<![\w+]){re.escape(name)}(?![\w+])"
        rf"|(?<=\b(?:in|on|of|to|my) ){small}(?![\w+'’])|(?<=\b(?:the|for) ){small}(?![\w+'’])"
        rf"|(?<=\b(?:from|into) ){small}(?![\w+'’])"
    )
