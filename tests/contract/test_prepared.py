"""Prepared statements and the connections that they run on, beside what SQLAlchemy itself makes of the same."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, delete, event, func, insert, select, update

from tests.builders import a_customer, a_draft
from tests.contract.steps import LEASE, approved, claimed, held, opened, posting
from tests.postgres import PostgresServer
from tests.stack.running import wait_until
from worker.adapters.store import SqlLedger, open_ledger
from worker.adapters.store.engine import open_engine
from worker.adapters.store.lines import MOST
from worker.adapters.store.prepared import Prepared
from worker.adapters.store.room import add_doorbells, doorbell_values
from worker.adapters.store.schema import METADATA, cases, customer_emails, customers, doorbells
from worker.errors import Permanent, Retryable
from worker.models import Ring


@pytest.fixture
def sqlite_ledger(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlLedger]:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(open_ledger(f"sqlite:///{path}")) as opened_one:
        yield opened_one


@pytest.fixture
def ledger(sql_url: str) -> Iterator[SqlLedger]:
    with closing(open_ledger(sql_url)) as opened_one:
        yield opened_one


def test_every_table_reads_as_sqlalchemy_reads_it(ledger: SqlLedger) -> None:
    """JSON, bytes, yes and no, nothing, and numbers of any size, in each column that there is."""
    ledger.customers.replace([a_customer("C-1", segments=("IM", "IM+"), facts={"tier": "gold"}), a_customer("C-2")])
    ledger.doorbells.ring(Ring.WEBHOOK, None, raw=b"\x00\xff no ticket")
    ledger.doorbells.ring(Ring.WEBHOOK, 2**53 + 1, hint="“why”")
    held(ledger, 1, draft=a_draft())
    posting(ledger, 2)
    filled = 0
    for table in METADATA.sorted_tables:
        with ledger.cases.reading() as connection:
            expected = [tuple(row) for row in connection.execute(select(table))]
        with ledger.cases.looking() as line:
            rows = Prepared(select(table)).all(line, {})
        assert [tuple(row) for row in rows] == expected
        assert all(getattr(row, name) == row[at] for row in rows for at, name in enumerate(table.columns.keys()))
        filled += bool(rows)
    assert filled >= 9


def test_every_value_is_stored_as_sqlalchemy_stores_it(ledger: SqlLedger) -> None:
    row = {"ring": Ring.REDRAFT, "ticket_id": 7, "hint": "a\x00b", "raw": b"\x00\xff", "state": "waiting"}
    statement = insert(doorbells).values(received_at=1.25, due_at=0.5)
    with ledger.cases.writing() as connection:
        connection.execute(statement, {**row, "doorbell_id": "by SQLAlchemy"})
    with ledger.cases.committing() as line:
        assert Prepared(statement).run(line, {**row, "doorbell_id": "prepared"}) == 1

    with ledger.cases.reading() as connection:
        theirs, ours = connection.execute(select(doorbells).order_by(doorbells.c.doorbell_id)).all()
    assert tuple(ours)[1:] == tuple(theirs)[1:]
    assert ours.hint == "a\ufffdb"
    assert (ours.epoch, ours.outcome, ours.lease_until) == (0, "", 0.0)  # the columns' defaults


def test_it_tells_how_many_rows_it_wrote(ledger: SqlLedger) -> None:
    for ticket_id in (1, 2):
        ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
    all_of_them = Prepared(update(doorbells).values(tries=doorbells.c.tries + bindparam("more")))
    with ledger.cases.committing() as line:
        assert all_of_them.run(line, {"more": 3}) == 2
    with ledger.cases.committing() as line:
        one = Prepared(delete(doorbells).where(doorbells.c.ticket_id == bindparam("this")))
        assert (one.run(line, {"this": 9}), one.run(line, {"this": 1})) == (0, 1)


def test_one_statement_serves_both_databases_and_any_set_of_values(ledger: SqlLedger) -> None:
    first, second = held(ledger, 1), held(ledger, 2)
    change = Prepared(update(cases).where(cases.c.case_id == bindparam("this")))
    with ledger.cases.committing() as line:
        change.run(line, {"this": first.case_id, "subject": "Fees"})
        change.run(line, {"this": second.case_id, "minder": "asha", "subject": "Limits"})
    with ledger.cases.reading() as connection:
        rows = connection.execute(select(cases.c.subject, cases.c.minder).order_by(cases.c.ticket_id)).all()
    assert [tuple(row) for row in rows] == [("Fees", ""), ("Limits", "asha")]


_COUNT = Prepared(select(func.count()).select_from(customers))
_OTHER = Table("other", MetaData(), Column("n", Integer, default=lambda: 1))


@pytest.mark.parametrize(
    "statement",
    [
        select(cases).where(cases.c.case_id.in_(["c1", "c2"])),
        insert(_OTHER),
        select(cases).where(cases.c.case_id == bindparam("never_given")),
    ],
)
def test_what_cannot_be_made_once_is_refused(statement: Any, ledger: SqlLedger) -> None:
    with pytest.raises(TypeError), ledger.cases.looking() as line:
        Prepared(statement).all(line, {})


def test_what_an_exception_breaks_off_is_taken_back_and_the_connection_serves_the_next(ledger: SqlLedger) -> None:
    one = Prepared(insert(customer_emails))
    ledger.customers.replace([a_customer("C-1", email="asha@example.com")])
    row = {"email": "second@example.com", "customer_id": "C-1", "registered": False}

    def broken_off() -> None:
        with ledger.cases.committing() as line:
            one.run(line, row)
            raise RuntimeError("half way")

    def twice() -> None:
        with ledger.cases.committing() as line:
            one.run(line, row)
            one.run(line, row)

    with pytest.raises(RuntimeError, match="half way"):
        broken_off()
    with pytest.raises(Permanent, match="exists already"):
        twice()
    assert ledger.customers.by_email("second@example.com") == []

    with ledger.cases.committing() as line:
        one.run(line, row)
    assert [one.customer_id for one in ledger.customers.by_email("second@example.com")] == ["C-1"]


def test_forty_threads_that_look_at_once_share_a_few_connections(sqlite_ledger: SqlLedger) -> None:
    """What each thread opened once would stay open for good, and few are used at a time."""
    pool: Any = sqlite_ledger.cases._engine.pool  # type: ignore[attr-defined]
    opened_ones = []
    event.listen(pool, "connect", lambda connection, record: opened_ones.append(connection))
    together = threading.Barrier(40)

    def look(_: int) -> bool:
        together.wait()
        return all(sqlite_ledger.cases.get("c1") is None for _ in range(50))

    with ThreadPoolExecutor(40) as threads:
        assert all(threads.map(look, range(40)))
    assert 1 <= len(opened_ones) <= MOST
    assert pool.checkedout() == 0, "all of the pool is left to others"


def test_whoever_finds_all_connections_taken_gets_the_next_that_is_given_back(sqlite_ledger: SqlLedger) -> None:
    taken, done = threading.Barrier(MOST + 1), threading.Event()

    def hold(_: int) -> None:
        with sqlite_ledger.cases.looking():
            taken.wait()
            assert done.wait(60)

    with ThreadPoolExecutor(MOST + 1) as threads:
        holding = [threads.submit(hold, n) for n in range(MOST)]
        taken.wait()
        waits = threads.submit(sqlite_ledger.cases.get, "c1")
        done.set()
        assert waits.result(60) is None
        assert [one.result(60) for one in holding] == [None] * MOST


def test_nobody_waits_for_ever_for_a_connection(sqlite_ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.adapters.store.lines._PATIENCE", 0.0)
    with ExitStack() as all_of_them:
        for _ in range(MOST):
            all_of_them.enter_context(sqlite_ledger.cases.looking())
        with pytest.raises(Retryable, match="no database connection became free"):
            sqlite_ledger.cases.get("c1")
    assert sqlite_ledger.cases.get("c1") is None


def test_a_connection_that_broke_off_makes_room_for_another(sqlite_ledger: SqlLedger) -> None:
    def broken_off() -> None:
        with sqlite_ledger.cases.looking():
            raise RuntimeError

    for _ in range(MOST + 1):
        with pytest.raises(RuntimeError):
            broken_off()
    assert sqlite_ledger.cases.get("c1") is None

    with ExitStack() as all_of_them, ThreadPoolExecutor(1) as threads:
        for _ in range(MOST - 1):
            all_of_them.enter_context(sqlite_ledger.cases.looking())
        with suppress(RuntimeError), sqlite_ledger.cases.looking():
            waits = threads.submit(sqlite_ledger.cases.get, "c1")
            wait_until(lambda: bool(sqlite_ledger._lines._waiting), "waiting")
            raise RuntimeError
        assert waits.result(60) is None


def test_a_ledger_that_cannot_be_opened_does_not_use_up_what_there_is(tmp_path: Path, sqlite_template: Path) -> None:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'later' / 'ledger.db'}")) as ledger:
        for _ in range(MOST + 1):
            with pytest.raises(Retryable, match="cannot be opened"):
                ledger.cases.get("c1")
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "ledger.db").write_bytes(sqlite_template.read_bytes())
        assert ledger.cases.get("c1") is None


def test_a_child_is_told_to_open_a_ledger_of_its_own(sqlite_ledger: SqlLedger) -> None:
    """What it wrote with its parent's would be thrown away with the log when the parent closes the file."""
    path = str(sqlite_ledger._engine.url)
    opened(sqlite_ledger, 1)
    child = os.fork()
    if child == 0:
        with suppress(Permanent):
            opened(sqlite_ledger, 2)
            os._exit(1)
        sqlite_ledger.close()  # leaves the parent's alone
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    opened(sqlite_ledger, 3)
    sqlite_ledger.close()
    with closing(open_ledger(path)) as later:
        assert [len(later.cases.of_ticket(n)) for n in (1, 2, 3)] == [1, 0, 1]


