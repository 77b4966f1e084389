"""What we need of the ledger about promises: those that went out to customers, until somebody says that they are kept.

They come in with `Sends.posted`, in the commit that says that the reply is at the helpdesk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from worker.models import MadePromise


class Promises(Protocol):
    def open(self, limit: int, offset: int = 0) -> Sequence[MadePromise]:
        """Not kept yet; the one due first comes first, those without a day last, among equals the older first."""
        ...

    def count_open(self) -> int: ...

    def of_ticket(self, ticket_id: int) -> Sequence[MadePromise]:
        """All that were made on a ticket, kept ones too, in the order in which they were made."""
        ...

    def kept(self, promise_id: str, user: str) -> bool:
        """Somebody says that it is kept; recorded with their login. False where it was already, or there is none."""
        ...
