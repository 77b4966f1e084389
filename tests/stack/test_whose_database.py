"""What settings answer where a stack runs beside whoever asks, as the scripts do."""

from __future__ import annotations

import json
from pathlib import Path

from worker.settings import load_settings
from worker.stack.checks import only_one

SANDBOX = "sqlite:////var/deskhand/sandbox/deskhand.db"


def a_stack_wrote(data_dir: Path) -> None:
    (data_dir / "stack.json").write_text(json.dumps({"database_url": SANDBOX, "redis_url": "redis://127.0.0.1:7/0"}))


def test_scripts_open_the_database_of_the_stack_that_runs(tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url="")
    with only_one(tmp_path):
        a_stack_wrote(tmp_path)
        assert settings.ledger_url == SANDBOX


def test_what_a_killed_stack_left_behind_is_not_believed(tmp_path):
    with only_one(tmp_path):
        a_stack_wrote(tmp_path)
    settings = load_settings(data_dir=tmp_path, database_url="")
    assert settings.ledger_url == f"sqlite:///{tmp_path / 'deskhand.db'}"
    assert settings.running_stack() == {}


def test_a_database_that_was_given_is_the_one(tmp_path):
    with only_one(tmp_path):
        a_stack_wrote(tmp_path)
        assert load_settings(data_dir=tmp_path, database_url="sqlite:///given.db").ledger_url == "sqlite:///given.db"
