"""What we need of the database for people: what support leads do with held drafts, and who may sign in.

The other half of ports/ledger.py, whose rules hold here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from worker.models import Case, Draft, Lesson, Noun
from worker.ports.outgoing import Outgoing


class HeldRow(Noun):
    """A line of the console's queue."""

    case: Case
    template_id: str
    findings: tuple[str, ...]  # guard names
    age_seconds: float


class Reviews(Protocol):
    """What support leads do. `user` is a login; every action lands in the audit log in the same transaction, and so
    does what it teaches (`lesson`; None teaches nothing). An approval that is taken back teaches nothing any more."""

    def held(self, *, limit: int = 50, offset: int = 0) -> Sequence[HeldRow]:
        """Most urgent first: priority, then age."""
        ...

    def held_count(self) -> int: ...

    def opened(self, case_id: str, user: str) -> None:
        """`user` looks at the case; of a held one it is kept since when, for the seconds of its review."""
        ...

    def approve(
        self,
        case_id: str,
        draft_id: str,
        body_hash: str,
        outgoing: Outgoing,
        user: str,
        *,
        lesson: Lesson | None = None,
    ) -> str | None:
        """HELD -> APPROVED and the reply queued; the send's id. None if the case moved on, the draft is not the
        newest, or `body_hash` is not its hash: what is approved is exactly what was shown."""
        ...

    def edit(self, case_id: str, draft_id: str, draft: Draft, user: str, *, lesson: Lesson | None = None) -> str | None:
        """Stores `draft` as the newest of a HELD case; its id. None if the case moved on or draft_id is not newest."""
        ...

    def reject(
        self,
        case_id: str,
        draft_id: str,
        reason: str,
        user: str,
        outgoing: Outgoing | None = None,
        *,
        lesson: Lesson | None = None,
    ) -> bool:
        """HELD -> REJECTED with the reason, and the note that says so on the ticket queued (`outgoing`; None writes
        nothing there). False, and nothing is stored, if the case moved on or the draft is not the newest."""
        ...

    def redraft(self, case_id: str, hint: str, user: str) -> str | None:
        """Rings a REDRAFT doorbell for a HELD case; its id. None if it moved on."""
        ...

    def audit(self, user: str, action: str, subject: str, detail: str = "") -> None: ...

    def audit_log(self, limit: int = 100) -> Sequence[Mapping[str, Any]]: ...


class Users(Protocol):
    def put(self, login: str, role: str, password_hash: str) -> None: ...

    def get(self, login: str) -> Mapping[str, Any] | None:
        """login, role, password_hash; None if unknown."""
        ...

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Every user by login: login, role. A role that is none of the console's cannot sign in."""
        ...

    def start_session(self, login: str, token_hash: str, csrf: str, ttl: timedelta) -> None: ...

    def session(self, token_hash: str) -> Mapping[str, Any] | None:
        """login, role, csrf; None if unknown or expired."""
        ...

    def end_session(self, token_hash: str) -> None: ...

    def put_link(self, token_hash: str, login: str, ttl: timedelta) -> None:
        """A one-time sign-in link."""
        ...

    def use_link(self, token_hash: str) -> str | None:
        """Its login, once; None if unknown, used or expired."""
        ...
