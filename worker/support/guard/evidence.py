"""What a reply may rest on, cut into spans that can be compared with its sentences: words, rare ones counting more.

Not a guard itself: claims.py looks up here which span says what a sentence says, and where a number stands.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from worker.models import Source
from worker.support.guard.alike import ALIKE, EMPTY
from worker.support.guard.content import stem
from worker.support.guard.records import record
from worker.support.guard.tokens import Token, tokens
from worker.support.guard.turns import clauses
from worker.support.guard.wording import Wording, wording
from worker.support.sentences import sentences

Features = Mapping[str, float]

NEAR = 6  # words on either side of a token that tell what it is the number of
BEYOND = 0.4  # what they count on the other side of a comma or an "and"
UNSEEN = 1.5  # the weight of a word that no source says: it tells most
OF_TITLE = 0.3  # what the words of a title weigh beside those of the span itself
_WORD = re.compile(r"[^\W\d_]{3,}(?:['’]t\b)?")
_JOINT = re.compile(r"[,;()–—](?!\d)|\b(?:and|but|because|so|while|or)\b")


@dataclass(frozen=True)
class Span:
    """A sentence, list item or field: of a source at `start` to `end`, or of the reply."""

    text: str
    names: tuple[str, ...] = ()
    source_id: str = ""
    version: str = ""
    start: int = -1
    end: int = -1
    title: str = ""

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return _tokens(self.text, self.names)

    @cached_property
    def places(self) -> tuple[tuple[int, str], ...]:
        """(offset, feature) of each word that counts and each hard token, in order."""
        taken = [(t.start, t.end) for t in self.tokens]
        words = [
            (m.start(), folded(m.group()))
            for m in _WORD.finditer(self.text)
            if m.group().casefold() not in EMPTY
            and not m.group().endswith(("'t", "’t"))
            and not any(a <= m.start() < b for a, b in taken)
        ]
        return tuple(sorted([*words, *((t.start, f"{t.kind}:{t.value}") for t in self.tokens)]))

    @cached_property
    def words_of_amounts(self) -> frozenset[str]:
        """Their folded values, such as "100000.00/day"."""
        return frozenset(t.value for t in self.tokens if t.kind == "amount")

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(feature for _, feature in self.places)

    @cached_property
    def pieces(self) -> tuple[Span, ...]:
        """Its clauses."""
        return tuple(Span(clause, self.names) for clause in clauses(self.text))

    @cached_property
    def of_title(self) -> frozenset[str]:
        return frozenset(feature for _, feature in Span(self.title, self.names).places) - self.words

    @cached_property
    def joints(self) -> tuple[int, ...]:
        """Where one part of the sentence ends and the next begins."""
        return tuple(m.start() for m in _JOINT.finditer(self.text))

    @cached_property
    def _beside(self) -> dict[tuple[str, Token], Features]:
        """What was worked out once: a source's token is weighed against every token of a reply."""
        return {}

    def around(self, token: Token) -> Features:
        """The features beside a token: those beyond a comma or an "and" count less."""
        if ("around", token) not in self._beside:
            self._beside["around", token] = self._around(token)
        return self._beside["around", token]

    def near(self, token: Token) -> Features:
        """Those next to it, the nearer the heavier."""
        if ("near", token) not in self._beside:
            self._beside["near", token] = self._near(token)
        return self._beside["near", token]

    def _around(self, token: Token) -> Features:
        out: dict[str, float] = {}
        for offset, feature in self.places:
            if offset != token.start:
                out[feature] = max(out.get(feature, 0.0), self._weight(offset, token))
        return out

    def _near(self, token: Token) -> Features:
        middle = bisect_left(self.places, (token.start, ""))
        out: dict[str, float] = {}
        for i in range(max(0, middle - NEAR), min(len(self.places), middle + NEAR + 1)):
            offset, feature = self.places[i]
            if offset != token.start:
                weight = self._weight(offset, token) / math.sqrt(max(abs(i - middle), 1))
                out[feature] = max(out.get(feature, 0.0), weight)
        return out

    def _weight(self, offset: int, token: Token) -> float:
        low, high = (offset, token.start) if offset < token.start else (token.start, offset)
        behind = bisect_right(self.joints, low)
        return BEYOND if behind < len(self.joints) and self.joints[behind] < high else 1.0


