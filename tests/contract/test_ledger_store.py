"""The store: migrations, its settings, its speed, and how its troubles are told. SQLite and PostgreSQL only."""

from __future__ import annotations

import fcntl
import multiprocessing
import re
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, text

from tests.builders import a_customer
from tests.contract.steps import held
from tests.postgres import PostgresServer
from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.columns import new_id
from worker.adapters.store.engine import journal_mode, open_engine, writing
from worker.adapters.store.migrations import _LOCK
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.schema import METADATA, cases, customers, sends
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.models import Ring
from worker.ports import Sieve

SECRET = "asha@example.com"


def described(connection: Connection) -> list[tuple[Any, ...]]:
    """Every table, column, index and constraint, as the database itself describes it."""
    if connection.dialect.name == "sqlite":
        queries = ["SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%'"]
    else:
        queries = [
            "SELECT table_name, column_name, data_type, is_nullable, column_default, ordinal_position "
            "FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace",
        ]
    rows = [tuple(row) for query in queries for row in connection.execute(text(query))]
    return sorted((row for row in rows if not str(row).count("alembic_version")), key=str)


def test_the_migrated_schema_is_the_one_in_the_code_on_sqlite(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'migrated.db'}")
    migrated, created = (open_engine(f"sqlite:///{tmp_path / name}.db") for name in ("migrated", "created"))
    METADATA.create_all(created)

    with migrated.connect() as one, created.connect() as other:
        assert [_unspaced(row) for row in described(one)] == [_unspaced(row) for row in described(other)]


def _unspaced(row: tuple[Any, ...]) -> list[str]:
    """Without white space; column by column, since SQLite writes one that was added behind the constraints."""
    return sorted(
        re.split(r",(?![^()]*\))", "".join(str(row).replace("\\n", "").replace("\\t", "").split()).strip("()'"))
    )


@pytest.mark.postgres
def test_the_migrated_schema_is_the_one_in_the_code_on_postgresql(postgres: PostgresServer) -> None:
    with open_engine(postgres.url()).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS created"))
        connection.execute(text("CREATE DATABASE created"))
    created = open_engine(postgres.url("created"))
    METADATA.create_all(created)

    with open_engine(postgres.url()).connect() as one, created.connect() as other:
        assert described(one) == described(other)


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}"

    _migrate_at_once(url)

    open_ledger(url).writable()


def test_a_migration_waits_for_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    second = threading.Thread(target=migrate, args=(f"sqlite:///{path}",))
    with (tmp_path / "ledger.db.lock").open("a") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert not path.exists(), "two that switch a new file to WAL at once get in each other's way"

    second.join()
    assert path.exists()


@pytest.mark.postgres
def test_a_migration_waits_for_the_one_before_it_on_postgresql(postgres: PostgresServer) -> None:
    second = threading.Thread(target=migrate, args=(postgres.url(),))
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with open_engine(postgres.url()).begin() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        second.start()
        while second.is_alive() and not first.execute(waiting).scalar():
            pass
        assert second.is_alive()

    second.join()


@pytest.mark.postgres
def test_several_processes_may_migrate_one_postgresql_at_once(postgres: PostgresServer) -> None:
    with open_engine(postgres.url()).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS fresh"))
        connection.execute(text("CREATE DATABASE fresh"))

    _migrate_at_once(postgres.url("fresh"))

    ledger = open_ledger(postgres.url("fresh"))
    ledger.writable()
    ledger.close()


