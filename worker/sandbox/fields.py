"""The vendor's error bodies, and its strictness: unknown fields and wrong types are refused with 400, each by name.

Two families exist: {"description","errors":[{field,message,code}]} and {"code","message"}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class VendorError(Exception):
    """An answer that is not 2xx. `body` None means an empty body."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def problem(field: str, message: str, code: str) -> dict[str, str]:
    return {"field": field, "message": message, "code": code}


def invalid(*problems: dict[str, str]) -> VendorError:
    return VendorError(400, {"description": "Validation failed", "errors": list(problems)})


def refused(status: int, code: str, message: str) -> VendorError:
    return VendorError(status, {"code": code, "message": message})


def wrong_method(method: str, allowed: list[str]) -> VendorError:
    """Also what a spam or deleted ticket answers to a write; permanent either way."""
    one_of = ", ".join(sorted(allowed))
    return VendorError(
        405,
        {"message": f"{method} method is not allowed. It should be one of these method(s): {one_of}"},
        {"Allow": one_of},
    )


INTEGER, TEXT, BOOLEAN, STRINGS, OBJECT, DATE, ANY = "Integer", "String", "Boolean", "Array", "Object", "Date", "Any"


def _fits(value: Any, kind: str) -> bool:
    if kind == INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == BOOLEAN:
        return isinstance(value, bool)
    if kind == STRINGS:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    return kind == ANY or isinstance(value, dict if kind == OBJECT else str)


def read_body(
    raw: bytes, allowed: Mapping[str, str], *, required: tuple[str, ...] = (), nullable: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The JSON object in `raw`, checked against `allowed` (name -> kind). All problems are reported at once.

    Integers must be integers: "2" is a datatype_mismatch, as at the vendor.
    """
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise VendorError(400, {"code": "invalid_json", "message": "Request body has invalid json format"}) from None
    if not isinstance(body, dict):
        raise VendorError(400, {"code": "invalid_json", "message": "Request body has invalid json format"})
    problems = [problem(k, "Unexpected/invalid field in request", "invalid_field") for k in body if k not in allowed]
    problems += [
        problem(
            k, f"Value set is of type {type(v).__name__.title()}. It should be a/an {allowed[k]}", "datatype_mismatch"
        )
        for k, v in body.items()
        if k in allowed and not (v is None and k in nullable) and not _fits(v, allowed[k])
    ]
    problems += [problem(k, "Mandatory attribute missing", "missing_field") for k in required if k not in body]
    if problems:
        raise invalid(*problems)
    return body


def read_query(query: Mapping[str, str], allowed: set[str]) -> None:
    """Unknown query parameters are refused like unknown fields."""
    unknown = [k for k in query if k not in allowed]
    if unknown:
        raise invalid(*(problem(k, "Unexpected/invalid field in request", "invalid_field") for k in unknown))


def read_page(query: Mapping[str, str], *, per_page_max: int = 100) -> tuple[int, int]:
    """(page from 1, per_page). Beyond the limits is an error, not a clamp."""
    problems = []
    numbers = {}
    for name, default, top in (("page", 1, None), ("per_page", 30, per_page_max)):
        given = query.get(name, str(default))
        if not given.isascii() or not given.isdigit() or int(given) < 1 or (top is not None and int(given) > top):
            shape = "a Positive Integer" if top is None else f"a Positive Integer less than or equal to {top}"
            problems.append(problem(name, f"It should be {shape}", "invalid_value"))
        else:
            numbers[name] = int(given)
    if problems:
        raise invalid(*problems)
    return numbers["page"], numbers["per_page"]
