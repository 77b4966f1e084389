"""The query language of /search: `"status:2 AND (tag:'x' OR priority:>3)"`, operators `:` `:>` `:<` (inclusive), null.

Rows are the vendor's JSON; a list field matches if one of its items does.
"""

from __future__ import annotations

import re
from typing import Any

from worker.sandbox.fields import VendorError, invalid, problem

_TOKEN = re.compile(r"\s*(?:(\()|(\))|(AND|OR)\b|(\w+):([<>]?)(?:'((?:[^'\\]|\\.)*)'|([^\s()']+)))")
Query = tuple[Any, ...]  # ("and"|"or", left, right) or ("is", field, operator, text)


def _refuse() -> VendorError:
    return invalid(problem("query", "Given query is invalid", "invalid_value"))


def parse(given: str) -> Query:
    """Raises a 400 for anything that is not a query, among them one without the double quotes."""
    if len(given) > 514 or len(given) < 3 or given[0] != '"' or given[-1] != '"':
        raise _refuse()
    tokens = _tokens(given[1:-1])
    query, rest = _either(tokens)
    if rest:
        raise _refuse()
    return query


def _tokens(text: str) -> list[Query]:
    tokens: list[Query] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refuse()
        opening, closing, word, name, operator, quoted, bare = found.groups()
        mark = opening or closing or word
        tokens.append((mark,) if mark else ("is", name, operator, bare if quoted is None else quoted))
        at = found.end()
    return tokens


def _either(tokens: list[Query]) -> tuple[Query, list[Query]]:
    left, rest = _both(tokens)
    while rest and rest[0] == ("OR",):
        right, rest = _both(rest[1:])
        left = ("or", left, right)
    return left, rest


def _both(tokens: list[Query]) -> tuple[Query, list[Query]]:
    left, rest = _one(tokens)
    while rest and rest[0] == ("AND",):
        right, rest = _one(rest[1:])
        left = ("and", left, right)
    return left, rest


def _one(tokens: list[Query]) -> tuple[Query, list[Query]]:
    if not tokens:
        raise _refuse()
    if tokens[0] == ("(",):
        inner, rest = _either(tokens[1:])
        if not rest or rest[0] != (")",):
            raise _refuse()
        return inner, rest[1:]
    if tokens[0][0] != "is":
        raise _refuse()
    return tokens[0], tokens[1:]


def matches(query: Query, row: dict[str, Any]) -> bool:
    if query[0] in ("and", "or"):
        both = (matches(query[1], row), matches(query[2], row))
        return all(both) if query[0] == "and" else any(both)
    _, name, operator, text = query
    if name not in row:
        raise invalid(problem(name, "Unexpected/invalid field in request", "invalid_field"))
    values = row[name] if isinstance(row[name], list) else [row[name]]
    if text == "null":
        return values in ([None], [])
    return any(_compare(value, operator, text) for value in values if value is not None)


def _compare(value: Any, operator: str, text: str) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            left, right = float(value), float(text)
        except ValueError:
            raise _refuse() from None
        return left == right if not operator else left >= right if operator == ">" else left <= right
    shown = str(value).casefold()
    wanted = text.casefold()
    if not operator:
        return shown == wanted or (len(wanted) == 10 and shown.startswith(wanted + "t"))
    return shown >= wanted if operator == ">" else shown[: len(wanted)] <= wanted
