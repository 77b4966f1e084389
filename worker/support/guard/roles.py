"""Who does what to whom, as far as order tells it: two words that have changed places ("A pays B" for "B pays A"), and
"or" where the source joins what is needed with "and".

Not a guard itself: `meaning` asks. Only a sentence that says nearly the same words as its source is compared, and only
an exchange of exactly two of them counts: moving a phrase to the front is good style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from worker.support.guard.evidence import Evidence, Span, folded
from worker.support.guard.tokens import Token
from worker.support.guard.turns import turns

SAME = 0.75  # share of the words of both that both have, from which order can be compared
_NEEDS = re.compile(
    r"\b(?:needs?|needed|requires?|required|must|upload|submit|provide|send|enter|complete|include|includes|have\s+ready|proof|documents?"
    r"|papers|both|open|update|change|give|bring|show|shows)\b",
    re.I,
)
_NO = re.compile(r"\b(?:not|no|never|neither|nor|without|cannot|nobody)\b|n['’]t\b", re.I)
_JOINED = re.compile(
    r"(?P<one>[^\W\d_][\w+-]*)\s*,?\s+(?P<by>and|or)\s+(?:(?:an?|the|your|its|their|also|of|by|to|with|from|for)\s+)*(?P<two>[^\W\d_][\w+-]*)",
    re.I,
)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_WAY = re.compile(r"\b(?P<way>from|to|into)\s+(?:(?:the|your|an?|our|its|their)\s+)?(?P<what>[^\W\d_][\w+-]*)", re.I)
_VALUES = ("amount", "percent", "duration")
_WORD = re.compile(r"[^\W\d_][\w+-]*")
_BY = re.compile(r"\bby\b", re.I)
_LIST = re.compile(r"^\s*,?\s*(?:and|or|,|to|/|&)?\s*(?:the|your|an?|its)?\s*$", re.I)


def exchanged(said: Span, bases: Sequence[Span]) -> tuple[str, str] | None:
    """Two words of the sentence that stand in each other's place in its counterpart, if there are such."""
    for span in bases:
        mine, theirs = said.once, span.once
        shared = mine.keys() & theirs.keys()
        if len(shared) < 3 or len(shared) < SAME * len(mine.keys() | theirs.keys()):
            continue
        if _BY.search(said.text) and not _BY.search(span.text):
            continue  # "is paid by us" for "we pay"
        here, there = (sorted(shared, key=side.__getitem__) for side in (mine, theirs))
        pair = _changed_places(here, there)
        if pair and not _listed(said, mine, pair) and not _told_of_both(said, span, pair):
            return pair
        if turned := _turned_round(said.text, span.text):
            return turned
    return None


def misplaced(said: Span, known: Evidence) -> tuple[str, str] | None:
    """A product and a value that one clause names together, and the sources only with other products."""
    for piece in said.pieces:
        own = {t.value for t in piece.tokens if t.kind == "name"}
        if len(own) != 1:
            continue
        for token in (t for t in piece.tokens if t.kind in _VALUES):
            theirs = [_products(span, token) for span in known.spans if _has(span, token)]
            if theirs and all(names and not names & own for names in theirs):
                return token.words, next(iter(own))
    return None


def loosened(said: Span, bases: Sequence[Span]) -> tuple[str, str] | None:
    """Two things of which the sentence wants one or the other, where its source wants both."""
    if _NO.search(said.text) or not any(_NEEDS.search(span.text) for span in (said, *bases)):
        return None
    loose = [pair for pair, by in _pairs(said.text) if by == "or"]
    for span in bases:
        joined = {by: {two for (_, two), how in _pairs(span.text) if how == by} for by in ("and", "or")}
        listed = {folded(word.group().casefold()) for word in _WORD.finditer(span.text)}
        for one, two in () if _NO.search(span.text) else loose:
            if one in listed and two in joined["and"] - joined["or"]:
                return one, two
    return None


def _has(span: Span, token: Token) -> bool:
    return any((t.kind, t.value) == (token.kind, token.value) for t in span.tokens)


def _products(span: Span, token: Token) -> set[str]:
    """The products that a source names with a value: in its clause, else in its sentence, else in its title."""
    pieces = [piece for piece in span.pieces if _has(piece, token)]
    for near in (*pieces, span, Span(span.title, span.names)):
        if names := {t.value for t in near.tokens if t.kind == "name"}:
            return names
    return set()


def _changed_places(here: list[str], there: list[str]) -> tuple[str, str] | None:
    """The first words of two runs of one or two that have changed places around others; two hard tokens may stand next
    to each other."""
    apart = [i for i, (one, two) in enumerate(zip(here, there, strict=True)) if one != two]
    if not apart:
        return None
    mine, theirs = here[apart[0] : apart[-1] + 1], there[apart[0] : apart[-1] + 1]
    for first in (1, 2):
        for second in (1, 2):
            between = mine[first : len(mine) - second]
            hard = len(mine) == 2 and all(":" in word for word in mine)
            if (between or hard) and theirs == [*mine[len(mine) - second :], *between, *mine[:first]]:
                return mine[0], mine[len(mine) - second]
    return None


def _told_of_both(said: Span, span: Span, pair: tuple[str, str]) -> bool:
    """Whether two statements have changed places, each with what it denies: "B has one, and A none"."""
    mine, theirs = ([_denying(side, word) for word in pair] for side in (said, span))
    return mine == theirs and mine[0] != mine[1]


def _denying(span: Span, word: str) -> bool:
    return any(bool(turns(piece.text)["no"]) for piece in span.pieces if word in piece.once)


def _turned_round(said: str, source: str) -> tuple[str, str] | None:
    """Two places between which something goes the other way than in the source."""
    mine, theirs = _ways(said), _ways(source)
    for one, to in mine.items():
        if to == "from" and theirs.get(one) == "to":
            for other, back in mine.items():
                if back == "to" and theirs.get(other) == "from":
                    return one, other
    return None


def _ways(text: str) -> dict[str, str]:
    return {folded(m["what"].casefold()): "from" if m["way"].lower() == "from" else "to" for m in _WAY.finditer(text)}


def _listed(said: Span, places: dict[str, int], pair: tuple[str, str]) -> bool:
    """Whether only "and", "or" or a comma stands between the two, so that their order says nothing."""
    first, second = sorted(places[word] for word in pair)
    return bool(_LIST.match(re.sub(r"^[\w+-]+", "", said.text[first:second])))


def _pairs(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    for match in _JOINED.finditer(_ASIDE.sub("", text)):
        yield (folded(match["one"]), folded(match["two"])), match["by"].casefold()
