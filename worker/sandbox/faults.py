"""What may be made to go wrong, where and how often. A board of faults; `wire`, `sender` and `groq` ask it.

Endpoint patterns read "METHOD /path" with `*` for one path segment, `**` for the rest, `*` for any method; or one of
the short names in SHORT.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

SHORT = {
    "any": "* /**",
    "freshdesk": "* /api/v2/**",
    "reads": "GET /api/v2/**",
    "reply": "POST /api/v2/tickets/*/reply",
    "note": "POST /api/v2/tickets/*/notes",
    "ticket": "GET /api/v2/tickets/*",
    "conversations": "GET /api/v2/tickets/*/conversations",
    "change": "PUT /api/v2/tickets/*",
    "list": "GET /api/v2/tickets",
    "contact": "GET /api/v2/contacts/*",
    "groq": "POST /groq/openai/v1/chat/completions",
    "models": "GET /groq/openai/v1/models",
    "webhook": "WEBHOOK /**",
}

Before = Literal[
    "refuse", "cut", "hang", "rate_limit", "missing_field", "html_page", "empty", "model_not_found", "tokens_per_day",
    "too_large", "capacity",
]  # fmt: skip
Around = Literal["commit_then_cut", "commit_then_error", "commit_late", "slow", "slow_answer", "drip"]
Meanwhile = Literal[
    "human_replies", "human_notes", "human_closes", "human_assigns", "human_merges", "human_spams", "human_deletes",
    "customer_writes", "auto_reply",
]  # fmt: skip
Delivered = Literal["duplicate", "drop", "reorder", "delay", "forged", "garbled"]
Written = Literal[
    "empty_content", "cut_length", "invalid_json", "wrong_shape", "unknown_source", "invent_numbers", "insert_links",
    "placeholders", "obey_injection", "cannot_answer",
]  # fmt: skip
MEANWHILE, WRITTEN = frozenset(get_args(Meanwhile)), frozenset(get_args(Written))


class Fault(BaseModel):
    """One thing that goes wrong. `first`, `skip`, `every` count matching calls (`per_path`: of each path by itself)."""

    model_config = ConfigDict(extra="forbid")

    kind: Before | Around | Meanwhile | Delivered | Written
    endpoint: str = "any"
    probability: float = Field(default=1.0, ge=0, le=1)
    first: int | None = Field(default=None, ge=1)  # only the first n of the matching calls (after `skip`)
    every: int | None = Field(default=None, ge=1)  # only each n-th
    skip: int = Field(default=0, ge=0)
    per_path: bool = False
    when_body_has: str | None = None  # only if these words are in the request's body
    status: int | None = None
    body: Any = None
    seconds: float = Field(default=0.0, ge=0)
    retry_after: float | None = None
    remaining: float = 0.0
    commit: bool = False  # html_page, empty: whether the call takes effect all the same
    moment: Literal["before", "after"] | None = None  # meanwhile; none: after a GET, before a write
    html: str | None = None  # what the human or customer writes
    field: str = "cf_reason"  # missing_field

    @field_validator("endpoint")
    @classmethod
    def _spelled_out(cls, value: str) -> str:
        pattern = SHORT.get(value, value)
        if not re.fullmatch(r"(\*|[A-Z]+) /\S*", pattern):
            raise ValueError(f"should read 'METHOD /path' or be one of {', '.join(SHORT)}")
        return pattern

    def covers(self, method: str, path: str) -> bool:
        wanted, _, pattern = self.endpoint.partition(" ")
        parts = (re.escape(p).replace(r"\*\*", ".*").replace(r"\*", "[^/]+") for p in pattern.split("/"))
        return wanted in ("*", method) and re.fullmatch("/".join(parts), path) is not None


class FaultBoard:
    """Thread-safe. `seed` makes the probabilities repeatable."""

    def __init__(self, seed: int = 0) -> None:
        self._faults: dict[int, Fault] = {}
        self._seen: dict[tuple[int, str], int] = {}
        self._fired: dict[int, int] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._random = random.Random(seed)

    def add(self, fault: Fault) -> int:
        with self._lock:
            number = next(self._ids)
            self._faults[number] = fault
            return number

    @property
    def quiet(self) -> bool:
        return not self._faults

    def clear(self, number: int | None = None) -> None:
        with self._lock:
            for gone in list(self._faults) if number is None else [number]:
                self._faults.pop(gone, None)

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {"id": n, "fired": self._fired.get(n, 0), **f.model_dump(exclude_defaults=True)}
                for n, f in self._faults.items()
            ]

    def fired(self, method: str, path: str, body: bytes = b"") -> list[Fault]:
        """The faults that strike this call, in the order in which they were added."""
        if not self._faults:
            return []
        with self._lock:
            struck = [n for n, f in self._faults.items() if f.covers(method, path) and self._strikes(n, f, path, body)]
            for n in struck:
                self._fired[n] = self._fired.get(n, 0) + 1
            return [self._faults[n] for n in struck]

    def _strikes(self, number: int, fault: Fault, path: str, body: bytes) -> bool:
        if fault.when_body_has and fault.when_body_has.encode() not in body:
            return False
        key = (number, path if fault.per_path else "")
        self._seen[key] = seen = self._seen.get(key, 0) + 1
        seen -= fault.skip
        if seen < 1 or (fault.first is not None and seen > fault.first) or (fault.every and seen % fault.every):
            return False
        return fault.probability >= 1 or self._random.random() < fault.probability
