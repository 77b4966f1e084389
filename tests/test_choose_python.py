"""make makes its virtual environment with a Python that was compiled with optimisation, where there is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHOOSE = Path(__file__).resolve().parent.parent / "scripts" / "choose_python.sh"


def _python(folder: Path, name: str, *, optimised: bool) -> None:
    """Stands on PATH under this name, and is asked what it is as the real ones are."""
    answer = f'exec "{sys.executable}" "$@"'
    build = "exit 0" if optimised else "exit 1"
    program = folder / name
    program.write_text(f'#!/bin/sh\ncase "$2" in *CONFIG_ARGS*) {build};; *) {answer};; esac\n', encoding="utf-8")
    program.chmod(0o755)


def _chosen(folder: Path) -> str:
    asked = subprocess.run([CHOOSE], env={"PATH": str(folder)}, capture_output=True, text=True, check=True, timeout=60)
    return asked.stdout.strip()


@pytest.mark.parametrize(("first", "chosen"), [(True, "python3"), (False, "python3.12")])
def test_the_first_python_gives_way_only_to_one_that_was_compiled_with_optimisation(
    tmp_path: Path, first: bool, chosen: str
) -> None:
    _python(tmp_path, "python3", optimised=first)
    _python(tmp_path, "python3.12", optimised=True)
    assert _chosen(tmp_path) == chosen


def test_a_python_that_deskhand_does_not_run_on_is_passed_over(tmp_path: Path) -> None:
    too_old = tmp_path / "python3"
    too_old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    too_old.chmod(0o755)
    _python(tmp_path, "python3.11", optimised=True)
    assert _chosen(tmp_path) == "python3.11"
