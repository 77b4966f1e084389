"""An empty SQLite ledger for a test: migrated once in each process, and copied from then on.

Migrating a new file costs a fourteenth of a second of computing, and hundreds of tests want one. The migrations
themselves are the story of tests/contract/test_ledger_migration.py and test_ledger_store.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from worker.adapters.store.migrations import migrate


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def empty_ledger(path: Path) -> str:
    """Its URL. `path` must not be there yet; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as new:
        new.write(_migrated())
    return f"sqlite:///{path}"