def _migrate_at_once(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=migrate, args=(url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_migrating_again_keeps_what_is_there(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 1)

    migrate(sql_url)

    assert ledger.doorbells.due(1) == [doorbell_id]
    ledger.close()


def test_sqlite_is_set_to_keep_what_it_has_committed(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")

    with engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


def test_a_write_of_one_statement_is_a_transaction_by_itself_and_keeps_the_others_waiting_for_no_more(
    tmp_path: Path,
) -> None:
    url, said = f"sqlite:///{tmp_path / 'ledger.db'}", list[str]()
    migrate(url)
    with closing(open_ledger(url)) as ledger, closing(open_ledger(url)) as other:
        event.listen(
            ledger._engine, "connect", lambda to, _: to.set_trace_callback(lambda words: said.append(words.split()[0]))
        )
        doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 7)
        ledger.doorbells.claim(doorbell_id, timedelta(minutes=1))
        assert other.doorbells.claim(doorbell_id, timedelta(minutes=1)) is None
        assert ledger.doorbells.finish(doorbell_id, 1, "done")
        assert other.doorbells.due(10) == []
    assert said == ["BEGIN", "INSERT", "COMMIT", "PRAGMA", "UPDATE", "UPDATE"]


def test_a_single_look_begins_nothing_and_whoever_looks_twice_sees_one_state(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    count = text("SELECT count(*) FROM customers")
    with closing(open_ledger(url)) as ledger, closing(open_ledger(url)) as another:
        told: list[str] = []
        with ledger.cases.looking() as line:
            line.connection.set_trace_callback(told.append)
            assert Prepared(select(func.count()).select_from(customers)).scalar(line, {}) == 0
        assert [words.split() for words in told] == [["SELECT", "count(*)", "AS", "count_1", "FROM", "customers"]]
        with ledger.cases.reading() as connection:
            before = connection.execute(count).scalar()
            another.customers.replace([a_customer()])
            assert connection.execute(count).scalar() == before == 0


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "TRUNCATE"), ((3, 51, 2), "TRUNCATE"), ((3, 51, 3), "WAL"), ((3, 53, 4), "WAL")],
)
def test_a_sqlite_that_can_corrupt_a_wal_file_gets_none(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


@pytest.mark.parametrize("url", ["mysql://u:hunter2@host/db", "sqlite://", "postgresql+asyncpg://u:hunter2@h/db", "?"])
def test_an_unusable_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadConfiguration, match="DATABASE_URL") as refused:
        open_ledger(url)
    assert "hunter2" not in str(refused.value)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadConfiguration, match=r"file/ledger\.db"):
        migrate(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")


def test_a_locked_sqlite_is_trouble_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    monkeypatch.setattr("worker.adapters.store.engine._BUSY_SECONDS", 0)
    ledger = open_ledger(url)
    with writing(open_engine(url)) as other:
        other.execute(text("SELECT 1"))
        with pytest.raises(Retryable, match="cannot now") as locked:
            ledger.writable()

    assert locked.value.part == "ledger"
    ledger.writable()


def test_a_postgresql_out_of_reach_is_trouble_that_passes(tmp_path: Path) -> None:
    with pytest.raises(Retryable):
        open_ledger(f"postgresql+psycopg://u:hunter2@/db?host={tmp_path}").ping()


@pytest.mark.postgres
def test_a_connection_that_was_cut_is_replaced(postgres: PostgresServer) -> None:
    ledger, ops = open_ledger(postgres.url()), open_engine(postgres.url())
    ledger.ping()
    with ops.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))

    assert ledger.ping().startswith("PostgreSQL")
    ledger.close()
    ops.dispose()


@pytest.mark.postgres
def test_a_connection_that_is_cut_in_the_middle_of_a_look_is_trouble_that_passes(postgres: PostgresServer) -> None:
    with closing(open_ledger(postgres.url())) as ledger:
        with pytest.raises(Retryable), ledger.cases.looking() as line:
            Prepared(select(func.pg_terminate_backend(func.pg_backend_pid()))).scalar(line, {})
        assert ledger.cases.get("c1") is None


@pytest.mark.postgres
def test_a_read_only_postgresql_is_trouble_that_passes(postgres: PostgresServer) -> None:
    ledger = open_ledger(postgres.url() + "&options=-c%20default_transaction_read_only%3Don")
    assert ledger.ping()
    with pytest.raises(Retryable):
        ledger.writable()
    ledger.close()


def test_a_missing_table_is_trouble_that_stays(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="refused"):
        open_ledger(f"sqlite:///{tmp_path / 'empty.db'}").cases.counts()


def test_troubles_quote_no_rows(sql_url: str) -> None:
    ledger = open_ledger(sql_url)

    with pytest.raises(Permanent) as refused:
        ledger.doorbells.ring(Ring.REDRAFT, 2**70, hint=SECRET)

    assert SECRET not in str(refused.value)
    assert str(2**70) not in str(refused.value)
    assert refused.value.__suppress_context__
    ledger.close()


def test_a_row_that_does_not_read_is_trouble_without_its_contents(sql_url: str) -> None:
    ledger, engine = open_ledger(sql_url), open_engine(sql_url)
    case = held(ledger)
    with engine.begin() as connection:
        connection.execute(text("UPDATE snapshots SET thread = :odd"), {"odd": f'{{"from_later": "{SECRET}"}}'})

    with pytest.raises(Permanent, match="another version") as refused:
        ledger.cases.thread(case.case_id)

    assert SECRET not in str(refused.value)
    ledger.close()
    engine.dispose()


