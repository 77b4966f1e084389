"""Texts that ask for much the same, put together by the words that they share. No model, so that web processes may.

A first grouping for people who read the groups: "Can I pledge my units?" and "pledge of units possible?" come together,
the same wish in quite other words does not. Pure. Called by the console's numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence

ALIKE = 0.5  # share of the words of both texts together that both have
_SAYS_NOTHING = frozenset(
    """a about all also am an and any are as at be been but by can could dear did do does do for from get give had has
    have hello help hi how i if in into is it its kindly know let like may me might more my need no not of on one or
    our out please possible regards say shall should sir so some tell than thank thanks that the their them then there
    these they this to too us want was we were what when where whether which who why will wish with would yes you
    your""".split()
)


def grouped(texts: Sequence[str], alike: float = ALIKE) -> list[list[int]]:
    """Places in `texts`, group by group: the largest group first, in a group the most typical text first. A text joins
    the group of a text that it is alike to; one without telling words stays with its exact likes."""
    words = [telling(text) for text in texts]
    group_of: dict[int, int] = {}
    having: defaultdict[Hashable, list[int]] = defaultdict(list)  # by word: texts with it that stand in a group
    groups: list[list[int]] = []
    for place, mine in enumerate(words):
        met = {other for word in mine for other in having[word]}
        near = max(met, key=lambda other: (likeness(mine, words[other]), -other), default=None)
        if near is None or likeness(mine, words[near]) < alike:
            groups.append([])
            group_of[place] = len(groups) - 1
        else:
            group_of[place] = group_of[near]
        groups[group_of[place]].append(place)
        for word in mine:
            having[word].append(place)
    return sorted(
        (_typical_first(group, words, texts) for group in groups), key=lambda group: (-len(group), min(group))
    )


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Of all the words, the share that both have; 0 for nothing at all."""
    return len(one & other) / len(one | other) if one or other else 0.0


def telling(text: str) -> frozenset[str]:
    """Words that say what it is about, without the commonest endings; the whole text where there are none."""
    found = re.findall(r"[^\W_]+", text.casefold().replace("'s", "").replace("’s", ""))
    kept = frozenset(_stem(word) for word in found if word not in _SAYS_NOTHING)
    return kept or frozenset({" ".join(text.casefold().split())})


def _stem(word: str) -> str:
    for ending, least in (("ing", 4), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) >= 5 else word


def _typical_first(group: list[int], words: Sequence[frozenset[str]], texts: Sequence[str]) -> list[int]:
    """The text that is most like the others of its group (of a large one: like its first), short before long."""
    others = group[:50]
    return sorted(group, key=lambda n: (-sum(likeness(words[n], words[m]) for m in others), len(texts[n]), n))
