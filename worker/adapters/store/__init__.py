"""The ledger in SQLite or PostgreSQL. Bootstrap and scripts take these two; the rest is its own business."""

from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate

__all__ = ["SqlLedger", "migrate", "open_ledger"]
