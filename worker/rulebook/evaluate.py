"""Asks a condition about facts. The answer says which field, operator and listed word decided, never what was written.

Pure functions; called by the gate for every message and by load.py for every example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import contains, eq, ge, is_
from typing import Any, NamedTuple

from worker.lookout import Patterns, small_letters
from worker.models import Asked
from worker.rulebook.fields import PASSING, WRITTEN, Facts
from worker.rulebook.grammar import Condition, Rule
from worker.rulebook.patterns import compiled
from worker.rulebook.words import phrase, plain, spoken

LONGEST_MATCHED = 20_000  # characters that `matches` looks at: with patterns.MOST_WAYS this bounds its time


@dataclass(frozen=True)
class Answer:
    """`why` is true of the facts, hit or miss, and made of words from the rules alone."""

    hit: bool
    why: str


class Seen:
    """Facts, each put once into the form in which an operator compares it, however many rules ask for it. Lives as long
    as the message is asked about: what customers write is kept nowhere else."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._forms: dict[tuple[Callable[[Any], Any], str], Any] = {}

    def by(self, operator: str, field: str) -> Any:
        put = _OPERATORS[operator].fact
        if (put, field) not in self._forms:
            self._forms[put, field] = put(self._facts[field])
        return self._forms[put, field]


def ask(rule: Rule, facts: Facts | Seen) -> Asked:
    """One line of the trace. KeyError if a fact is missing: a rule must never pass by for lack of a fact."""
    answer = answer_to(rule.when, facts if isinstance(facts, Seen) else Seen(facts))
    return Asked(rule=rule.id, hit=answer.hit, why=answer.why, of_words=_fields(rule.when) <= WRITTEN)


def passing(rule: Rule) -> bool:
    """Whether it asks for nothing but where the ticket stands for now, so that its hit may be none tomorrow."""
    return _fields(rule.when) <= PASSING


def _fields(condition: Condition) -> set[str]:
    parts = [*(condition.all or ()), *(condition.any or ()), *([condition.not_] if condition.not_ else ())]
    return {condition.field} if condition.field else {field for part in parts for field in _fields(part)}


def answer_to(condition: Condition, facts: Seen) -> Answer:
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


def _test(condition: Condition, facts: Seen) -> Answer:
    assert condition.field is not None  # _one_shape in grammar.py saw to it
    operator, wanted = condition.operator
    entries = wanted if isinstance(wanted, tuple) else (wanted,)
    which = _OPERATORS[operator].which(facts.by(operator, condition.field), _listed(operator, entries))
    return Answer(which is not None, _why(condition.field, operator, entries, which))


def _why(field: str, operator: str, entries: tuple[Any, ...], which: int | None) -> str:
    says = _OPERATORS[operator].says
    if operator == "is_true":
        return f"{field} is {'true' if which is not None else 'false'}"
    if which is not None and operator == "matches":  # shown in the console, where nobody wants to read a pattern
        return f"{field} {says} pattern {which + 1} of {len(entries)}"
    if which is not None:
        return f'{field} {says} "{entries[which]}"'
    asked = f'"{entries[0]}"' if len(entries) == 1 and operator != "matches" else f"one of {len(entries)} entries"
    return f"{field} {says} {asked}: no"


def _folded(value: Any) -> Any:
    """Case and spelling variants of texts made equal; numbers and flags as they are, lists entry by entry."""
    if isinstance(value, tuple):
        return tuple(_folded(one) for one in value)
    return plain(value).casefold() if isinstance(value, str) else value


def _among(fact: Any, entry: Any) -> bool:
    return entry in fact if isinstance(fact, tuple) else bool(entry == fact)


# What the rules list, as it is compared: as many as the rules have; customers' words are in none of them.
@cache
def _listed(operator: str, entries: tuple[Any, ...]) -> Any:
    return _OPERATORS[operator].listed(entries)


class _Operator(NamedTuple):
    """`fact`, `listed`: into what form it puts a fact, and the entries of a rule; `which`: the first of the entries
    that the fact meets, both in that form; `says`: how a lead says it."""

    fact: Callable[[Any], Any]
    listed: Callable[[tuple[Any, ...]], Any]
    which: Callable[[Any, Any], int | None]
    says: str


def _each(
    fact: Callable[[Any], Any], entry: Callable[[Any], Any], meets: Callable[[Any, Any], Any], says: str
) -> _Operator:
    """An operator that compares a fact with one entry after the other."""

    def which(seen: Any, listed: tuple[Any, ...]) -> int | None:
        return next((at for at, one in enumerate(listed) if meets(seen, one)), None)

    return _Operator(fact, lambda entries: tuple(map(entry, entries)), which, says)


def _searched(text: str) -> tuple[str, str]:
    """As patterns look at it, and in small letters."""
    seen = plain(text[:LONGEST_MATCHED])
    return seen, small_letters(seen)


def _patterns(entries: tuple[str, ...]) -> Patterns[int]:
    return Patterns({at: compiled(entry) for at, entry in enumerate(entries)})


def _first_found(searched: tuple[str, str], patterns: Patterns[int]) -> int | None:
    text, small = searched
    return next((at for at, pattern in patterns.worth_asking(small) if pattern.search(text)), None)


def _as_it_is(value: Any) -> Any:
    return value


_OPERATORS: Mapping[str, _Operator] = {
    "equals": _each(_folded, _folded, eq, "is"),
    "one_of": _each(_folded, _folded, _among, "is"),
    "contains_word": _each(spoken, phrase, contains, "contains the word"),
    "starts_with": _each(_folded, _folded, str.startswith, "starts with"),
    "ends_with": _each(_folded, _folded, str.endswith, "ends with"),
    "matches": _Operator(_searched, _patterns, _first_found, "matches"),
    "at_least": _each(int, _as_it_is, ge, "is at least"),
    "is_true": _each(bool, _as_it_is, is_, "is"),
}
