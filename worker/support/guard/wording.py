"""How a sentence is worded beside its sources: which words they do not have, how densely, and what stands apart there.

Not a guard itself: `doubt` weighs what is measured here. A word counts as known if the sources have it, an inflection
of it or, for long words, one that begins alike ("announced", "announcement").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from worker.support.guard.content import COMMON, stem

STRETCH = 18  # words in which new ones are counted together: about one statement
NARROW, WIDE = 12, 25  # words of a source within which what belongs together stands
BEGINS = 5  # letters that two long words share when they are of one root
_WORD = re.compile(r"[^\W_]+(?:['’]\w+)?")
_HEDGES = frozenset("may could might will would likely expected potential potentially possible".split())


@dataclass(frozen=True)
class Wording:
    """The words of sources: as they stand, folded with their places, in pairs, and how long ones begin."""

    words: Set[str]
    places: Mapping[str, Sequence[int]]
    pairs: Set[tuple[str, str]]
    beginnings: Set[str]

    def has(self, word: str) -> bool:
        return (
            word in self.words
            or folded(word) in self.places
            or (len(word) > BEGINS and word[:BEGINS] in self.beginnings)
        )

    def where(self, roots: set[str]) -> list[tuple[int, str]]:
        """(place, word) of each of these words, in order."""
        return sorted([(at, root) for root in roots for at in self.places.get(root, ())])


class Said(NamedTuple):
    """The same of one text; `roots`: what its words fold to, in order."""

    words: frozenset[str]
    roots: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    beginnings: frozenset[str]


@dataclass(frozen=True)
class Measured:
    """Of one sentence. Counts are of words; `reworded` and `unmet` are shares, 0..1."""

    content: int = 0  # words that carry its content
    dense: int = 0  # new words in the stretch that has most of them
    run: int = 0  # longest row of new words that carry content
    named: int = 0  # new words with a capital inside the sentence
    counted: int = 0  # new numbers
    hedged: int = 0  # new words such as "may" and "expected"
    apart: int = 0  # known words that do not stand together in any NARROW stretch of the sources
    unmet: float = 0.0  # content that no WIDE stretch of the sources has together
    reworded: float = 0.0  # pairs of words that do not follow each other in the sources


@lru_cache(maxsize=32)
def wording(texts: tuple[str, ...]) -> Wording:
    """Few are kept: one takes 40 KB, and hardly any two replies rest on the same texts, the customer's among them."""
    places: dict[str, list[int]] = {}
    words: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    beginnings: set[str] = set()
    at = 0
    for text in texts:
        said = _said(text)
        words |= said.words
        pairs |= said.pairs
        beginnings |= said.beginnings
        for place, root in enumerate(said.roots, at):
            places.setdefault(root, []).append(place)
        at += len(said.roots) + 2  # two texts do not run into each other
    return Wording(words, places, pairs, beginnings)


@lru_cache(maxsize=2048)
def _said(text: str) -> Said:
    """Many replies rest on the same sentence of a source."""
    said = [plain(word) for word in _WORD.findall(text)]
    roots = tuple(folded(word) for word in said)
    beginnings = frozenset(word[:BEGINS] for word in said if len(word) >= BEGINS)
    return Said(frozenset(said), roots, frozenset(pairwise(roots)), beginnings)


def measured(said: str, known: Wording, held: Sequence[tuple[int, int]] = ()) -> Measured:
    """`held`: where tokens stand that the ledger found in the sources; "INR 10000" is not new beside "Rs 10,000"."""
    found = list(_WORD.finditer(said))
    raw = [m.group() for m in found]
    taken = {at for start, end in held for at in range(start, end)}
    kept = [m.start() in taken for m in found]
    words = [plain(word) for word in raw]
    roots = [folded(word) for word in words]
    new = [word not in known.words and not is_held for word, is_held in zip(words, kept, strict=True)]
    content = [i for i, w in enumerate(words) if (w not in COMMON and len(w) > 2) or w[:1].isdigit()]
    familiar = [known.has(words[i]) for i in content]
    unknown = [not has and not kept[i] for i, has in zip(content, familiar, strict=True)]
    pairs = list(pairwise(roots))
    met = {roots[i] for i, has in zip(content, familiar, strict=True) if has}
    places = known.where(met)
    total = len({words[i] for i in content})
    return Measured(
        content=len(content),
        dense=_densest(new),
        run=_longest(unknown),
        named=sum(u and raw[i][:1].isupper() for i, u in list(zip(content, unknown, strict=True))[1:]),
        counted=sum(u and words[i][:1].isdigit() for i, u in zip(content, unknown, strict=True)),
        hedged=sum(n and word in _HEDGES for n, word in zip(new, words, strict=True)),
        apart=len(met) - together(places, NARROW),
        unmet=1 - together(places, WIDE) / total if total else 0.0,
        reworded=sum(pair not in known.pairs for pair in pairs) / len(pairs) if pairs else 0.0,
    )


def together(found: Sequence[tuple[int, str]], width: int) -> int:
    """How many words stand within one stretch of `width` words, at most. `found`: (place, word), in order."""
    last: dict[str, int] = {}  # where each of the stretch stands last
    best = first = 0
    for at, root in found:
        last[root] = at
        while at - found[first][0] > width:
            if last[found[first][1]] == found[first][0]:
                del last[found[first][1]]
            first += 1
        if len(last) > best:
            best = len(last)
    return best


def plain(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s")


@lru_cache(maxsize=8192)
def folded(word: str) -> str:
    return stem(word)


def _densest(new: Sequence[bool]) -> int:
    inside = best = sum(new[:STRETCH])
    for i in range(STRETCH, len(new)):
        inside += new[i] - new[i - STRETCH]
        best = max(best, inside)
    return best


def _longest(flags: Sequence[bool]) -> int:
    best = row = 0
    for flag in flags:
        row = row + 1 if flag else 0
        best = max(best, row)
    return best
