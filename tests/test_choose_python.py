"""make makes its virtual environment with a Python that was compiled with optimisation, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHOOSE = ROOT / "scripts" / "choose_python.sh"


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


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A project whose virtual environment was made, and filled, on an earlier day."""
    shutil.copy2(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).touch()
    venv.create(tmp_path / ".venv", symlinks=True)
    (tmp_path / ".venv" / "run.stamp").touch()
    return tmp_path


def _make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The virtual environment as every target asks for it."""
    command = ["make", "--directory", project, "--no-print-directory", ".venv/run.stamp", *arguments]
    env = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_python_that_comes_too_late_is_told(made: Path) -> None:
    other = made / "python-of-another-day"
    other.write_text("#!/bin/sh\necho Python 3.13.1 of /opt/python\n", encoding="utf-8")
    other.chmod(0o755)
    for late in (other, made / "nowhere"):
        told = _make(made, f"PYTHON={late}")
        assert told.returncode == 0
        assert f": PYTHON={late} is not used. For another Python: make clean, then this again." in told.stderr
        assert f".venv is there already, with Python {sys.version.split()[0]} of {sys.base_prefix}" in told.stderr


def test_nothing_is_told_of_the_python_that_is_there_or_where_none_is_named(made: Path) -> None:
    for arguments in ([f"PYTHON={sys.executable}"], []):
        quiet = _make(made, *arguments)
        assert (quiet.returncode, quiet.stderr) == (0, ""), arguments