def test_whoever_waits_longest_comes_first(sqlite_ledger: SqlLedger) -> None:
    """A line that is given back goes to whoever waits, and to nobody who comes along in that moment."""
    lines, came = sqlite_ledger._lines, SimpleQueue[int]()

    def wait(n: int) -> None:
        with sqlite_ledger.cases.looking():
            came.put(n)

    with ExitStack() as all_of_them, ThreadPoolExecutor(3) as threads:
        held = [all_of_them.enter_context(ExitStack()) for _ in range(MOST)]
        for one in held:
            one.enter_context(sqlite_ledger.cases.looking())
        for n in range(3):
            threads.submit(wait, n)
            wait_until(lambda n=n: len(lines._waiting) == n + 1, "waiting")
        held[0].close()
        assert [came.get(timeout=60) for _ in range(3)] == [0, 1, 2]


def test_a_ledger_that_is_closed_keeps_nothing_open_not_even_what_is_in_use(sqlite_ledger: SqlLedger) -> None:
    path = Path(str(sqlite_ledger._engine.url.database))
    opened(sqlite_ledger)
    with sqlite_ledger.cases.looking():
        assert sqlite_ledger.cases.get("c1") is None
        sqlite_ledger.close()
    assert not path.with_name("ledger.db-wal").exists(), "the last connection takes the log along when it is closed"
    assert sqlite_ledger.cases.get("c1") is None, "and whoever comes later opens another"