def test_a_row_that_does_not_read_is_in_the_way_of_no_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    with closing(open_ledger(url)) as ledger, closing(open_ledger(url)) as another:
        for key in ("ticket", "c1", "c2"):
            held(ledger, 1, key)
        with another.cases.writing() as connection:
            connection.execute(text("UPDATE cases SET status = 'from_later'"))
        try:
            ledger.cases.of_ticket(1)
        except Permanent:
            another.doorbells.ring(Ring.WEBHOOK, 1)
            assert ledger.doorbells.ring(Ring.WEBHOOK, 2)
            return
    pytest.fail("a status that only another version knows was read")


def test_the_database_itself_refuses_a_second_live_reply(sql_url: str) -> None:
    ledger, engine = open_ledger(sql_url), open_engine(sql_url)
    case = held(ledger, 42)
    reply = {"case_id": case.case_id, "ticket_id": 42, "message_key": "ticket", "kind": "reply", "body_html": "",
             "body_hash": "", "change": {}, "queued_at": 0.0, "due_at": 0.0}  # fmt: skip

    def add(state: str) -> None:
        with engine.begin() as connection:
            connection.execute(insert(sends).values(send_id=new_id("s"), state=state, **reply))

    add("dropped")
    add("stranded")
    add("dropped")
    with pytest.raises(Exception, match=r"(?i)unique"):
        add("queued")
    ledger.close()
    engine.dispose()


def test_a_page_of_ten_thousand_held_drafts_is_read_through_the_index(sql_url: str) -> None:
    ledger, engine = open_ledger(sql_url), open_engine(sql_url)
    _hold_many(engine, 10_000)
    seen: list[tuple[str, Any]] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda *call: seen.append((call[2], call[3])))

    page = ledger.reviews.held(limit=50, offset=5_000)

    assert [row.case.ticket_id for row in page] == list(range(5_000, 5_050))
    assert ledger.reviews.held_count() == 10_000
    statement, parameters = next(call for call in seen if "LIMIT" in call[0])
    explain = "EXPLAIN QUERY PLAN " if sql_url.startswith("sqlite") else "EXPLAIN "
    with engine.connect() as connection:
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))
    assert "ix_cases_queue" in plan, plan
    ledger.close()
    engine.dispose()


def test_the_filters_of_ten_thousand_held_drafts_are_counted_in_an_index_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    ledger, engine = open_ledger(url), open_engine(url)
    _hold_many(engine, 10_000)
    seen: list[tuple[str, Any]] = []
    event.listen(ledger._engine, "before_cursor_execute", lambda *call: seen.append((call[2], call[3])))

    assert ledger.reviews.facets()["strength"] == {"unknown": 10_000}

    ledger.reviews.facets(Sieve(segment="IM", template="fees", finding="exact", strength="verified"))

    counted = [call for call in seen if "GROUP BY" in call[0]]
    assert len(counted) == 2
    with engine.connect() as connection:
        for statement, parameters in counted:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
            assert plan.count("COVERING INDEX ix_cases_facets") == 4, plan
    ledger.close()
    engine.dispose()


def _hold_many(engine: Any, count: int) -> None:
    row = {"message_key": "ticket", "status": "held", "epoch": 1, "opened_by": "d", "subject": "", "requester_id": 1,
           "requester_email": "", "strength": "unknown", "segments": [], "template_id": "", "reasons": []}  # fmt: skip
    rows = [
        {"case_id": f"c{n:05}", "ticket_id": n, "priority": 4 - n * 4 // count, "opened_at": n, "moved_at": n, **row}
        for n in range(count)
    ]
    with engine.begin() as connection:
        connection.execute(insert(cases), rows)
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE cases"))


def test_ids_are_short_and_sort_in_the_order_of_their_making() -> None:
    ids = [new_id("c") for _ in range(1000)]

    assert ids == sorted(set(ids))
    assert len(ids[0]) == 22


def test_an_import_that_fails_half_way_changes_nothing(sql_url: str) -> None:
    ledger, engine = open_ledger(sql_url), open_engine(sql_url)
    ledger.customers.replace([a_customer("C-1")])
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE customer_emails RENAME TO gone"))

    with pytest.raises(Permanent):
        ledger.customers.replace([a_customer("C-2")])

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO customer_emails"))
    assert ledger.customers.count() == 1
    ledger.close()
    engine.dispose()
