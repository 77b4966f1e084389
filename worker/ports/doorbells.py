"""What rings: a webhook, the poller, a lead. Each is kept until a worker has done what it asks for.

ports/ledger.py says what epochs and leases are, and what any method raises.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from worker.models import Doorbell, Ring


class Doorbells(Protocol):
    def ring(
        self, ring: Ring, ticket_id: int | None, *, raw: bytes = b"", case_id: str | None = None, hint: str = ""
    ) -> str:
        """Commits and returns the doorbell's id. With ticket_id None it is kept, but there is nothing to claim."""
        ...

    def claim(self, doorbell_id: str, lease: timedelta) -> Doorbell | None:
        """The doorbell with its epoch raised, if it is waiting and due, or its lease has run out (then whoever had it
        counts as dead: `deaths` + 1). Else None."""
        ...

    def renew(self, doorbell_id: str, epoch: int, lease: timedelta) -> bool:
        """A new lease, from now on, for the doorbell and for the OPEN case that it opened: drafting takes longer. False
        if somebody else has claimed it, or it was given back."""
        ...

    def finish(self, doorbell_id: str, epoch: int, outcome: str) -> bool:
        """Nothing more to do. `outcome`: a word for ops ("case", "nothing new", "another doorbell has it")."""
        ...

    def park(self, doorbell_id: str, epoch: int, after: timedelta, reason: str, *, failed: bool) -> bool:
        """Give the lease back, due again after `after`; `failed` counts as a try (an outage does not)."""
        ...

    def due(self, limit: int) -> Sequence[str]:
        """Ids that are waiting and due, or whose lease has run out; oldest first."""
        ...

    def announced(self, since: timedelta) -> Collection[str]:
        """Ids that a webhook rang no longer than `since` ago and that nobody has claimed yet: it has told the queue of
        them as well."""
        ...

    def late(self, doorbell_ids: Sequence[str]) -> timedelta:
        """For how long the one of these that has been due longest has been due; zero for none."""
        ...

    def unreadable(self, limit: int) -> Sequence[tuple[str, datetime, bytes]]:
        """Kept payloads that named no ticket: (id, received_at, raw)."""
        ...

    def poll_mark(self) -> datetime | None:
        """Up to where the poller has read; None before its first run."""
        ...

    def set_poll_mark(self, mark: datetime) -> None: ...

    def note_sweep(self) -> None:
        """The dispatcher has just looked at everything that was due."""

    def last_sweep(self) -> datetime | None: ...

    def since_sweep(self) -> timedelta | None:
        """How long ago that was by the ledger's own clock, which need not go as ours does. None: never yet."""

    def seen(self, ticket_id: int, updated_at: datetime) -> bool:
        """Whether a doorbell for this ticket was received at or after `updated_at`, or waits for a worker that has yet
        to read the thread."""
        ...
