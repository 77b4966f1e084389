"""Tickets that make whoever works on them fail, each in its own way; and mails that no program likes to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.answering import QUESTION, answering
from worker.adapters.directory import LedgerDirectory
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.models import Customer
from worker.ports import Helpdesk
from worker.support.desk import Desk, Policy

ERRORS: dict[str, type[BaseException]] = {
    error.__name__.lower(): error
    for error in (ValueError, MemoryError, SystemExit, RecursionError, KeyboardInterrupt, GeneratorExit)
}
MEGABYTE = 1_000_000
MAILS = {
    "a megabyte of words": f"<p>{QUESTION} {'and so on ' * (MEGABYTE // 10)}</p>",
    "a megabyte in one word": f"<p>{QUESTION} {'a' * MEGABYTE}</p>",
    "twenty thousand nested elements": f"<p>{QUESTION}</p>" + "<div>" * 20_000,
    "NULs": f"<p>\x00{QUESTION}\x00</p>",
    "lone surrogates": f"<p>\ud800{QUESTION}\udfff</p>",
}


def venomous(error: str) -> str:
    """The address of a customer whose look-up ends in that error."""
    return f"{error}@venom.example"


class VenomousDirectory(LedgerDirectory):
    def by_email(self, email: str) -> Sequence[tuple[Customer, bool]]:
        name, _, host = email.partition("@")
        if host == "venom.example":
            raise ERRORS[name]
        return super().by_email(email)


@contextmanager
def a_venomous_desk(url: str, helpdesk: Helpdesk) -> Iterator[tuple[Desk, SqlLedger]]:
    """It answers by itself; the ledger at `url` must have its tables."""
    ledger = open_ledger(url)
    absent: Any = None
    policy = Policy(delivery="auto", gate_open=True)
    bare = Desk(helpdesk, ledger, absent, absent, absent, None, absent, policy, lambda: datetime.now(UTC))
    try:
        yield replace(answering(bare, ledger), directory=VenomousDirectory(ledger.customers)), ledger
    finally:
        ledger.close()
