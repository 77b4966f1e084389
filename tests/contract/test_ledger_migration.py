"""Cases from before the console could sift and search: a migration brings them into the queue as they are."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.engine import WRITES, open_engine
from worker.adapters.store.migrations import _config
from worker.ports import Sieve

COLUMNS = (
    "case_id, ticket_id, message_key, status, epoch, lease_until, opened_by, subject, requester_id, requester_email,"
    " strength, segments, template_id, priority, reasons, draft_id, opened_at, moved_at"
)
ROWS = """
    ('c1', 7, 'ticket', 'held', 1, 0, 'd1', 'My Money', 5, 'Asha@example.com', 'verified', '["IM"]', 'fees', 1, '[]',
     'f1', 1000, 1000),
    ('c2', 8, 'ticket', 'held', 1, 0, 'd2', 'Other', 5, 'b@example.com', 'unknown', '[]', '', 4, '[]', NULL, 2000, 2000)
"""


def test_drafts_that_waited_before_are_ordered_sifted_and_found(tmp_path: Path) -> None:
    from alembic import command

    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = open_engine(url)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(text(f"INSERT INTO cases ({COLUMNS}) VALUES {ROWS}"))
        connection.execute(text("INSERT INTO drafts VALUES ('f1', 'c1', 1, 'h', '[\"exact\"]', '{}', '{}', 1000)"))
    engine.dispose()

    migrate(url)

    ledger = open_ledger(url)
    rows = ledger.reviews.held()
    assert [(row.case.case_id, row.findings, row.late) for row in rows] == [("c2", (), True), ("c1", ("exact",), True)]
    for sieve in (Sieve(words="my money asha@example.com"), Sieve(finding="exact"), Sieve(segment="IM")):
        assert [row.case.case_id for row in ledger.reviews.held(sieve=sieve)] == ["c1"]
    ledger.close()
