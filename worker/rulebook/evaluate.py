"""Asks a condition about facts. The answer says which field, operator and listed word decided, never what was written.

Pure functions; called by the gate for every message and by load.py for every example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from worker.models import Asked
from worker.rulebook.fields import WRITTEN, Facts
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
    return Asked(rule=rule.id, hit=answer.hit, why=answer.why, of_words=_fields(rule.when) <= WRITTEN)


def _fields(condition: Condition) -> set[str]:
    parts = [*(condition.all or ()), *(condition.any or ()), *([condition.not_] if condition.not_ else ())]
    return {condition.field} if condition.field else {field for part in parts for field in _fields(part)}


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
    assert condition.field is not None  # _one_shape in grammar.py saw to it
    operator, wanted = condition.operator
    entries = wanted if isinstance(wanted, tuple) else (wanted,)
    seen, meets, _ = _OPERATORS[operator]
    fact = seen(facts[condition.field])
    found = next((entry for entry in entries if meets(fact, entry)), None)
    return Answer(found is not None, _why(condition.field, operator, entries, found))


def _why(field: str, operator: str, entries: tuple[Any, ...], found: Any) -> str:
    says = _OPERATORS[operator][2]
    if operator == "is_true":
        return f"{field} is {'true' if found else 'false'}"
    if found is not None and operator == "matches":  # shown in the console, where nobody wants to read a pattern
        return f"{field} {says} pattern {entries.index(found) + 1} of {len(entries)}"
    if found is not None:
        return f'{field} {says} "{found}"'
    asked = f'"{entries[0]}"' if len(entries) == 1 and operator != "matches" else f"one of {len(entries)} entries"
    return f"{field} {says} {asked}: no"


def _folded(value: Any) -> Any:
    """Case and spelling variants of texts made equal; numbers and flags as they are, lists entry by entry."""
    if isinstance(value, tuple):
        return tuple(_folded(one) for one in value)
    return plain(value).casefold() if isinstance(value, str) else value


def _among(fact: Any, entry: str) -> bool:
    return _entry(entry) in fact if isinstance(fact, tuple) else bool(_entry(entry) == fact)


# Caches of what the rules list, so as many entries as the rules have; customers' words are in none of them.
_phrase = cache(phrase)
_entry = cache(_folded)
_pattern = cache(compiled)

# For each operator: how it sees the fact, when an entry is met, and how a lead says it.
_OPERATORS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, Any], bool], str]] = {
    "equals": (_folded, lambda fact, entry: bool(_entry(entry) == fact), "is"),
    "one_of": (_folded, _among, "is"),
    "contains_word": (spoken, lambda fact, entry: _phrase(entry) in fact, "contains the word"),
    "starts_with": (_folded, lambda fact, entry: fact.startswith(_entry(entry)), "starts with"),
    "ends_with": (_folded, lambda fact, entry: fact.endswith(_entry(entry)), "ends with"),
    "matches": (
        lambda fact: plain(fact[:LONGEST_MATCHED]),
        lambda f, entry: bool(_pattern(entry).search(f)),
        "matches",
    ),
    "at_least": (int, lambda fact, entry: bool(fact >= entry), "is at least"),
    "is_true": (bool, lambda fact, entry: fact is entry, "is"),
}
