"""What a reply may rest on, cut into spans that can be compared with its sentences: words, rare ones counting more.

Not a guard itself: claims.py looks up here which span says what a sentence says, and where a number stands.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from worker.models import Source
from worker.support.guard.alike import ALIKE, EMPTY
from worker.support.guard.content import stem
from worker.support.guard.records import record
from worker.support.guard.tokens import Token, products, tokens
from worker.support.guard.turns import bound, clauses
from worker.support.guard.wording import Wording, wording
from worker.support.sentences import sentences

Features = Mapping[str, float]

NEAR = 6  # words on either side of a token that tell what it is the number of
_FAR = tuple(math.sqrt(max(steps, 1)) for steps in range(NEAR + 1))
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
        taken = {at for t in self.tokens for at in range(t.start, t.end)}
        out = [(t.start, f"{t.kind}:{t.value}") for t in self.tokens]
        for match in _WORD.finditer(self.text):
            word = match.group()
            if match.start() not in taken and word.casefold() not in EMPTY and not word.endswith(("'t", "’t")):
                out.append((match.start(), folded(word)))
        return tuple(sorted(out))

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
    def worked_out(self) -> dict[str, Any]:
        """What guards keep of a source's span for all replies that rest on it, by their module; gone with the span."""
        return {}

    @cached_property
    def of_title(self) -> frozenset[str]:
        return frozenset(feature for _, feature in Span(self.title, self.names).places) - self.words

    @cached_property
    def joints(self) -> tuple[int, ...]:
        """Where one part of the sentence ends and the next begins."""
        return tuple(m.start() for m in _JOINT.finditer(self.text))

    @cached_property
    def once(self) -> dict[str, int]:
        """Where each word stands that it has once. A name counts as a word, which it is where a sentence begins."""
        places: dict[str, list[int]] = {}
        for at, word in self.places:
            places.setdefault(folded(word.removeprefix("term:")), []).append(at)
        return {word: at[0] for word, at in places.items() if len(at) == 1}

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """Its hard tokens with what stands beside each: a source's token is weighed against every token of a reply."""
        return tuple(self.spot(token) for token in self.tokens)

    def beside(self, token: Token) -> frozenset[tuple[str, str]]:
        """Kind and value of the tokens in the same part of the sentence: what it is listed with."""
        return frozenset(
            (one.kind, one.value)
            for one in self.tokens
            if one.start != token.start and not self._apart(one.start, token.start)
        )

    def spot(self, token: Token) -> Spot:
        """The features beside a token: those beyond a comma or an "and" count less; and of those next to it, the nearer
        the heavier."""
        middle = bisect_left(self.places, (token.start, ""))
        around: dict[str, float] = {}
        near: dict[str, float] = {}
        for i, (offset, feature) in enumerate(self.places):
            if offset == token.start:
                continue
            weight = BEYOND if self._apart(offset, token.start) else 1.0
            if weight > around.get(feature, 0.0):
                around[feature] = weight
            if abs(i - middle) <= NEAR:
                weight /= _FAR[abs(i - middle)]
                if weight > near.get(feature, 0.0):
                    near[feature] = weight
        of_title = frozenset(feature for feature in self.of_title if feature not in around)
        return Spot(self, token, around, near, of_title, bound(self.text, token.start, token.end))

    def _apart(self, one: int, other: int) -> bool:
        """Whether a joint stands between two places."""
        low, high = (one, other) if one < other else (other, one)
        behind = bisect_right(self.joints, low)
        return behind < len(self.joints) and self.joints[behind] < high


class Spot(NamedTuple):
    """A hard token where it stands: what is around and near it, what only the title has, and which bound it is."""

    span: Span
    token: Token
    around: Features
    near: Features
    of_title: frozenset[str]
    bound: str


class Sized(NamedTuple):
    """A token of a source, with the sizes of what is around and near it."""

    spot: Spot
    around: float
    near: float


