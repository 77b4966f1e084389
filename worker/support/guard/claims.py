"""The claim ledger: for each sentence of a reply, the spans that it rests on, and where its hard tokens stand.

It is not enough that a number stands somewhere in the source: each place of a token of that kind is weighed by the
words around it, and the best one must hold the same value with the same bound. Not a guard itself: `exact` and
`supported` read the ledger, and the draft keeps it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from worker.models import Basis, Claim, HeldToken
from worker.support.guard.evidence import OF_TITLE, UNSEEN, Evidence, Features, Span, Spot
from worker.support.guard.tokens import Token
from worker.support.guard.turns import of_side, same_bound

MARGIN = {
    "name": 0.12,
    "term": 0.15,
    "period": 0.12,
}  # by how much another value's place must suit better to count against a token
USUAL_MARGIN = 0.05
ALIEN = 0.12  # a place that suits less than this says something else altogether
_RANGE = re.compile(r"\s(?:to|and)\s|\d\s*[-–]\s*\d")
_WEEK = re.compile(r"\bMonday\s+to\s+Friday\b", re.I)
_NO_WORK = re.compile(r"\b(?:not|n['’]t)\s+(?:count(?:ed)?|working\s+days|processed)\b", re.I)
_SURE = ("link", "address", "phone")  # where one of these stands, it is the right one, whatever words are around it
_PERIODS = {
    "year": re.compile(r"\b(?:year|annum|annual\w*|yearly)\b|p\.\s?a\b", re.I),
    "month": re.compile(r"\bmonth(?:ly|s)?\b", re.I),
    "week": re.compile(r"\bweek(?:ly|s)?\b", re.I),
    "day": re.compile(r"\b(?:day|daily)\b", re.I),
}


class Place(NamedTuple):
    """A token of a source, how well the words around it suit a token of the reply, and which bound it is there."""

    span: Span
    token: Token
    suits: float
    bound: str


@dataclass(frozen=True)
class Standing:
    """Where a hard token of a sentence stands. `fault`: "", "absent", "elsewhere" or "bound"; `instead`: the token that
    stands in its place."""

    token: Token
    place: Place | None = None
    fault: str = ""
    instead: Token | None = None


@dataclass(frozen=True)
class Ledgered:
    """One sentence of the reply with what was found for it."""

    span: Span
    bases: tuple[Span, ...]  # the closest first
    support: float  # share of what it says, by weight, that its bases say
    standings: tuple[Standing, ...]


def ledgered(said: Span, known: Evidence, asked: frozenset[str] = frozenset()) -> Ledgered:
    """`asked`: the words of the customer's mail. One of them that no source has says neither for nor against it."""
    neutral = {word for word in said.words & asked if ":" not in word and word not in known.weights}
    bases, support = closest(said, known, said.words - neutral if len(said.words) - len(neutral) > 2 else said.words)
    often = Counter((t.kind, t.value) for t in said.tokens)
    standings = tuple(stands(token, said, known, often[token.kind, token.value], bases) for token in said.tokens)
    return Ledgered(said, bases, support, standings)


def closest(said: Span, known: Evidence, words: frozenset[str]) -> tuple[tuple[Span, ...], float]:
    """The span that says most of the sentence and, where a second one says a good part of the rest, that too. `words`:
    those that count."""
    total = known.total(words)
    if not total:
        return (), 1.0
    if not known.spans:
        return (), 0.0
    best = known.spans[_first_best(_alike(said, known))]
    reached = best.words | best.of_title
    rest = words - reached
    second = known.spans[_first_best(known.shares(rest))]
    if known.shared(rest, second.words) < 0.2 * total:
        return (best,), known.shared(words, reached) / total
    reached = reached | second.words | second.of_title
    return (best, second), known.shared(words, reached) / total


def _alike(said: Span, known: Evidence) -> list[float]:
    """For each span twice what they share over what both say; what stands in a text ranks before its title."""
    mine, total = known.total(said.words), known.total
    return [
        (2 * shared / (mine + total(span.words)) if shared else 0.0) - (0.05 if span.start < 0 else 0.0)
        for shared, span in zip(known.shares(said.words), known.spans, strict=True)
    ]


