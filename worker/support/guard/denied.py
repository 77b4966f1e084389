"""What a sentence denies, word by word: "is not taxed" denies "taxed", however the rest of it is worded.

Not a guard itself: counterpart.py asks here whether a sentence says plainly what its source denies, or denies what its
source says plainly. It sees what comparing whole clauses does not, where a sentence is far from the source's wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.support.guard.evidence import Span, folded
from worker.support.guard.turns import plain_text

REACH = 3  # words after a denial that it may deny
_DENIES = re.compile(
    r"\b(?:not|never|no|nobody|none|neither|nor|cannot|without|unable\s+to)\b|n['’]t\b|\bfail(?:s|ed|ing)?\s+to\b",
    re.I,
)
_ENDS = re.compile(
    r"[,;:.()–—]|\b(?:but|because|so|while|and|if|unless|until|since|as|than|only|before|after|when)\b", re.I
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_BUT = re.compile(r"\b(?:but|except)\s+(?:you|yourself)\b", re.I)
_DEED = re.compile(r"([^\W\d_]{3,})\s+$")  # of "deducts no TDS" the deed is denied as well


@dataclass(frozen=True)
class Denials:
    """`first`: the word that each denial stands before; `near`: all within reach; `plain`: words that none is near."""

    first: frozenset[str]
    near: frozenset[str]
    plain: frozenset[str]


@lru_cache(maxsize=4096)
def denials(text: str, words: frozenset[str]) -> Denials:
    """`words`: those of the sentence that count, folded."""
    said = _BUT.sub(" ", plain_text(text))
    first: set[str] = set()
    near: set[str] = set()
    taken: set[int] = set()
    for denial in _DENIES.finditer(said):
        within = _ENDS.split(said[denial.end() :], maxsplit=1)[0]
        found = [m for m in _WORD.finditer(within) if folded(m.group()) in words][:REACH]
        taken.update(denial.end() + m.start() for m in found)
        if denial.group().lower() in ("no", "neither", "nothing", "none") and (
            deed := _DEED.search(said[: denial.start()])
        ):
            near.add(folded(deed.group(1)))
            taken.add(deed.start(1))
        near.update(folded(m.group()) for m in found)
        first.update(folded(m.group()) for m in found[:1])
    plain = {folded(m.group()) for m in _WORD.finditer(said) if m.start() not in taken} & words
    return Denials(frozenset(first), frozenset(near), frozenset(plain))


def contradicted(said: Span, anchors: Sequence[Span], bases: Sequence[Span], near: Sequence[Span]) -> bool:
    """Whether it says plainly what one of its counterparts denies and none says plainly, or denies what all of them say
    plainly. `near`: what else is about the same, where either may be said rightly."""
    mine = denials(said.text, said.words)
    theirs = [denials(span.text, span.words) for span in anchors or bases[:1]]
    others = [denials(span.text, span.words) for span in (*near, *bases)]
    if not theirs:
        return False
    denied = frozenset().union(*(one.first for one in (*theirs, *others[len(near) :]))) & (mine.plain - mine.near)
    plain = frozenset.intersection(*(one.plain - one.near for one in theirs)) & (mine.first - mine.plain)
    return bool(denied - frozenset().union(*(one.plain for one in others))) or bool(
        plain - frozenset().union(*(one.near for one in others))
    )
