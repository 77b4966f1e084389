"""Whatever is started with settings that cannot be says what, where and what to do, and ends with 2: no traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.empty_ledger import empty_ledger
from tests.the_script import the_script
from worker import dispatcher, tasks, web
from worker.adapters.store.engine import sqlite_module
from worker.sandbox import __main__ as sandbox
from worker.settings import ROOT
from worker.stack import __main__ as stack
from worker.stack.checks import free_port

NOWHERE = "127.0.0.1:9"  # discard: nobody listens


def script(name: str, *arguments: str) -> Callable[[], int]:
    def run() -> int:
        return int(the_script(name).main(list(arguments)))

    return run


PROGRAMS: dict[str, Callable[[], int]] = {
    "webhook": lambda: web.main(["webhook"]),
    "console": lambda: web.main(["console"]),
    "dispatcher": dispatcher.main,
    "worker": tasks.main,
    "stack": lambda: stack.main([]),
    "backup": script("backup", "copy.db"),
    "forget": script("forget", "--email", "asha@example.com"),
    "gate": script("gate", "status"),
    "import_customers": script("import_customers", str(ROOT / "worker" / "sandbox" / "samples" / "customers.csv")),
    "index_kb": script("index_kb"),
    "replay": script("replay", "--case", "c1"),
    "users": script("users", "list"),
}
READ_RULES = ("console", "worker", "import_customers", "index_kb")
# A health check's exit code 2 is Docker's own; the doctor's is for warnings, and settings are broken.
OTHERWISE = {"doctor": script("doctor"), **{f"healthy {n}": script("healthy", n) for n in ("console", "dispatcher")}}


@pytest.fixture(autouse=True)
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with which everything would start, were its servers there."""
    for name, value in {
        "DATA_DIR": str(tmp_path / "var"),
        "FRESHDESK_URL": f"http://{NOWHERE}",
        "FRESHDESK_API_KEY": "key",
        "FRESHDESK_WEBHOOK_SECRET": "secret",
        "REDIS_URL": f"redis://{NOWHERE}/0",
        "MILVUS_URI": f"http://{NOWHERE}",
        "WORKER_METRICS_PORT": "0",
        "DISPATCHER_METRICS_PORT": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("REMAP_SIGTERM", "SIGQUIT")
    for module, name in ((os, "nice"), (tasks, "share_heaps")):
        monkeypatch.setattr(module, name, lambda *_: None)  # a worker's own, and not the test's


WRONG = {
    "a folder for .env": ({"DESKHAND_ENV_FILE": "{tmp}"}, "cannot be read (Is a directory)"),
    "a .env that is not there": ({"DESKHAND_ENV_FILE": "{tmp}/none"}, "cannot be read (No such file or directory)"),
    "a .env in another encoding": ({"DESKHAND_ENV_FILE": "{tmp}/latin"}, "is not UTF-8: save it as UTF-8"),
    "a secret in another encoding": ({"GROQ_API_KEY_FILE": "{tmp}/latin"}, "GROQ_API_KEY_FILE: "),
    "half a .env": ({"DESKHAND_ENV_FILE": "{tmp}/half"}, "half, line 1: write NAME=value"),
    "no URL": ({"REDIS_URL": "redis.example"}, "REDIS_URL: give it as redis://"),
    "no key": ({"FRESHDESK_API_KEY": ""}, "FRESHDESK_API_KEY is not: take the key"),
    "no number": ({"POLL_SECONDS": "often"}, "POLL_SECONDS: Input should be a valid number"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_are_told_in_words_by_everything_that_is_started(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin").write_bytes("TIME_ZONE=Zürich\n".encode("latin-1"))
    (tmp_path / "half").write_text('DELIVERY_MODE="shadow\n')
    given, words = WRONG[wrong]
    for name, value in given.items():
        monkeypatch.setenv(name, value.format(tmp=tmp_path))

    for program, run in PROGRAMS.items():
        assert run() == 2, program
        assert words in capsys.readouterr().err, program
    for program, run in OTHERWISE.items():
        assert run() == 1, program
        said = capsys.readouterr()
        assert words in said.out + said.err, program


def test_an_unknown_segment_in_the_rules_is_told_by_everything_that_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for path in (ROOT / "rules").glob("*.yaml"):
        (rules / path.name).write_text(
            path.read_text(encoding="utf-8").replace("reads: [public, IM+]", "reads: [Gold]")
        )
    monkeypatch.setenv("RULES_DIR", str(rules))

    for program in READ_RULES:
        assert PROGRAMS[program]() == 2, program
        assert "segments.yaml" in (said := capsys.readouterr().err), program
        assert "Gold" in said, program


@pytest.mark.parametrize(
    "url", ["postgresql", "postgresql+psycopg://u:hush@host:port/name", "mysql://u:hush@host/name"]
)
def test_a_database_that_has_no_address_is_told_by_everything_that_opens_it(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    for program in PROGRAMS.keys() - {"stack", "index_kb", "worker"}:  # these ask Redis, Milvus or the model first
        assert PROGRAMS[program]() == 2, program
        said = capsys.readouterr().err
        assert "DATABASE_URL" in said, program
        assert "hush" not in said, program


def test_a_name_that_is_nearly_a_settings_is_one_line_on_the_log_of_each_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOGLEVEL", "debug")
    sentence = "Environment variable LOGLEVEL: there is no such setting. Did you mean LOG_LEVEL?"
    monkeypatch.setenv("LOG_LEVEL", "")
    assert PROGRAMS["stack"]() == 1  # its Redis is nowhere
    assert capsys.readouterr().err.count(sentence) == 1

    monkeypatch.setenv("RULES_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("DATABASE_URL", "postgresql")
    for program in ("webhook", "console", "dispatcher", "worker"):
        assert PROGRAMS[program]() == 2, program  # after its first lines
        [line] = [line for line in capsys.readouterr().err.splitlines() if sentence in line]
        assert json.loads(line) | {"level": "warning", "process": program} == json.loads(line), line


def test_a_ledger_of_a_newer_release_is_told_in_a_sentence_by_everything_that_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "var" / "deskhand.db"
    empty_ledger(ledger)
    with closing(sqlite_module().connect(str(ledger))) as opened:
        opened.executescript("UPDATE alembic_version SET version_num = '9999'")
    words = f"{ledger} comes from a newer release (schema 9999): update first"
    for name in ("WEBHOOK_PORT", "CONSOLE_PORT"):  # `make run` looks whether they are free before it opens the ledger
        monkeypatch.setenv(name, str(free_port()))

    for program in PROGRAMS.keys() - {"stack", "index_kb"}:  # index_kb asks Milvus first, the stack Redis
        assert PROGRAMS[program]() == 2, program
        assert words in capsys.readouterr().err.splitlines(), program
    monkeypatch.delenv("REDIS_URL")  # the stack would bring its own
    assert PROGRAMS["stack"]() == 2
    assert capsys.readouterr().err.splitlines() == [words]


def test_a_sandboxs_port_that_is_no_number_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "eighty")
    monkeypatch.setattr(sys, "argv", ["sandbox"])
    with pytest.raises(SystemExit) as ended:
        sandbox.main()
    assert ended.value.code == 2
    assert "invalid int value: 'eighty'" in capsys.readouterr().err
