"""What an earlier release left in the ledger, and what a migration makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from tests.builders import NOON
from tests.contract.steps import posting
from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.engine import open_engine, writing
from worker.adapters.store.migrations import _config, applied_versions, newest_version
from worker.adapters.store.migrations.versions import reminder_0001
from worker.errors import BadConfiguration
from worker.models import Posted, Promise, SendKind
from worker.ports import Outgoing, Sieve
from worker.support.desk import Policy
from worker.support.outgoing import Tags, promise_note, taken_note

COLUMNS = (
    "case_id, ticket_id, message_key, status, epoch, lease_until, opened_by, subject, requester_id, requester_email,"
    " strength, segments, template_id, priority, reasons, draft_id, opened_at, moved_at"
)
REMINDED = "<p><b>This ticket was resolved, but not all that we promised on it is marked as kept.</b></p>"
ROWS = """
    ('c1', 7, 'ticket', 'held', 1, 0, 'd1', 'My Money', 5, 'Asha@example.com', 'verified', '["IM"]', 'fees', 1, '[]',
     'f1', 1000, 1000),
    ('c2', 8, 'ticket', 'held', 1, 0, 'd2', 'Other', 5, 'b@example.com', 'unknown', '[]', '', 4, '[]', NULL, 2000, 2000)
"""


def test_drafts_that_waited_before_are_ordered_sifted_and_found(tmp_path: Path) -> None:
    from alembic import command

    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = open_engine(url)
    with writing(engine) as connection:
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


def test_a_ledger_of_a_newer_release_is_refused_by_its_name_and_left_as_it_is(sql_url: str) -> None:
    engine = open_engine(sql_url)

    def say(version: str) -> None:
        with writing(engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    say("9999")
    try:
        with pytest.raises(BadConfiguration) as refused:
            migrate(sql_url)
        assert applied_versions(sql_url) == {"9999"}
    finally:
        say(newest_version())  # the server's database is other tests' too
        engine.dispose()

    [said] = refused.value.problems
    assert said.endswith(" comes from a newer release (schema 9999): update first")
    assert (str(engine.url.database) in said) or engine.dialect.name != "sqlite"
    assert ("PostgreSQL at" in said) or engine.dialect.name == "sqlite"


def test_what_colleagues_were_reminded_of_before_they_are_not_reminded_of_again(sql_url: str) -> None:
    ledger, words = open_ledger(sql_url), "We will call you."
    reminder = promise_note([words], Policy())
    before = Outgoing(kind=SendKind.HANDOVER_NOTE, body_html=f"{REMINDED}<ul><li>{words}</li></ul>", body_hash="n")
    promised = []
    for ticket_id, note in ((1, before), (2, taken_note("maya", Tags()))):
        reply = posting(ledger, ticket_id)
        promise = Promise(act="call", words=words, due=None, period="")
        assert ledger.sends.posted(reply.send_id, reply.epoch, Posted(remote_id="9", at=NOON), [promise])
        assert ledger.sends.add_note(reply.case_id, note) is not None
        promised.append(reply.case_id)

    with ledger.writing() as connection, Operations.context(MigrationContext.configure(connection)):
        reminder_0001.upgrade()

    reminded, taken = promised
    assert ledger.sends.add_note(reminded, reminder) is None
    assert ledger.sends.add_note(taken, reminder) is not None
    ledger.close()
