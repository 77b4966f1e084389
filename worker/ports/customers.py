"""What we need of the ledger about the customer file, which somebody imports as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from worker.models import Customer


class Customers(Protocol):
    """Also implements world.Directory's look-ups through adapters/directory.py."""

    def replace(self, customers: Sequence[Customer], *, moved: bool = False) -> tuple[int, int, int]:
        """Idempotent import in one transaction: (added, changed, unchanged). Customers not in the list stay.

        AlreadyRegistered, and nothing is imported, where one of those that stay has the registered address of one in
        the list: an address that two have verifies neither. With `moved` it is taken from whoever stays, and
        they count as changed."""
        ...

    def by_email(self, email: str) -> Sequence[Customer]:
        """Registered or alternate; `email` already normalised."""
        ...

    def by_phone(self, digits: str) -> Sequence[Customer]:
        """`digits`: the last ten digits of the number."""
        ...

    def by_id(self, customer_id: str) -> Customer | None: ...

    def count(self) -> int: ...
