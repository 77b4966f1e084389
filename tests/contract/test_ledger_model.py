"""The ledger under every order of events that hypothesis thinks of; what is played and checked is ledger_machine.py.

The examples are the same in each run, so that a failure in CI is the failure that a developer sees.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.conftest import empty
from tests.contract.ledger_machine import LedgerMachine
from tests.contract.ledger_world import Clock
from tests.postgres import PostgresServer
from worker.adapters.memory import MemoryLedger
from worker.adapters.store import open_ledger
from worker.models import SendState, Status
from worker.ports import Ledger


def play(opened: Any, examples: int, steps: int) -> set[Any]:
    """Every state that a case or a send got into."""

    class Machine(LedgerMachine):
        reached: ClassVar[set[Any]] = set()

        def teardown(self) -> None:
            try:
                self.check_the_end()
            finally:
                super().teardown()

    Machine.opened = staticmethod(opened)
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=slow,
            database=None,
            derandomize=True,
        ),
    )
    return Machine.reached


def test_the_ledger_in_memory_keeps_its_promises_in_any_order_of_events() -> None:
    def opened() -> tuple[Ledger, Any]:
        clock = Clock()
        return MemoryLedger(clock), clock

    reached = play(opened, examples=200, steps=60)

    assert reached == {*Status, *SendState}, "the machine gets about"


def test_the_ledger_in_sqlite_keeps_its_promises_in_any_order_of_events(sqlite_template: Path, tmp_path: Path) -> None:
    def opened() -> tuple[Ledger, Any]:
        path = Path(tempfile.mkdtemp(dir=tmp_path)) / "ledger.db"
        shutil.copy(sqlite_template, path)
        return open_ledger(f"sqlite:///{path}"), None

    play(opened, examples=15, steps=40)


@pytest.mark.postgres
def test_the_ledger_in_postgresql_keeps_its_promises_in_any_order_of_events(postgres: PostgresServer) -> None:
    def opened() -> tuple[Ledger, Any]:
        empty(postgres)
        return open_ledger(postgres.url()), None

    play(opened, examples=6, steps=40)
