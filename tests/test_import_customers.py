"""scripts/import_customers.py: what ops see of it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.the_script import the_script
from worker.adapters.store import open_ledger

ROOT = Path(__file__).resolve().parent.parent
HEADER = "customer_id,name,email,alternate_emails,phone,segments,since"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a DATA_DIR of its own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DESKHAND_ENV_FILE", os.devnull)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("worker.bootstrap.segment_names", lambda settings: ("IM", "IM+"))
    return the_script("import_customers")


def test_a_file_is_imported_and_again_without_change(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEADER}\nC-1,Asha,asha@example.com,,,IM,\nC-2,Ravi,ravi@example.com,,,IM+,\n")

    assert [script.main([str(path)]), script.main([str(path)])] == [0, 0]

    assert capsys.readouterr().out.splitlines() == [
        "2 added, 0 changed, 0 unchanged.",
        "0 added, 0 changed, 2 unchanged.",
    ]


def test_one_bad_line_and_nothing_is_imported(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEADER}\nC-1,Asha,asha@example.com,,,IM,\n")
    assert script.main([str(path)]) == 0
    path.write_text(f"{HEADER}\nC-2,Ravi,ravi@example.com,,,IM,\nC-3,Meera,meera@example.com,,,Gold,\n")

    assert script.main([str(path)]) == 2

    said = capsys.readouterr().err
    assert f"{path}, line 3, column segments" in said
    assert "Nothing was imported." in said
    ledger = open_ledger(f"sqlite:///{tmp_path / 'var' / 'deskhand.db'}")
    assert ledger.customers.count() == 1
    ledger.close()


def test_an_address_that_verifies_somebody_else_is_refused_by_line_or_passes_on(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEADER}\nC-1,Asha,asha@example.com,,,IM,\nC-2,Ravi,ravi@example.com,,,IM,\n")
    assert script.main([str(path)]) == 0
    path.write_text(f"{HEADER}\nC-8,Meera,meera@example.com,,,IM,\nC-9,Asha,ASHA@example.com,,,IM+,\n")

    assert script.main([str(path)]) == 2

    said = capsys.readouterr().err
    assert f'{path}, line 3, column email: customer "C-1", who is not in the file' in said
    assert "line 2" not in said
    assert "--moved" in said
    assert ids(tmp_path, "meera@example.com") == [], "nothing of the file, not even what is right"
    assert ids(tmp_path, "asha@example.com") == ["C-1"]

    assert script.main([str(path), "--moved"]) == 0
    assert ids(tmp_path, "asha@example.com") == ["C-9"]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        'ASHA@example.com passes from "C-1" to "C-9"; "C-1" has no registered address now.',
        "2 added, 1 changed, 0 unchanged.",
    ]
    with closing(open_ledger(f"sqlite:///{tmp_path / 'var' / 'deskhand.db'}")) as ledger:
        [entry] = ledger.reviews.audit_log()
    assert (entry["action"], entry["subject"], entry["detail"]) == ("addresses passed on", "1", "")
    assert entry["user"].startswith("scripts/import_customers.py (")

    assert script.main([str(path), "--moved"]) == 0
    assert capsys.readouterr().out == "0 added, 0 changed, 2 unchanged.\n", "it has passed, once"


def ids(tmp_path: Path, email: str) -> list[str]:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'var' / 'deskhand.db'}")) as ledger:
        return [one.customer_id for one in ledger.customers.by_email(email)]


def test_a_database_out_of_reach_is_said_without_its_address(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://u:hunter2@/db?host={tmp_path}")
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEADER}\n")

    assert script.main([str(path)]) == 1

    said = capsys.readouterr().err
    assert "Nothing was imported" in said
    assert "hunter2" not in said