def _first_best(scores: Sequence[float]) -> int:
    return scores.index(max(scores))


def stands(token: Token, said: Span, known: Evidence, often: int, bases: tuple[Span, ...] = ()) -> Standing:
    """Whether the token stands in what is known where that says the same."""
    if not known.of_kind(token.kind):
        return Standing(token) if _told_otherwise(token, said, bases) else Standing(token, fault="absent")
    mine = said.spot(token)
    places = _places(mine, known)
    same = [p for p in places if same_value(token, said.text, p.token, p.span.text)]
    if not same and _told_otherwise(token, said, bases):
        return Standing(token)
    if not same:
        best = max(places, key=lambda p: p.suits, default=None)
        return Standing(token, fault="absent", instead=best.token if best else None)
    fitting = [p for p in same if _bounded_alike(mine, p)]
    if not fitting:
        return Standing(token, place=max(same, key=lambda p: p.suits), fault="bound")
    best = max(fitting, key=lambda p: p.suits)
    if rival := _rival(mine, best, places, fitting, same):
        fault = "bound" if any(p is rival for p in same) else "elsewhere"
        return Standing(token, place=best, fault=fault, instead=rival.token)
    if often > 1 and often > _most_often(token, known):
        return Standing(token, place=best, fault="elsewhere")
    if best.suits < ALIEN and token.kind not in (*MARGIN, *_SURE, "time"):
        return Standing(token, place=best, fault="elsewhere")
    return Standing(token, place=best)


def _rival(
    mine: Spot, best: Place, places: Sequence[Place], fitting: Sequence[Place], same: Sequence[Place]
) -> Place | None:
    """The place that suits best of those that do so clearly better than any that is right."""
    too_good = best.suits + MARGIN.get(mine.token.kind, USUAL_MARGIN)
    better = sorted((p for p in places if p.suits > too_good), key=lambda p: -p.suits)
    listed = [p for p in fitting if _listed_with(mine, p)] if better else []
    for rival in better:
        if any(p is rival for p in fitting) or any(_listed_otherwise(mine, rival, p) for p in listed):
            continue
        if any(p is rival for p in same) or not _other_side(mine, rival):
            return rival
    return None


def _listed_with(mine: Spot, place: Place) -> frozenset[tuple[str, str]]:
    """The tokens of another kind that stand beside both: "10.75 % for 6 months"."""
    both = mine.span.beside(mine.token) & place.span.beside(place.token)
    return frozenset(one for one in both if one[0] != mine.token.kind)


def _listed_otherwise(mine: Spot, rival: Place, place: Place) -> bool:
    """Whether the rival stands in the same list with another value of what the token stands with. In another sentence
    it may be another product's."""
    theirs = rival.span.beside(rival.token) if rival.span is place.span else frozenset()
    return any(
        (kind, value) not in theirs and any(kind == other for other, _ in theirs)
        for kind, value in _listed_with(mine, place)
    )


def _told_otherwise(token: Token, said: Span, bases: tuple[Span, ...]) -> bool:
    """Whether what the sentence rests on says it in another form: several of a term ("PDFs"), "voter id" for its "ID",
    the days that are not from Monday to Friday, or "in one day" beside an amount that is so much per day."""
    if token.kind == "term":
        name = re.escape(token.words.strip(" \"'“”‘’.,"))
        word = re.compile(rf"(?<![\w-]){name}s?(?![\w-])" + (r"|\bids?\b" if name == "ID" else ""))
        return any(word.search(span.text) for span in bases)
    if token.value in ("saturday", "sunday"):
        return bool(_NO_WORK.search(said.text)) and any(_WEEK.search(span.text) for span in bases)
    if token.kind == "period":
        amounts = {t.value for t in said.tokens if t.kind == "amount"}
        return any(f"{value}/{token.value}" in span.words_of_amounts for value in amounts for span in bases)
    return False


