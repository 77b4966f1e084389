"""Calculations in a sentence, done once more: "1 % of Rs 50,000 is Rs 500", "Rs 50,000 less Rs 500 is Rs 49,500".

Not a guard itself: `exact` asks whether a stated calculation comes out, and whether an amount that no source holds is
the result of one whose operands are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from worker.support.guard.evidence import Span
from worker.support.guard.tokens import Token, tokens

if TYPE_CHECKING:
    from worker.support.guard.candidate import Candidate

_IS = re.compile(
    r"^[\s,]*(?:that\s+is|which\s+is|i\.e\.|is|are|=|makes?|equals?|comes?\s+to|amounts?\s+to|gives?|leaves?)\s*$", re.I
)
_OPERATIONS: tuple[tuple[re.Pattern[str], Callable[[float, float], float]], ...] = (
    (re.compile(r"^\s*(?:\+|plus|and\s+another)\s*$", re.I), lambda a, b: a + b),
    (re.compile(r"^\s*(?:-|−|–|minus|less)\s*$", re.I), lambda a, b: a - b),
    (re.compile(r"^\s*(?:×|x|\*|times|withdrawals?\s+at|at)\s*$", re.I), lambda a, b: a * b),
)
_GIVES = re.compile(r"\b(?:is|are|makes?|equals?|comes?\s+to|amounts?\s+to|gives?|=)\s*(?:about\s+)?$", re.I)
_OF = re.compile(r"^\s*of\s+(?:the\s+|your\s+)?$", re.I)
_COUNTED = ("amount", "number")


def sums(said: Span) -> Iterator[tuple[Token, str]]:
    """(result as it stands, what it should be) of every stated calculation that does not come out."""
    for first, second, result, value in _stated(said):
        stated = _value(result)
        if abs(stated - value) > max(0.005 * abs(value), 0.5 if value > 20 else 0.005):
            yield result, _told(value, first, second)


def worked_out(token: Token, said: Span, reply: Candidate) -> bool:
    """Whether a token that stands in no source is the right result of taking a percentage that does, or the customer's
    own amount that it was taken of."""
    if token.kind != "amount" or "/" in token.value:
        return False
    asked = {t.value for t in tokens(reply.message, reply.product_names) if t.kind == "amount"}
    ledgered = next((one for _, one in reply.ledger if one.span.text == said.text), None)
    held = [s.token for s in (ledgered.standings if ledgered else ()) if not s.fault]
    for percent in _percents(said, reply):
        for base in (t for t in said.tokens if t.kind == "amount" and (t in held or t.value in asked)):
            part = _value(base) * _value(percent) / 100
            results = (part, _value(base) - part, _value(base) + part)
            amounts = (t for t in said.tokens if t.kind == "amount" and t != base and _currency(t) == _currency(base))
            right = [t for t in amounts if _among(_value(t), results) and not _comes_to(said, t, base)]
            if token in right or (token == base and right):
                return True
    return False


def _comes_to(said: Span, one: Token, base: Token) -> bool:
    """Whether the sentence has the base as the result: "Rs 800 comes to Rs 80,000"."""
    return one.start < base.start and bool(_GIVES.search(said.text[one.end : base.start]))


def _percents(said: Span, reply: Candidate) -> list[Token]:
    """The percentages that hold, in this sentence or, where it has none, in the one before."""
    ledger = [one for _, one in reply.ledger]
    at = next((i for i, one in enumerate(ledger) if one.span.text == said.text), -1)
    for one in (ledger[at], *ledger[max(0, at - 1) : at]) if at >= 0 else ():
        if found := [s.token for s in one.standings if not s.fault and s.token.kind == "percent"]:
            return found
    return []


def _among(value: float, results: tuple[float, ...]) -> bool:
    return any(abs(value - result) < 0.5 for result in results)


def _stated(said: Span) -> Iterator[tuple[Token, Token, Token, float]]:
    """(operand, operand, result, what it should be) of "A op B is C" and "P % of A is C"."""
    found = [t for t in said.tokens if t.kind in (*_COUNTED, "percent")]
    for one, two, three in zip(found, found[1:], found[2:], strict=False):
        between, then = said.text[one.end : two.start], said.text[two.end : three.start]
        if not _IS.match(then) or three.kind not in _COUNTED:
            continue
        if one.kind == "percent" and two.kind in _COUNTED and _OF.match(between):
            yield one, two, three, _value(one) * _value(two) / 100
        for pattern, operation in _OPERATIONS:
            if one.kind in _COUNTED and two.kind in _COUNTED and pattern.match(between):
                yield one, two, three, operation(_value(one), _value(two))


def _value(token: Token) -> float:
    return float(re.split("[ /]", token.value, maxsplit=1)[0])


def _currency(token: Token) -> str:
    """As amounts.py calls it: "" for rupees."""
    return token.value.partition("/")[0].partition(" ")[2]


def _told(value: float, *operands: Token) -> str:
    number = f"{value:,.2f}".removesuffix(".00")
    of = next((_currency(t).upper() or "Rs" for t in operands if t.kind == "amount"), "")
    return f"{of} {number}".strip()