def test_a_ledger_that_nobody_has_any_more_is_gone_with_its_connections(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    ledger = open_ledger(f"sqlite:///{path}")
    opened(ledger)
    assert path.with_name("ledger.db-wal").exists()
    del ledger
    gc.collect()
    assert not path.with_name("ledger.db-wal").exists()


def test_rooms_over_one_pool_share_what_is_at_hand_and_postgresql_keeps_nothing(ledger: SqlLedger) -> None:
    """PostgreSQL's pool makes sure that the server is still there before it gives a connection out."""
    for _ in range(3):
        ledger.cases.get("c1")
        ledger.sends.of_ticket(1)
        ledger.doorbells.claim("d1", timedelta(seconds=5))
    pool: Any = ledger._engine.pool
    assert pool.checkedout() == 0
    assert len(ledger._lines._at_hand) == (1 if ledger._engine.dialect.name == "sqlite" else 0)


def test_a_transaction_that_writes_takes_the_lock_before_it_reads(sqlite_ledger: SqlLedger) -> None:
    """One that reads first fails with "locked" whenever another one wrote in between."""
    told: list[str] = []
    with sqlite_ledger.cases.looking() as line:
        line.connection.set_trace_callback(told.append)  # type: ignore[union-attr]
    opened(sqlite_ledger)
    begun = [words for words in told if words.startswith("BEGIN")]
    assert begun
    assert set(begun) == {"BEGIN IMMEDIATE"}


@pytest.mark.parametrize("alone", [True, False])
def test_a_ledger_that_another_process_locks_is_trouble_that_passes(
    sqlite_ledger: SqlLedger, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.adapters.store.engine._BUSY_SECONDS", 0)

    def ring() -> None:
        with impatient.cases.committing(alone=alone) as line:
            add_doorbells(line, [doorbell_values(Ring.WEBHOOK, 1, raw=b"", case_id=None, hint="")])

    with closing(open_ledger(str(sqlite_ledger._engine.url))) as impatient:
        with sqlite_ledger.cases._lines.writing(synced=True, alone=False), pytest.raises(Retryable, match="locked"):  # type: ignore[attr-defined]
            ring()
        ring()
    assert len(sqlite_ledger.doorbells.due(10)) == 1


def test_whoever_watches_the_statements_sees_the_prepared_ones_too(sql_url: str) -> None:
    """Traces do, by SQLAlchemy's own events."""
    seen: list[str] = []
    engine = open_engine(sql_url)
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2].split()[0]))
    with closing(SqlLedger(engine)) as watched:
        bell = claimed(watched)
        assert watched.doorbells.finish(bell.doorbell_id, bell.epoch, "done")
        assert watched.cases.get("c1") is None
    assert seen == ["INSERT", "UPDATE", "UPDATE", "SELECT"]


