"""Single looks at a Freshdesk account for whoever checks an installation: status, headers and JSON, as they came.

Reads only, outside the limiter: a person waits, and wants to know what the account itself says. Called by
worker/operations; the desk uses wire.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import SecretStr

from worker.adapters.freshdesk.connection import Attempt
from worker.adapters.freshdesk.verdicts import PART, Limits
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Retryable


@dataclass(frozen=True)
class Seen:
    """One answer. `body`: None where it is no JSON. `ahead`: seconds that their clock is ahead of ours; None: not told.
    The header has whole seconds, so that less than two mean nothing."""

    status: int
    body: Any
    limits: Limits
    ahead: float | None = None

    @property
    def well(self) -> bool:
        return 200 <= self.status < 300 and self.body is not None


class Look(Wire):
    """Raises Retryable where no answer came; every answer is a value."""

    def __init__(self, url: str, api_key: SecretStr, *, timeout: float) -> None:
        super().__init__(url, api_key, timeout=timeout)

    def at(self, path: str, **query: Any) -> Seen:
        """GET /api/v2/`path`."""
        attempt = Attempt(deadline=time.monotonic() + 2 * self._timeout)
        got = self._exchange("GET", path, query, None, attempt)
        if isinstance(got, str):
            raise Retryable(f"GET {path}: {got}", part=PART)
        return Seen(got.status, _json(got.content), Limits.told_by(got.headers), _ahead(got.headers))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _ahead(headers: Mapping[str, str]) -> float | None:
    try:
        theirs = parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return (theirs.astimezone(UTC) - datetime.now(UTC)).total_seconds() + 0.5  # the header leaves fractions out
