"""A source that is a record and not prose, such as {"WiFi": "no", "hours": {"Monday": "9:00-17:00"}}, read by field.

Not a guard itself: evidence.py makes spans of the fields, `meaning` tells where a sentence says of a field what the
record denies or of a weekday what its hours are not, and `doubt` counts both. A field whose value is null says nothing:
what a sentence says of it is counted, not told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YES, _NO = ("yes", "true", "free", "paid"), ("no", "false", "none")
_OF_ALL = frozenset({"good", "for", "has", "is", "are", "accepts"})  # words of a field's name that tell nothing of it
_DAY = re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b", re.I)
_TO = re.compile(r"\s*(?:-|–|to|through|thru|until)\s*", re.I)
_ALL_DAYS = re.compile(r"\b(?:daily|(?:seven|7)\s+days|every\s?day|each\s+day|all\s+week)\b", re.I)
_TIME = re.compile(
    r"\b(\d{1,2})(?:[:.](\d{1,2}))?\s*(am|pm|a\.m\.|p\.m\.)(?!\w)|\b(\d{1,2}):(\d{1,2})\b|\b(noon|midnight)\b", re.I
)
_OPENING = re.compile(r"\b(?:open|opens|opening|hours|operat\w+|clos\w+)\b", re.I)
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|neither|nor|lacks?|lacking|none|cannot|unavailable)\b|n['’]t\b",
    re.I,
)
_NOT_THERE = re.compile(
    r"\bnot\s+(?:available|offered|accepted|allowed|specified|mentioned|provided)|\bunavailable", re.I
)
_CLAUSE = re.compile(
    r"[;:.]\s|,?\s*\b(?:but|however|although|though|while|whereas|except|yet|including|also)\b"
    r"|,\s+and\s+(?:it|they|the|is|has|offers)\b",
    re.I,
)


@dataclass(frozen=True)
class Field:
    """`words` of its name without those that all fields share; `of`: the group it stands in; `holds`: None for null."""

    name: str
    words: tuple[str, ...]
    of: tuple[str, ...]
    holds: bool | None


@dataclass(frozen=True)
class Record:
    fields: tuple[Field, ...]
    hours: tuple[Mapping[int, tuple[int, ...]], ...]  # for each table by weekday: day -> minutes since midnight
    lines: tuple[tuple[str, str], ...]  # (name, value) of every field in words, in order


@dataclass(frozen=True)
class Told:
    """What a sentence says of a record's fields: names of those that it says the opposite of, and of those that the
    record leaves open; the weekdays on which other hours stand there."""

    against: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    days: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def record(text: str) -> Record | None:
    """What a source's text holds if it is a JSON object; None for prose."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        whole = json.loads(text)
    except ValueError:
        return None
    leaves = list(_leaves(whole, ()))
    fields = tuple(field for path, value in leaves if (field := _field(path, value)))
    lines = tuple((" ".join(w for name in path for w in _words(name)), _said(value)) for path, value in leaves)
    return Record(fields, tuple(_tables(whole)), lines)


def told(said: str, known: Record) -> Told:
    against, unknown = [], []
    for clause in _CLAUSE.split(said):
        denials = [m.start() for m in _DENIAL.finditer(clause)]
        for field in known.fields:
            at = _named(field, clause)
            if at < 0:
                continue
            denied = any(denial < at for denial in denials) or bool(_NOT_THERE.search(clause))
            if field.holds is None:
                unknown.append(field.name)
            elif not field.holds and not denied:
                against.append(field.name)
    return Told(tuple(against), tuple(unknown), tuple(_other_hours(said, known)))


def _other_hours(said: str, known: Record) -> Iterator[str]:
    days, times = _days(said), _times(said)
    if not times or not known.hours or not (days or _OPENING.search(said)):
        return
    table = known.hours[0]
    for day in sorted(days or table.keys()):
        row = table.get(day, ())
        if not row or not times.issuperset(row):
            yield DAYS[day].capitalize()


def _named(field: Field, clause: str) -> int:
    """Where a clause speaks of a field, -1 if it does not. One of a group of several counts only beside the group's own
    name where its word is one of a street's."""
    if field.of:
        found = re.search(rf"\b{re.escape(field.words[0])}\b", clause)
        if not found or (field.words[0] in ("street", "lot") and field.of[-1][:4] not in clause.casefold()):
            return -1
        return found.start()
    squeezed = re.sub(r"[^a-z0-9]+", "", clause.casefold())
    if "".join(field.words).rstrip("s") not in squeezed:
        return -1
    return max(clause.casefold().find(field.words[0][:4]), 0)


def _field(path: tuple[str, ...], value: Any) -> Field | None:
    holds = value if isinstance(value, bool) or value is None else _yes_or_no(str(value))
    words = tuple(w for w in _words(path[-1]) if w not in _OF_ALL) if path else ()
    if len(words) > 1 and words[0].endswith("s"):  # "RestaurantsTakeOut": a kind of place, then what it has
        words = words[1:]
    if not words or words[0] in DAYS or (holds is None and value is not None):
        return None
    of = tuple(w for w in _words(path[-2]) if w not in ("attributes", "hours")) if len(path) > 1 else ()
    return Field(path[-1], words, of, holds)


def _yes_or_no(value: str) -> bool | None:
    return True if value.casefold() in _YES else False if value.casefold() in _NO else None


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).casefold().split()


def _said(value: Any) -> str:
    """Times in full: "9:0" is 9:00."""
    if isinstance(value, str):
        return re.sub(r"\b(\d{1,2}):(\d)\b", r"\1:0\2", value)
    if isinstance(value, bool):  # by type, not by value: for Python 1 is True, and "minimum orders: yes" is no evidence
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


def _tables(value: Any) -> Iterator[Mapping[int, tuple[int, ...]]]:
    if isinstance(value, dict):
        if value and all(str(name).casefold() in DAYS for name in value):
            yield {DAYS.index(str(day).casefold()): _row(str(hours)) for day, hours in value.items()}
        for inner in value.values():
            yield from _tables(inner)


def _row(hours: str) -> tuple[int, ...]:
    """Opening and closing; () for a day on which both are the same, which stands for closed."""
    both = [int(h) % 24 * 60 + int(m) for h, m in re.findall(r"(\d{1,2}):(\d{1,2})", hours)]
    return () if len(set(both)) == 1 else tuple(both)


def _times(text: str) -> set[int]:
    found = set()
    for m in _TIME.finditer(text):
        if m.group(6):
            found.add(720 if m.group(6).casefold() == "noon" else 0)
            continue
        hour, half = int(m.group(1) or m.group(4)), (m.group(3) or "").casefold()
        hour = hour % 12 + (12 if half.startswith("p") else 0) if half else hour % 24
        found.add(hour * 60 + int(m.group(2) or m.group(5) or 0))
    return found


def _days(text: str) -> set[int]:
    """Every weekday that a text names, alone or within "Monday to Friday"."""
    if _ALL_DAYS.search(text):
        return set(range(7))
    found = set(range(5)) if re.search(r"\bweekdays?\b", text, re.I) else set()
    found |= {5, 6} if re.search(r"\bweekends?\b", text, re.I) else set()
    before: re.Match[str] | None = None
    for m in _DAY.finditer(text):
        day = _number(m)
        if before and _TO.fullmatch(text[before.end() : m.start()]):
            found |= {(_number(before) + i) % 7 for i in range((day - _number(before)) % 7 + 1)}
        found.add(day)
        before = m
    return found


def _number(day: re.Match[str]) -> int:
    return next(i for i, name in enumerate(DAYS) if name.startswith(day.group(1)[:3].casefold()))
