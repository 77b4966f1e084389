"""Customers: what the customer file said at the last import, found by address, telephone or id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from worker.adapters.directory import normal_email, phone_digits
from worker.adapters.store.columns import clean
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import THIS, Room
from worker.adapters.store.schema import customer_emails, customers
from worker.errors import AlreadyRegistered
from worker.models import Customer

_BATCH = 500  # SQLite takes a limited number of values in one statement
_BY_EMAIL = Prepared(
    select(customers)
    .join(customer_emails)
    .where(customer_emails.c.email == THIS)
    .order_by(customer_emails.c.registered.desc(), customers.c.customer_id)
)


class SqlCustomers(Room):
    """`ports.ledger.Customers` over SQL."""

    def replace(self, customers: Sequence[Customer], *, moved: bool = False) -> tuple[int, int, int]:
        given = {one.customer_id: one for one in customers}
        with self.writing() as connection:
            holders = _holders(connection, given)
            if holders:
                if not moved:
                    raise AlreadyRegistered(holders)
                _take_addresses(connection, list(holders.values()))
            stored = _stored(connection, list(given))
            added = [one for one in given if one not in stored]
            changed = [one for one in given if one in stored and _as_stored(given[one]) != _as_stored(stored[one])]
            _forget(connection, changed)
            _store(connection, [given[one] for one in added + changed])
        return len(added), len(changed) + len(holders), len(given) - len(added) - len(changed)

    def by_email(self, email: str) -> Sequence[Customer]:
        """Those registered with it first."""
        if not email:
            return []
        with self.looking() as line:
            return [_to_customer(row) for row in _BY_EMAIL.all(line, {"this_row": email})]

    def by_phone(self, digits: str) -> Sequence[Customer]:
        return self._where(customers.c.phone_digits == digits) if digits else []

    def by_id(self, customer_id: str) -> Customer | None:
        return next(iter(self._where(customers.c.customer_id == customer_id)), None)

    def count(self) -> int:
        with self.reading() as connection:
            return connection.execute(select(func.count()).select_from(customers)).scalar_one()

    def _where(self, condition: ColumnElement[bool]) -> list[Customer]:
        with self.reading() as connection:
            query = select(customers).where(condition).order_by(customers.c.customer_id)
            return [_to_customer(row) for row in connection.execute(query)]


def _to_customer(row: Row[Any]) -> Customer:
    stored = {name: getattr(row, name) for name in Customer.model_fields if name != "since"}
    return Customer(**stored, since=None if row.since is None else date.fromisoformat(row.since))


def _as_stored(customer: Customer) -> dict[str, Any]:
    """A customer's row. Cleaned, so that an import is compared with what the last one could store."""
    row: dict[str, Any] = clean(customer.model_dump(mode="json"))
    return {**row, "phone_digits": phone_digits(customer.phone)}


def _batches(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]


def _stored(connection: Connection, ids: Sequence[str]) -> dict[str, Customer]:
    found: dict[str, Customer] = {}
    for some in _batches(ids):
        rows = connection.execute(select(customers).where(customers.c.customer_id.in_(some)))
        found |= {row.customer_id: _to_customer(row) for row in rows}
    return found


def _holders(connection: Connection, given: Mapping[str, Customer]) -> dict[str, str]:
    """By the id of one that is given: the one that stays and has its registered address."""
    wanted = {normal_email(one.email): one.customer_id for one in given.values() if one.email}
    found: dict[str, str] = {}
    for some in _batches(list(wanted)):
        own = (customer_emails.c.registered.is_(True), customer_emails.c.email.in_(some))
        for row in connection.execute(select(customer_emails).where(*own)):
            if row.customer_id not in given:
                found[wanted[row.email]] = row.customer_id
    return found


def _take_addresses(connection: Connection, ids: Sequence[str]) -> None:
    """Of the registered kind."""
    for some in _batches(ids):
        own = (customer_emails.c.registered.is_(True), customer_emails.c.customer_id.in_(some))
        connection.execute(delete(customer_emails).where(*own))
        connection.execute(update(customers).where(customers.c.customer_id.in_(some)).values(email=""))


def _forget(connection: Connection, ids: Sequence[str]) -> None:
    for some in _batches(ids):
        connection.execute(delete(customer_emails).where(customer_emails.c.customer_id.in_(some)))
        connection.execute(delete(customers).where(customers.c.customer_id.in_(some)))


def _store(connection: Connection, given: Sequence[Customer]) -> None:
    if not given:
        return
    connection.execute(insert(customers), [_as_stored(one) for one in given])
    addresses = [row for one in given for row in _addresses(one)]
    if addresses:
        connection.execute(insert(customer_emails), addresses)


def _addresses(customer: Customer) -> list[dict[str, Any]]:
    registered = normal_email(customer.email)
    all_ = {normal_email(one): False for one in customer.alternate_emails} | {registered: True}
    return [
        {"email": email, "customer_id": customer.customer_id, "registered": own} for email, own in all_.items() if email
    ]
