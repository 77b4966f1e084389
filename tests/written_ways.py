"""Texts that a regular expression finds, each of its alternatives in one of them at least. What stands before and after
(look-around, word boundaries) is not seen to: whoever asks keeps those that the pattern does find."""

import re
from collections.abc import Iterable
from re import _constants as of  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_SOME = {of.CATEGORY_DIGIT: "5", of.CATEGORY_SPACE: " ", of.CATEGORY_WORD: "x"}
_NONE = {of.CATEGORY_NOT_DIGIT: "x", of.CATEGORY_NOT_SPACE: "x", of.CATEGORY_NOT_WORD: "-"}


def ways_to_write(pattern: re.Pattern[str]) -> list[str]:
    return list(dict.fromkeys(_in_a_row(_parser.parse(pattern.pattern, pattern.flags))))


def _in_a_row(steps: Iterable[tuple[Any, Any]]) -> list[str]:
    ways = [_ways(step, what) for step, what in steps]
    most = max(map(len, ways), default=1)
    return [  # three times, each with other neighbours
        "".join(way[(i + shift * at) % len(way)] for at, way in enumerate(ways))
        for shift in range(3)
        for i in range(most)
    ]


def _ways(step: Any, what: Any) -> list[str]:
    if step is of.LITERAL:
        return [chr(what)]
    if step is of.BRANCH:
        return [way for branch in what[1] for way in _in_a_row(branch)]
    if step is of.SUBPATTERN:
        return _in_a_row(what[-1])
    if step in (of.MAX_REPEAT, of.MIN_REPEAT):
        least, most, repeated = what
        return [way * min(max(least, 1), most) for way in _in_a_row(repeated)] + ([""] if not least else [])
    if step is of.IN:
        return _of_a_set(what)
    return [" ", "x"] if step in (of.ANY, of.NOT_LITERAL) else [""]


def _of_a_set(members: list[tuple[Any, Any]]) -> list[str]:
    if members[0][0] is of.NEGATE:
        return [next(char for char in " x5.-" if not any(_is_in(char, member) for member in members[1:]))]
    return [char for char in "x5 .-₹~" if any(_is_in(char, member) for member in members)] or [
        chr(what if kind is of.LITERAL else what[0]) for kind, what in members
    ]


def _is_in(char: str, member: tuple[Any, Any]) -> bool:
    kind, what = member
    if kind is of.LITERAL:
        return ord(char) == what
    if kind is of.RANGE:
        return bool(what[0] <= ord(char) <= what[1])
    return char == {**_SOME, **_NONE}[what] or (what is of.CATEGORY_WORD and char.isalnum())
