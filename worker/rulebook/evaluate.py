"""Asks a condition about facts. The answer says which field, operator and listed word decided, never what was written.

Pure functions; called by the gate for every message and by load.py for every example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from worker.models import Asked
from worker.rulebook.fields import Facts
from worker.rulebook.grammar import Condition, Rule
from worker.rulebook.patterns import compiled
from worker.rulebook.words import phrase, plain, spoken

LONGEST_MATCHED = 20_000  # characters that `matches` looks at: with patterns.MOST_WAYS this bounds its time


@dataclass(frozen=True)
class Answer:
    """`why` is true of the facts, hit or miss, and made of words from the rules alone."""

    hit: bool
    why: str


def ask(rule: Rule, facts: Facts) -> Asked:
    """One line of the trace. KeyError if a fact is missing: a rule must never pass by for lack of a fact."""
    answer = answer_to(rule.when, facts)
    return Asked(rule=rule.id, hit=answer.hit, why=answer.why)


def answer_to(condition: Condition, facts: Facts) -> Answer:
    if condition.all is not None:
        parts = [answer_to(part, facts) for part in condition.all]
        missed = [part for part in parts if not part.hit]
        return Answer(not missed, "; ".join(part.why for part in missed[:1] or parts))
    if condition.any is not None:
        parts = [answer_to(part, facts) for part in condition.any]
        hits = [part for part in parts if part.hit]
        return Answer(bool(hits), "; ".join(part.why for part in hits or parts))
    if condition.not_ is not None:
        part = answer_to(condition.not_, facts)
        return Answer(not part.hit, part.why)
    return _test(condition, facts)


def _test(condition: Condition, facts: Facts) -> Answer:
    assert condition.field is not None  # one_shape in grammar.py saw to it
    operator, wanted = condition.operator
    entries = wanted if isinstance(wanted, tuple) else (wanted,)
    met = _MEETS[operator]
    found = next((entry for entry in entries if met(facts[condition.field], entry)), None)
    return Answer(found is not None, _why(condition.field, operator, entries, found))


def _why(field: str, operator: str, entries: tuple[Any, ...], found: Any) -> str:
    if operator == "is_true":
        return f"{field} is {'true' if found else 'false'}"
    if found is not None:
        return f'{field} {_SAYS[operator]} "{found}"'
    if len(entries) == 1:
        return f'{field} {_SAYS[operator]} "{entries[0]}": no'
    return f"{field} {_SAYS[operator]} any of {len(entries)} entries: no"


def _among(fact: Any, entry: str) -> bool:
    if isinstance(fact, tuple):
        return any(_same(one, entry) for one in fact)
    return _same(fact, entry)


def _same(fact: Any, entry: Any) -> bool:
    if isinstance(fact, str) and isinstance(entry, str):
        return _folded(fact) == _folded(entry)
    return bool(fact == entry)


def _folded(text: str) -> str:
    return plain(text).casefold()


_phrase = cache(phrase)  # of listed words only: as many as the rules have

_MEETS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "one_of": _among,
    "contains_word": lambda fact, entry: _phrase(entry) in spoken(fact),
    "starts_with": lambda fact, entry: _folded(fact).startswith(_folded(entry)),
    "ends_with": lambda fact, entry: _folded(fact).endswith(_folded(entry)),
    "matches": lambda fact, entry: compiled(entry).search(plain(fact[:LONGEST_MATCHED])) is not None,
    "at_least": lambda fact, entry: fact >= entry,
    "is_true": lambda fact, _: fact is True,
}
_SAYS: Mapping[str, str] = {
    "equals": "is",
    "one_of": "is",
    "contains_word": "contains the word",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
    "at_least": "is at least",
}