@dataclass(frozen=True)
class Evidence:
    """The spans of several sources, how much each word tells them apart, and which spans have it, by index."""

    spans: tuple[Span, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    having: Mapping[str, Sequence[int]] = field(default_factory=dict)

    # Each is called thousands of times for a reply, so that calls and generators inside would take most of the time.
    # Sums do not depend on the order of a set, which is another in each process: nor may a verdict near its bound.

    def shared(self, one: frozenset[str], other: frozenset[str]) -> float:
        weight = self.weights.get
        return math.fsum([weight(f, UNSEEN) for f in one & other])

    def shares(self, words: frozenset[str]) -> Sequence[float]:
        """What `shared` is of these words and those of each span, in order."""
        if words not in self._shares:
            found = [0.0] * len(self.spans)
            for word in sorted(words):
                if spans := self.having.get(word):
                    weight = self.weights[word]
                    for i in spans:
                        found[i] += weight
            self._shares[words] = found
        return self._shares[words]

    def size(self, features: Features) -> float:
        weight = self.weights.get
        return sum([weight(f, UNSEEN) * w for f, w in features.items()])

    def of_kind(self, kind: str) -> Sequence[Sized]:
        """Every token of this kind in the spans."""
        if kind not in self._of_kind:
            spots = [spot for span in self.spans for spot in span.spots if spot.token.kind == kind]
            self._of_kind[kind] = [Sized(spot, self.size(spot.around), self.size(spot.near)) for spot in spots]
        return self._of_kind[kind]

    def total(self, features: frozenset[str]) -> float:
        if features not in self._totals:
            weight = self.weights.get
            self._totals[features] = math.fsum([weight(f, UNSEEN) for f in features])
        return self._totals[features]

    @cached_property
    def wording(self) -> Wording:
        return wording(tuple(span.text for span in self.spans))

    @cached_property
    def _totals(self) -> dict[frozenset[str], float]:
        return {}

    @cached_property
    def _of_kind(self) -> dict[str, Sequence[Sized]]:
        return {}

    @cached_property
    def _shares(self) -> dict[frozenset[str], Sequence[float]]:
        return {}


@lru_cache(maxsize=8192)
def folded(word: str) -> str:
    root = stem(word.casefold())
    return ALIKE.get(root, root)


def evidence(
    sources: Sequence[Source], facts: Mapping[str, str], names: tuple[str, ...], filled: Set[str] = frozenset()
) -> Evidence:
    """Spans of every source; `facts`, the customer's record, are spans of the source "customer". `filled`: sources that
    hold something of this customer, which are not kept among those of the knowledge base."""
    spans = [
        span
        for s in sources
        for span in (_spans if s.source_id in filled else source_spans)(s.source_id, s.version, s.title, s.text, names)
    ]
    spans += [
        Span(value, names, "customer", "", 0, len(value), name.replace("_", " ")) for name, value in facts.items()
    ]
    having: dict[str, list[int]] = {}
    for i, span in enumerate(spans):
        for feature in span.words:
            having.setdefault(feature, []).append(i)
    count = max(len(spans), 1)
    weigh = {n: 0.5 + math.log1p(count / n) / math.log1p(count) for n in set(map(len, having.values()))}
    return Evidence(tuple(spans), {f: weigh[len(some)] for f, some in having.items()}, having)


def _spans(source_id: str, version: str, title: str, text: str, names: tuple[str, ...]) -> tuple[Span, ...]:
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


# Of the knowledge base: its texts, and what was worked out of them, are the same for every reply.
source_spans = lru_cache(maxsize=512)(_spans)
source_products = lru_cache(maxsize=512)(products)


def _place(sentence: str, text: str, at: int) -> tuple[int, int]:
    """Where a sentence stands in the text that it was cut from; wrapped lines and spaces were folded."""
    while at < len(text) and text[at].isspace():
        at += 1
    if sentence.strip() == sentence and text.startswith(sentence, at):  # most stand one behind the other
        return at, at + len(sentence)
    found = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(text, at)
    return found.span() if found else (-1, -1)


@lru_cache(maxsize=2048)
def _tokens(text: str, names: tuple[str, ...]) -> tuple[Token, ...]:
    return tuple(sorted(tokens(text, names), key=lambda t: t.start))