def _other_side(mine: Spot, place: Place) -> bool:
    """Whether a place is bound on another side than the token ("at least" for "at most"), and so no rival of it."""
    other = {"most": "least", "least": "most"}.get(mine.bound)
    text = place.span.text
    return other is not None and (
        place.bound == other or (not place.bound and of_side(text, other) and not of_side(text, mine.bound))
    )


def _places(mine: Spot, known: Evidence) -> list[Place]:
    """Every token of the same kind, and how well it suits, 0..1: half what the two sentences share, half what stands
    next to the two tokens."""
    around, near = _weighed(mine.around, known), _weighed(mine.near, known)
    all_mine, next_to = sum([v * w for _, w, v in around]), sum([v * w for _, w, v in near])
    out = []
    for spot, all_theirs, next_to_theirs in known.of_kind(mine.token.kind):
        met = _met(around, spot.around) + OF_TITLE * sum([v * w for f, w, v in around if f in spot.of_title])
        whole = 0.6 * met / all_mine + 0.8 * met / (all_mine + all_theirs) if all_mine else 1.0
        both = next_to + next_to_theirs
        local = 2 * _met(near, spot.near) / both if both else 1.0
        out.append(Place(spot.span, spot.token, min(1.0, 0.5 * whole + 0.5 * local), spot.bound))
    return out


def _weighed(side: Features, known: Evidence) -> list[tuple[str, float, float]]:
    """(feature, how near, weight) of each. A number that no source holds, such as the customer's own, says nothing of
    where this one belongs."""
    weights = known.weights
    return [(f, w, weights.get(f, UNSEEN)) for f, w in side.items() if ":" not in f or f in weights]


def _met(mine: Sequence[tuple[str, float, float]], theirs: Features) -> float:
    return sum([v * min(w, theirs[f]) for f, w, v in mine if f in theirs])


def same_value(one: Token, text: str, other: Token, source: str) -> bool:
    """Equal; or equal but for the period, which one names next to the number and the other's sentence elsewhere."""
    if one.value == other.value:
        return True
    mine, theirs = one.value.partition("/"), other.value.partition("/")
    if mine[0] != theirs[0] or (mine[2] and theirs[2]) or one.kind not in ("amount", "percent"):
        return False
    period, words = (mine[2], source) if mine[2] else (theirs[2], text)
    return bool(period and _PERIODS[period].search(words))


def _bounded_alike(mine: Spot, place: Place) -> bool:
    if mine.token.kind in ("name", "term", "period", "link", "address", "phone"):
        return True
    theirs = place.bound
    if _of_range(place.token) and not _of_range(mine.token):
        theirs = theirs or "range"
    return same_bound(mine.bound, mine.span.text, theirs, place.span.text)


def _of_range(token: Token) -> bool:
    """Whether it is an end of "3 to 10 days": one end alone says something else."""
    return token.kind == "duration" and bool(_RANGE.search(token.words))


def _most_often(token: Token, known: Evidence) -> int:
    if token.kind in ("name", "term", "period"):
        return 99
    per_span = [sum((t.kind, t.value) == (token.kind, token.value) for t in span.tokens) for span in known.spans]
    return sum(sorted(per_span)[-2:])


def claims(all_ledgered: Iterable[tuple[int, Ledgered]]) -> tuple[Claim, ...]:
    """The ledger as it is stored with a draft."""
    return tuple(
        Claim(
            sentence=i,
            bases=tuple(_basis(span) for span in one.bases),
            support=round(one.support, 3),
            tokens=tuple(_held(s) for s in one.standings),
        )
        for i, one in all_ledgered
    )


def _basis(span: Span) -> Basis:
    return Basis(source_id=span.source_id, version=span.version, start=span.start, end=span.end, words=span.text)


def _held(standing: Standing) -> HeldToken:
    at = standing.place
    return HeldToken(
        kind=standing.token.kind,
        words=standing.token.words,
        source_id=at.span.source_id if at else "",
        start=at.span.start + at.token.start if at and at.span.start >= 0 else -1,
        fault=standing.fault,
    )
