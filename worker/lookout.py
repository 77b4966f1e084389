"""Whether a text can hold what a pattern looks for, told before the pattern is asked: many patterns, few of them found.

Exact in one direction only: without any of a pattern's words there is no match. Used by rules, guards and promises.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from re import _parser  # type: ignore[attr-defined]  # the only place where Python shows a pattern's structure
from typing import Any, Generic, TypeVar

Name = TypeVar("Name")

MANY = 128  # ways to write a piece of a pattern, each spelled out
RARER = 20.0  # times that a word is rarer for each letter more
LOOKS = 300.0  # words that are asked for in the time in which a pattern goes through a message of this many letters
EVERYWHERE = frozenset(
    "all and any are but can for has have how not our that the they this was what when who will with you your".split()
)
_NOT_SPELLED: frozenset[str] = frozenset()
_NOTHING = frozenset([""])


def small_letters(text: str) -> str:
    """The text in small letters as patterns without regard to case see it: to them, "İ" and "ı" are an "i"."""
    small = text.casefold()
    return small if text.isascii() else small.replace("i\u0307", "i").replace("ı", "i")


def has_any(small: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in a text in small letters, be it within another word."""
    return any(map(small.__contains__, words))


class Patterns(Generic[Name]):
    """Patterns by name, each asked only where a text has a word that each of its matches has."""

    def __init__(
        self, by_name: Mapping[Name, re.Pattern[str]], needs: Mapping[Name, tuple[str, ...]] | None = None
    ) -> None:
        """`needs`: by name, such words where somebody knows better ones than can be read off the expression: what has
        to follow it, or an ending that many of its words share."""
        self.by_name = by_name
        self.needs = {name: (needs or {}).get(name) or needed(regex) for name, regex in by_name.items()}
        self._regexes = tuple(by_name.items())
        self._words = [(word, at) for at, words in enumerate(self.needs.values()) for word in words]
        self._always = frozenset(at for at, words in enumerate(self.needs.values()) if not words)

    def worth_asking(self, small: str) -> Iterator[tuple[Name, re.Pattern[str]]]:
        """Those that the text may hold, in order; `small`: the text in small letters."""
        found = self._always.union([at for word, at in self._words if word in small])
        return map(self._regexes.__getitem__, sorted(found))


def needed(regex: re.Pattern[str]) -> tuple[str, ...]:
    """Words of which every match has one, in small letters; none where asking for them would take as long."""
    best = _in_all(_parser.parse(regex.pattern, regex.flags & re.VERBOSE))
    return tuple(sorted(best)) if best and min(map(len, best)) > 1 else ()


def _price(words: Collection[str]) -> float:
    """What it takes to ask for them, and to look for the pattern where one of them is there by chance."""
    return len(words) + LOOKS * sum(map(_often, words))


def _often(word: str) -> float:
    """How often a message has it, be it within another word."""
    return LOOKS * RARER ** -(1 if word.strip() in EVERYWHERE else sum(map(str.isalnum, word)))


def _in_all(sequence: Iterable[Any]) -> frozenset[str]:
    """All ways to write one of the pieces that every match has, one after the other: that with the lowest price."""
    pieces: list[frozenset[str]] = []
    letters = together = _NOTHING  # since the last part that is no letter; as far as it can be spelled out
    for code, detail in sequence:
        ways = _ways(str(code), detail)
        if str(code) == "LITERAL":
            letters = _joined(letters, ways)
        else:
            pieces += [letters, together, ways, _NOT_SPELLED if ways else _inside(str(code), detail)]
            letters = _NOTHING
        if ways and len(together) * len(ways) <= MANY:
            together = _joined(together, ways)
        else:
            pieces.append(together)
            together = ways or _NOTHING
    pieces += [letters, together]
    return min((_shortest(piece) for piece in pieces if piece and all(piece)), key=_price, default=_NOT_SPELLED)


def _joined(first: frozenset[str], then: frozenset[str]) -> frozenset[str]:
    return frozenset(one + other for one in first for other in then)


def _shortest(words: frozenset[str]) -> frozenset[str]:
    """Without those that hold another: "lawyers" is there only where "lawyer" is."""
    return frozenset(word for word in words if not any(other in word for other in words if other != word))


def _ways(code: str, detail: Any) -> frozenset[str]:
    """All ways to write this part of a pattern, where they are few."""
    if code == "LITERAL":  # a dot that `small_letters` may take off the "i" before it is in no text for sure
        return frozenset([small_letters(chr(detail))]) if chr(detail) != "\u0307" else _NOT_SPELLED
    if code in ("AT", "ASSERT", "ASSERT_NOT"):
        return _NOTHING
    if code == "IN":
        return _any_of([_ways(str(one), char) for one, char in detail])
    if code in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _ways_of_all(detail[-1] if code == "SUBPATTERN" else detail)
    if code == "BRANCH":
        return _any_of([_ways_of_all(branch) for branch in detail[1]])
    if code.endswith("REPEAT") and detail[1] == 1:
        return _any_of([_ways_of_all(detail[2]), *([_NOTHING] if detail[0] == 0 else [])])
    return _NOT_SPELLED


def _any_of(branches: list[frozenset[str]]) -> frozenset[str]:
    every = frozenset().union(*branches)
    return every if all(branches) and len(every) <= MANY else _NOT_SPELLED


def _ways_of_all(sequence: Iterable[Any]) -> frozenset[str]:
    spelled = _NOTHING
    for code, detail in sequence:
        ways = _ways(str(code), detail)
        if not ways or len(spelled) * len(ways) > MANY:
            return _NOT_SPELLED
        spelled = _joined(spelled, ways)
    return spelled


def _inside(code: str, detail: Any) -> frozenset[str]:
    """What every match of a part has that is not spelled out as a whole."""
    if code in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _in_all(detail[-1] if code == "SUBPATTERN" else detail)
    if code.endswith("REPEAT") and detail[0] > 0:
        return _in_all(detail[2])
    if code == "BRANCH":
        branches = [_in_all(branch) for branch in detail[1]]
        return frozenset().union(*branches) if all(branches) else _NOT_SPELLED
    return _NOT_SPELLED
