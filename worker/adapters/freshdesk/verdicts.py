"""What an answer of Freshdesk means: fine, or which kind of trouble; and what its headers say about our allowance.

Pure functions over status, headers and body, called by wire.py. Reasons carry field names and codes, never values:
Freshdesk's own messages may repeat what a customer wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from worker.errors import InDoubt, Permanent, Retryable, Trouble

PART = "freshdesk"
KEY_REFUSED = "Freshdesk refused the API key (401): check FRESHDESK_API_KEY"
_LONGEST_WAIT = 3600.0  # some accounts still count by the hour
_WAIT_FOR_A_NEW_KEY = 60.0
_MOST_CALLS = 1e6  # the largest plan has a few thousand
_MOST_CREDITS = 100.0  # the dearest call takes less than ten
_NAME = re.compile(r"[\w.\[\]-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """The account's allowance per window, as last told. Values may come as decimals ("700.0"); None: not told, or what
    cannot be: it would be counted with for long after the account says something else."""

    total: float | None = None
    remaining: float | None = None
    used: float | None = None

    @classmethod
    def told_by(cls, headers: Mapping[str, str]) -> Limits:
        total = _figure(headers.get("X-RateLimit-Total"), _MOST_CALLS)
        return cls(
            total=total,
            remaining=_figure(headers.get("X-RateLimit-Remaining"), _MOST_CALLS if total is None else total),
            used=_figure(headers.get("X-RateLimit-Used-CurrentRequest"), _MOST_CREDITS),
        )


def trouble_of(
    what: str, status: int, headers: Mapping[str, str], content: bytes, *, repeatable: bool
) -> Trouble | None:
    """None for 2xx. `repeatable`: the call may be made again whether or not it took effect (reads, PUT), so that doubt
    about the outcome is no doubt about what to do."""
    if 200 <= status < 300:
        return None
    after = wait_asked_for(headers)
    if status == 401:
        # A rotated key, not a broken ticket: the work waits for the operator instead of being given up.
        return Retryable(KEY_REFUSED, part=PART, after=_WAIT_FOR_A_NEW_KEY)
    if status == 429:
        return Retryable(f"{what}: the account's rate limit is used up (429)", part=PART, after=after)
    if status >= 500 or status in (408, 425) or status < 200:
        reason = f"{what}: Freshdesk answered {status}"
        return Retryable(reason, part=PART, after=after) if repeatable else InDoubt(reason, part=PART)
    if status < 400:
        return Permanent(f"{what}: Freshdesk redirects ({status}): check FRESHDESK_URL", part=PART, code=status)
    entries = _entries(content)
    reason = f"{what}: Freshdesk refused ({status}{_details(entries)})"
    return Permanent(reason, part=PART, code=status, fields=_fields(entries) if status == 400 else frozenset())


def counts_against(status: int, content: bytes) -> tuple[str, float | None]:
    """Why an answer is a failure of Freshdesk's as a whole, "" where it is none, and for how long to leave it alone,
    None where that is not known. A refusal of one ticket is none; a refused key is, and asking again and again with it
    would get the account locked."""
    if status == 401:
        return KEY_REFUSED, _WAIT_FOR_A_NEW_KEY
    if status == 403:  # of one ticket, or, where nothing else comes in between, of everything
        return "Freshdesk refuses us (403): check the bot agent's role", None
    if status >= 500 or status in (408, 425) or status < 200:
        return f"Freshdesk answered {status}", None
    if 200 <= status < 300 and content.lstrip()[:1] not in (b"{", b"["):
        return "Freshdesk answers with something else than JSON", None
    return "", None


def unreadable(what: str, status: int, *, repeatable: bool, whole: bool) -> Trouble:
    """Trouble for a 2xx whose body is not what the API promises: a maintenance page, an empty body, half an object.
    `whole`: it is JSON, of another shape; that ticket will say the same tomorrow, so a person has to look."""
    reason = f"{what}: the answer ({status}) is not the JSON that was expected"
    if not repeatable:
        return InDoubt(reason, part=PART)
    return Permanent(reason, part=PART, code=status) if whole else Retryable(reason, part=PART)


def unread(what: str, rows: int) -> Permanent:
    """Trouble for a list of which the rest is fine. It is not read without these `rows`: one may be a colleague's
    answer, or what the customer wrote last."""
    return Permanent(f"{what}: {rows} of the entries cannot be read", part=PART, unread=True)


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, a number or a date, at most an hour; None if absent or unreadable."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def asked_at(headers: Mapping[str, str], seconds: float) -> datetime | None:
    """When a request of `seconds` had not reached the server yet, by the server's clock; None where it told no time."""
    try:
        answered = parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None
    return answered - timedelta(seconds=seconds)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None


def _figure(text: str | None, most: float) -> float | None:
    value = _number(text)
    return value if value is not None and 0 <= value <= most else None


def _entries(content: bytes) -> list[dict[str, Any]]:
    """What either family of error bodies complains of; none where the body says nothing usable."""
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(body, dict):
        return []
    errors = body.get("errors")
    return [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else [body]


def _details(entries: list[dict[str, Any]]) -> str:
    """ ", missing_field cf_reason"."""
    named = [" ".join(_names(entry)) for entry in entries[:5]]
    return "".join(f", {names}" for names in named if names)


def _fields(entries: list[dict[str, Any]]) -> frozenset[str]:
    """None where one of the complaints is of no field."""
    fields = [entry.get("field") for entry in entries]
    named = [field for field in fields if isinstance(field, str) and _NAME.fullmatch(field)]
    return frozenset(named) if len(named) == len(fields) else frozenset()


def _names(entry: dict[str, Any]) -> list[str]:
    values = (entry.get("code"), entry.get("field"))
    return [v for v in values if isinstance(v, str) and _NAME.fullmatch(v)]
