"""Customers in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

from worker.adapters.directory import normal_email, phone_digits
from worker.adapters.memory.state import cleaned
from worker.errors import AlreadyRegistered
from worker.models import Customer


class MemoryCustomers:
    """`ports.ledger.Customers`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[str, Customer] = {}

    def replace(self, customers: Sequence[Customer], *, moved: bool = False) -> tuple[int, int, int]:
        given = {one.customer_id: one for one in map(cleaned, customers)}
        with self._lock:
            holders = self._holders(given)
            if holders:
                if not moved:
                    raise AlreadyRegistered(holders)
                self._rows |= {other: self._rows[other].model_copy(update={"email": ""}) for other in holders.values()}
            added = given.keys() - self._rows.keys()
            changed = {one for one in given.keys() & self._rows.keys() if given[one] != self._rows[one]}
            self._rows |= given
        return len(added), len(changed) + len(holders), len(given) - len(added) - len(changed)

    def _holders(self, given: Mapping[str, Customer]) -> dict[str, str]:
        wanted = {normal_email(one.email): one.customer_id for one in given.values() if one.email}
        staying = [one for one in self._rows.values() if one.customer_id not in given]
        return {
            wanted[email]: one.customer_id
            for one in staying
            if one.email and (email := normal_email(one.email)) in wanted
        }

    def _all(self) -> list[Customer]:
        with self._lock:
            return [self._rows[customer_id] for customer_id in sorted(self._rows)]

    def by_email(self, email: str) -> Sequence[Customer]:
        if not email:
            return []
        registered = [one for one in self._all() if normal_email(one.email) == email]
        alternate = [one for one in self._all() if email in map(normal_email, one.alternate_emails)]
        return registered + [one for one in alternate if one not in registered]

    def by_phone(self, digits: str) -> Sequence[Customer]:
        return [one for one in self._all() if digits and phone_digits(one.phone) == digits]

    def by_id(self, customer_id: str) -> Customer | None:
        return self._rows.get(customer_id)

    def count(self) -> int:
        return len(self._rows)