def test_many_rows_are_stored_all(ledger: SqlLedger) -> None:
    with ledger.cases.committing() as line:
        add_doorbells(line, [doorbell_values(Ring.WEBHOOK, n, raw=b"", case_id=None, hint="") for n in range(3)])
    with ledger.cases.writing() as connection:
        add_doorbells(connection, [doorbell_values(Ring.WEBHOOK, n, raw=b"", case_id=None, hint="") for n in range(2)])
    assert len(ledger.doorbells.due(10)) == 5


def test_a_value_that_no_column_takes_is_trouble_that_stays_and_is_not_quoted(ledger: SqlLedger) -> None:
    with pytest.raises(Permanent) as refused:
        ledger.doorbells.ring(Ring.WEBHOOK, None, raw="asha@example.com")  # type: ignore[arg-type]
    assert "asha" not in str(refused.value)


def test_nothing_stays_open_behind_a_look(sqlite_ledger: SqlLedger) -> None:
    """An open statement would keep the log from being written back into the file, which then grows for ever."""
    for ticket_id in range(5):
        case = opened(sqlite_ledger, ticket_id)
        assert sqlite_ledger.cases.get(case.case_id) == case
        assert len(sqlite_ledger.cases.moves(case.case_id)) == 0
    with sqlite_ledger.cases.looking() as line:
        busy, _, _ = line.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy


def test_a_write_waits_for_the_disk_where_it_has_to(sqlite_ledger: SqlLedger) -> None:
    def synchronous(**how: bool) -> int:
        with sqlite_ledger.cases.committing(**how) as line:  # type: ignore[attr-defined]
            _COUNT.scalar(line, {})
            return int(line.connection.execute("PRAGMA synchronous").fetchone()[0])

    full, normal = 2, 1
    assert [synchronous(), synchronous(synced=False), synchronous()] == [full, normal, full]
    assert [synchronous(synced=False, alone=True), synchronous(alone=True)] == [normal, full]


@pytest.mark.postgres
def test_a_commit_that_the_database_did_not_hear_is_trouble_that_passes(postgres: PostgresServer) -> None:
    with closing(open_ledger(postgres.url())) as ledger:
        _, send_id = approved(ledger, 71)
        ended = Prepared(select(func.pg_terminate_backend(bindparam("whom", type_=Integer))))

        def cut() -> None:
            with ledger.sends.committing(alone=True) as line, ledger.cases.looking() as other:
                _COUNT.scalar(line, {})
                ended.scalar(other, {"whom": line.connection.info.backend_pid})

        with pytest.raises(Retryable):
            cut()
        assert ledger.sends.claim(send_id, LEASE) is not None
        assert claimed(ledger, 72).ticket_id == 72


@pytest.mark.postgres
def test_a_database_out_of_reach_is_trouble_that_passes(tmp_path: Path) -> None:
    with closing(open_ledger(f"postgresql+psycopg://u:hunter2@/db?host={tmp_path}")) as ledger:
        with pytest.raises(Retryable, match="cannot be reached"):
            ledger.cases.get("c1")
        with pytest.raises(Retryable, match="cannot be reached"):
            ledger.doorbells.claim("d1", LEASE)
