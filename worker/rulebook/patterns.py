r"""Regular expressions that a stranger's mail cannot turn against us.

A lead's pattern meets whatever a stranger sends, so it must be cheap on any text: no repetition without an upper end
(write `.{0,40}` for "not far away"), no references back, and few ways to match in all. Called when rules are loaded.
"""

import re
from collections import Counter
from re import _parser  # type: ignore[attr-defined]  # the only place where Python shows a pattern's structure
from typing import Any

MOST_CHARACTERS = 400
MOST_TIMES = 100
MOST_WAYS = 10_000  # upper bound of the ways to try from one place in the text; Python tries them one after the other


class Unsafe(ValueError):
    """The pattern is not used; the message says why, to its author."""


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, case-insensitive. Raises Unsafe."""
    if len(pattern) > MOST_CHARACTERS:
        raise Unsafe(f"it has {len(pattern)} characters, {MOST_CHARACTERS} at most: make two patterns of it")
    try:
        ways = _ways(_parser.parse(pattern))
        found = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise Unsafe(f"it is no regular expression ({error})") from None
    if ways > MOST_WAYS:
        raise Unsafe("it may try too many ways on a long mail: use fewer gaps, or shorter ones such as .{0,20}")
    if found.search(""):
        raise Unsafe("it fits an empty text, so it would fit every message")
    return found


def _ways(parsed: Any) -> int:
    """How many ways there are to try, counted no further than one too many: the numbers explode otherwise."""
    ways = 1
    for code, detail in parsed:
        ways = min(ways * _ways_of(str(code), detail), MOST_WAYS + 1)
    return ways


def _ways_of(code: str, detail: Any) -> int:
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = detail
        if most == _parser.MAXREPEAT:
            raise Unsafe("*, + and {n,} have no upper end: write how many at most, such as .{0,40}")
        if most > MOST_TIMES:
            raise Unsafe(f"it repeats something up to {most} times, {MOST_TIMES} at most")
        each = _ways(inner)
        return sum(each**times for times in range(least, most + 1))
    if code == "BRANCH":
        return _ways_of_branches(detail[1])
    if code in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _ways(detail[-1])
    if code == "ATOMIC_GROUP":
        return _ways(detail)
    if code in ("GROUPREF", "GROUPREF_EXISTS"):
        raise Unsafe("it refers back to a group (such as \\1): write the words out")
    return 1


def _ways_of_branches(branches: list[Any]) -> int:
    """Alternatives that begin with different letters exclude each other, so only those with the same one add up."""
    by_letter: Counter[str] = Counter()
    for branch in branches:
        code, detail = branch[0] if len(branch) else ("", 0)
        by_letter[chr(detail).casefold() if str(code) == "LITERAL" else ""] += _ways(branch)
    anywhere = by_letter.pop("", 0)
    return anywhere + max(by_letter.values(), default=0)
