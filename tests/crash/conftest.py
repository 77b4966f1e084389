"""The databases of the contract tests, here too."""

import shutil
from pathlib import Path

import pytest

from tests.contract.conftest import postgres, sql_url, sqlite_template

__all__ = ["postgres", "sql_url", "sqlite_template"]


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path / 'ledger.db'}"
