"""A ledger of its own for every test of the console, and passwords that are cheap to hash."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.console.seed import a_ledger
from worker.adapters.store.ledger import SqlLedger
from worker.console import people


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
