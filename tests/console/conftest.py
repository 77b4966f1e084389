"""A ledger of its own for every test of the console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.seed import a_ledger
from worker.adapters.store.ledger import SqlLedger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()
