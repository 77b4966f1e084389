"""scripts/prove_suite.py can do its work: each removal still applies to the source, and names tests that exist."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.removals import REMOVALS, NotThere, Removal, Replacement
from worker.settings import ROOT


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_every_removal_applies_to_the_source_and_leaves_a_program(removal: Removal, tmp_path: Path) -> None:
    for replacement in removal.replacements:
        (tmp_path / replacement.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / replacement.path, tmp_path / replacement.path)

    removal.apply(tmp_path)

    for replacement in removal.replacements:
        left = (tmp_path / replacement.path).read_text(encoding="utf-8")
        ast.parse(left)
        assert left != (ROOT / replacement.path).read_text(encoding="utf-8")
    for test in removal.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8"), f"{test} is not there"


def test_a_removal_whose_text_is_gone_says_so(tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text("open = True\n", encoding="utf-8")

    with pytest.raises(NotThere, match=r"door\.py does not read any more: 'locked = True'"):
        Replacement("door.py", "locked = True", "locked = False").apply(tmp_path)


def test_what_must_be_seen_is_taken_out() -> None:
    taken_out = {removal.name.partition(":")[0] for removal in REMOVALS}

    assert taken_out >= {
        "unique constraint",
        "settle time",
        "epoch check",
        "second look at the thread before a reply leaves",
    }
