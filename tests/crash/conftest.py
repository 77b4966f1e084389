"""The databases of the contract tests, here too; one sandbox for all tests; and processes that start quickly."""

import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import postgres, sql_url, sqlite_template
from tests.sandbox_server import RunningSandbox, running_sandbox

__all__ = ["postgres", "sql_url", "sqlite_template"]


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(scope="package", autouse=True)
def forks() -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.crash.preload"])


@pytest.fixture(scope="package")
def shared() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: RunningSandbox) -> Iterator[RunningSandbox]:
    """Without the tickets of earlier stories: whoever polls would answer each of them once more."""
    world = shared.state.world
    with world.lock:
        world.tickets.clear()
        world._tickets_of.clear()
    yield shared
    shared.all_well()
