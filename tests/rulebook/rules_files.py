"""The rules of this repository, and copies of them with something changed."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from worker.errors import BadConfiguration
from worker.rulebook import Rulebook, load_rulebook

RULES = Path(__file__).parents[2] / "rules"


@cache
def our_rules() -> Rulebook:
    return load_rulebook(RULES)


def changed_rules(tmp_path: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of rules/ in which, in the file `name`, the first `before` of each change is its `after`."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    text = (folder / name).read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text, f"{before!r} is no longer in {name}: change this test"
        text = text.replace(before, after, 1)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def complaints_about(folder: Path) -> str:
    """Everything that is said when these rules are refused, one problem a line; files are named with their whole path,
    which here is left out."""
    with pytest.raises(BadConfiguration) as refused:
        load_rulebook(folder)
    said = "\n".join(refused.value.problems)
    return said.replace(f"{folder}/", "rules/")
