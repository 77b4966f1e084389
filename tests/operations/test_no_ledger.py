"""A mistyped DATA_DIR: who stops sending, or forgets somebody, where no ledger is must not believe that it is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.conftest import postgres as postgres
from tests.postgres import PostgresServer
from tests.the_script import the_script
from worker.adapters.store import migrate, open_ledger
from worker.adapters.store.engine import open_engine, sqlite_module
from worker.adapters.store.migrations import applied_versions
from worker.settings import ROOT

ON_A_LEDGER = {
    "gate stop": ("gate", "stop", "Odd replies"),
    "gate go-on": ("gate", "go-on"),
    "gate status": ("gate", "status"),
    "users list": ("users", "list"),
    "users disable": ("users", "disable", "maya"),
    "users link": ("users", "link", "maya"),
    "forget": ("forget", "--email", "asha@example.com"),
    "forget --yes": ("forget", "--email", "asha@example.com", "--yes"),
    "replay": ("replay", "--case", "c1"),
    "backup": ("backup", "copy.db"),
}
CUSTOMERS = str(ROOT / "worker" / "sandbox" / "samples" / "customers.csv")

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(script, *arguments)`, with a DATA_DIR that nobody has made."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "mistyped"))
    monkeypatch.chdir(tmp_path)

    def ran(name: str, *arguments: str) -> int:
        return int(the_script(name).main(list(arguments)))

    return ran


@pytest.mark.parametrize("what", ON_A_LEDGER)
def test_where_there_is_no_ledger_that_is_said_and_nothing_is_made(
    what: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*ON_A_LEDGER[what]) == 2

    said = capsys.readouterr()
    assert f"There is no ledger at {tmp_path / 'mistyped' / 'deskhand.db'}" in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_is_none(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mistyped" / "deskhand.db"
    path.parent.mkdir()
    with closing(sqlite_module().connect(str(path))) as other:
        other.executescript("CREATE TABLE stamps (country TEXT)")

    assert run("gate", "stop", "Odd replies") == 2
    assert f"There is no ledger at {path}" in capsys.readouterr().err
    assert applied_versions(f"sqlite:///{path}") == set()


@pytest.mark.postgres
def test_a_postgresql_database_without_tables_is_no_ledger_either(
    postgres: PostgresServer, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_engine(postgres.url()).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS mistyped")
        connection.exec_driver_sql("CREATE DATABASE mistyped")
    monkeypatch.setenv("DATABASE_URL", postgres.url("mistyped"))

    assert run("gate", "stop", "Odd replies") == 2
    said = capsys.readouterr().err
    assert "There is no ledger in PostgreSQL at" in said
    assert "database mistyped, and none was made" in said
    assert applied_versions(postgres.url("mistyped")) == set()


@pytest.mark.parametrize("what", [("import_customers", CUSTOMERS), ("users", "add", "maya", "--no-password")])
def test_customers_and_the_first_user_may_be_there_before_the_service(
    what: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    assert run(*what) == 0
    assert (tmp_path / "mistyped" / "deskhand.db").is_file()


def test_the_list_of_indexes_makes_none(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("index_kb", "--list", "--json") == 0
    assert capsys.readouterr().out == '{"live": "", "earlier": []}\n'
    assert list(tmp_path.iterdir()) == []


def test_a_dispatcher_without_a_ledger_is_not_well_and_looking_makes_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mistyped").mkdir()
    assert run("healthy", "dispatcher") == 1
    assert list((tmp_path / "mistyped").iterdir()) == []


def test_the_stop_is_in_the_ledger_that_is_named(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mistyped" / "deskhand.db"
    migrate(f"sqlite:///{path}")

    assert run("gate", "stop", "Odd replies") == 0
    assert capsys.readouterr().out.startswith(f"Ledger: {path}\nStopped by ")
    with closing(open_ledger(f"sqlite:///{path}")) as ledger:
        stop = ledger.earning.stopped()
    assert stop is not None
    assert stop.reason == "Odd replies"
