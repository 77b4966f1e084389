"""Whose tickets a ledger is about: an account's, or those that a sandbox made up.

A sandbox counts its tickets from 1 as every account does, so that the ledger of one would answer the customers of the
other with words that were never meant for them. Bootstrap asks when a ledger is opened, backup.py before it restores.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import select

from worker.adapters.store.columns import clock
from worker.adapters.store.room import Room, upsert
from worker.adapters.store.schema import marks
from worker.errors import BadConfiguration


class Belongs(StrEnum):
    """Their values are names of marks."""

    SANDBOX = "belongs to a sandbox"
    ACCOUNT = "belongs to an account"


_REFUSALS = {
    Belongs.SANDBOX: (
        "{ledger} was filled by a sandbox (`make run` without FRESHDESK_URL): its tickets are not those of your"
        " Freshdesk account, and its replies would go to the wrong people. Let DATABASE_URL (or DATA_DIR) name the"
        " account's own ledger, or an empty database, or restore a backup of the account's own ledger."
    ),
    Belongs.ACCOUNT: (
        "{ledger} belongs to a Freshdesk account, and FRESHDESK_URL is a sandbox on this machine: it would be filled"
        " with made-up tickets. Let DATABASE_URL (or DATA_DIR) name an empty database for the sandbox."
    ),
}


class Belonging(Room):
    """The mark that a ledger has from the first time that a process opened it for a Freshdesk."""

    def claim(self, whose: Belongs) -> None:
        """Says whose the ledger is if nobody has yet. BadConfiguration if it is the other's; or trouble."""
        self.check(whose)
        if not self._said():
            with self.writing() as connection:
                row = upsert(connection.dialect.name, marks).values(name=whose.value, at=clock())
                connection.execute(row.on_conflict_do_nothing())

    def check(self, whose: Belongs) -> None:
        """The same refusal, and nothing is said."""
        if others := self._said() - {whose.value}:
            raise refusal(Belongs(others.pop()), self._engine.url.render_as_string(hide_password=True))

    def _said(self) -> set[str]:
        with self.reading() as connection:
            return set(connection.execute(select(marks.c.name).where(marks.c.name.in_(list(Belongs)))).scalars())


def refusal(whose: Belongs, ledger: str) -> BadConfiguration:
    """Why a ledger that is `whose` is of no use to the other. `ledger`: what it is called, without a password."""
    return BadConfiguration(_REFUSALS[whose].format(ledger=f"The ledger {ledger}"))


def is_a_sandboxes(connection: Any) -> bool:
    """Of a SQLite file that the driver alone has open."""
    found = connection.execute("SELECT 1 FROM marks WHERE name = ?", (Belongs.SANDBOX.value,))
    return found.fetchone() is not None
