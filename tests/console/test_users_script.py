"""scripts/users.py: what ops type, and what they get."""

from __future__ import annotations

import io
import os

import pytest

from tests.console.seed import Lead, a_console
from worker.adapters.store.ledger import SqlLedger
from worker.console.people import check_password


@pytest.fixture
def users(tmp_path, monkeypatch, ledger: SqlLedger):
    """Runs the script on the ledger's own file; what is typed comes on standard input."""
    from scripts.users import main

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("DESKHAND_ENV_FILE", os.devnull)

    def run(*arguments: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main(list(arguments))

    return run


def test_a_user_is_added_listed_and_disabled(users, ledger: SqlLedger, capsys):
    assert users("add", "maya", "--role", "reviewer", typed="correct horse battery\n") == 0
    assert check_password(ledger.users.get("maya"), "correct horse battery")
    assert ledger.users.get("maya")["password_hash"].startswith("$argon2id$")
    assert users("list") == 0
    assert capsys.readouterr().out.split() == ["maya", "reviewer"]
    assert users("disable", "maya") == 0
    assert not check_password(ledger.users.get("maya"), "correct horse battery")
    actions = [(entry["action"], entry["subject"]) for entry in ledger.reviews.audit_log()]
    assert actions == [("user disabled", "maya"), ("user added", "maya")]


def test_a_printed_link_signs_in(users, ledger: SqlLedger, capsys):
    users("add", "maya", "--no-password")
    users("link", "maya")
    link = capsys.readouterr().out.strip()
    visitor = Lead(a_console(ledger), ledger, role=None)
    assert visitor.submit(link, "/enter").headers["location"] == "/"


def test_what_cannot_be_is_said_in_words(users, capsys):
    assert users("add", "Maya Rao", typed="short\n") == 2
    said = capsys.readouterr().err
    assert "'Maya Rao' cannot be a login" in said
    assert "The password is too short" in said
    assert users("link", "nobody") == 2
    assert users("disable", "nobody") == 2


def test_a_password_is_never_an_argument(users):
    with pytest.raises(SystemExit):
        users("add", "maya", "--password", "correct horse battery")
