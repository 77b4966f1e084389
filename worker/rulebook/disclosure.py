"""The table of rules/guards.yaml that says what of a customer's record may be told to whom, by field and by how sure we
are of who wrote.

It decides twice: what of the record reaches the prompt (support/facts.py), and what may stand in a reply
(support/guard/personal.py). Its bounds are in code: no rules file can open a record to somebody who is not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from worker.models import Strength
from worker.rulebook.spelling import meant
from worker.rulebook.written import Written, wrong

FIELDS = ("first_name", "name", "customer_id", "email", "alternate_emails", "phone", "since")


class Telling(StrEnum):
    """How much of a value may be told."""

    IN_FULL = "in_full"
    LAST_FOUR = "last_four"
    NEVER = "never"


class Row(Written):
    """One field, for each way of being sure of a customer."""

    verified: Telling
    linked: Telling
    claimed: Telling
    unknown: Telling

    def to(self, strength: Strength) -> Telling:
        told: Telling = getattr(self, strength.value)
        return told


def _proven_only(row: Row) -> Row:
    if open_to := [s for s in Strength if s is not Strength.VERIFIED and row.to(s) is not Telling.NEVER]:
        raise wrong(f'a customer who is only "{open_to[0]}" is not proven to be this one: write "{open_to[0]}: never"')
    return row


def _greeting(row: Row) -> Row:
    """The first name may greet a linked customer too: it is what their contact is called anyway."""
    if open_to := [s for s in (Strength.CLAIMED, Strength.UNKNOWN) if row.to(s) is not Telling.NEVER]:
        raise wrong(f'"{open_to[0]}" is no proof of anything: write "{open_to[0]}: never"')
    return row


def _whole(row: Row) -> Row:
    if Telling.LAST_FOUR in (row.verified, row.linked):
        raise wrong("four characters of this say nothing: write in_full or never")
    return row


def _column(name: str) -> str:
    if name in FIELDS:
        raise wrong(f'"{name}" is no further column: it stands above "columns" already')
    if near := meant(name, FIELDS):
        raise wrong(f'"{name}" is too much like a field of every customer.{near} Name the column differently')
    return name


_Proven = Annotated[Row, AfterValidator(_proven_only)]
_Words = Annotated[_Proven, AfterValidator(_whole)]
_Greeting = Annotated[Row, AfterValidator(_greeting), AfterValidator(_whole)]
_Column = Annotated[str, AfterValidator(_column)]


class Disclosure(Written):
    """`columns`: further columns of customers.csv by name; `other_columns`: those that are not listed there."""

    first_name: _Greeting
    name: _Words
    customer_id: _Proven
    email: _Words
    alternate_emails: _Words
    phone: _Proven
    since: _Words
    columns: Mapping[_Column, _Proven] = {}
    other_columns: _Proven

    def told(self, name: str, strength: Strength) -> Telling:
        """How much of that field or column may be told to somebody of whom we are so sure."""
        row: Row = getattr(self, name) if name in FIELDS else self.columns.get(name, self.other_columns)
        return row.to(strength)

    def withheld(self, strength: Strength, columns: Iterable[str] = ()) -> tuple[str, ...]:
        """The fields, and of these columns those, that may not be told in full."""
        return tuple(n for n in (*FIELDS, *columns) if self.told(n, strength) is not Telling.IN_FULL)