@dataclass(frozen=True)
class Evidence:
    """The spans of several sources, and how much each word tells them apart."""

    spans: tuple[Span, ...]
    weights: Mapping[str, float] = field(default_factory=dict)

    # Each is called thousands of times for a reply, so that calls and generators inside would take most of the time.

    def shared(self, one: frozenset[str], other: frozenset[str]) -> float:
        weight = self.weights.get
        return sum([weight(f, UNSEEN) for f in one & other])

    def met(self, one: Features, other: Features) -> float:
        weight = self.weights.get
        return sum([weight(f, UNSEEN) * min(w, other[f]) for f, w in one.items() if f in other])

    def size(self, features: Features) -> float:
        weight = self.weights.get
        return sum([weight(f, UNSEEN) * w for f, w in features.items()])

    def size_beside(self, span: Span, token: Token) -> tuple[float, float]:
        """The sizes of what is around and near a token of one of the spans."""
        at = id(span), token.start, token.kind
        if at not in self._sizes:
            self._sizes[at] = self.size(span.around(token)), self.size(span.near(token))
        return self._sizes[at]

    def total(self, features: frozenset[str]) -> float:
        if features not in self._totals:
            weight = self.weights.get
            self._totals[features] = sum([weight(f, UNSEEN) for f in features])
        return self._totals[features]

    @cached_property
    def wording(self) -> Wording:
        return wording(tuple(span.text for span in self.spans))

    @cached_property
    def _totals(self) -> dict[frozenset[str], float]:
        return {}

    @cached_property
    def _sizes(self) -> dict[tuple[int, int, str], tuple[float, float]]:
        return {}


def folded(word: str) -> str:
    root = stem(word.casefold())
    return ALIKE.get(root, root)


def evidence(sources: Sequence[Source], facts: Mapping[str, str], names: tuple[str, ...]) -> Evidence:
    """Spans of every source; `facts`, the customer's record, are spans of the source "customer"."""
    spans = [span for s in sources for span in source_spans(s.source_id, s.version, s.title, s.text, names)]
    spans += [
        Span(value, names, "customer", "", 0, len(value), name.replace("_", " ")) for name, value in facts.items()
    ]
    seen: dict[str, int] = {}
    for span in spans:
        for feature in span.words:
            seen[feature] = seen.get(feature, 0) + 1
    count = max(len(spans), 1)
    return Evidence(tuple(spans), {f: 0.5 + math.log1p(count / n) / math.log1p(count) for f, n in seen.items()})


@lru_cache(maxsize=512)
def source_spans(source_id: str, version: str, title: str, text: str, names: tuple[str, ...]) -> tuple[Span, ...]:
    """The sentences of a source where they stand in its text, and its title as a span without a place. Of a record the
    sentences of every field, with the field's name before them."""
    fields = record(text)
    pieces = (
        [(f"{name}: {piece}", piece) for name, value in fields.lines for piece in sentences(value)]
        if fields
        else [(sentence, sentence) for sentence in sentences(text)]
    )
    out = [Span(title, names, source_id, version, -1, -1, "")]
    at = 0
    for told, stands in pieces:
        start, end = _place(stands, text, at)
        out.append(Span(told, names, source_id, version, start, end, title))
        at = max(at, end)
    return tuple(out)


def _place(sentence: str, text: str, at: int) -> tuple[int, int]:
    """Where a sentence stands in the text that it was cut from; wrapped lines and spaces were folded."""
    found = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(text, at)
    return found.span() if found else (-1, -1)


@lru_cache(maxsize=2048)
def _tokens(text: str, names: tuple[str, ...]) -> tuple[Token, ...]:
    return tuple(sorted(tokens(text, names), key=lambda t: t.start))
