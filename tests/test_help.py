"""Whoever asks a script for help gets help, and nothing else: nothing begins, and nothing is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from worker.settings import ROOT

SCRIPTS = sorted(path.name for path in (ROOT / "scripts").iterdir() if path.suffix in (".py", ".sh"))
PARTS = ("scripts", "worker", "tests", "rules", "kb", "pyproject.toml", "requirements.lock", "requirements-dev.lock")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: a script that does what it does instead of helping must not do it to the project itself."""
    folder = tmp_path_factory.mktemp("project") / "tree"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part)  # compiled modules too, or each script would compile them anew
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Of every file under `folder`, by its path; folders have none."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def ran(tree: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Broken off after a minute: who asks for help waits a second or two. Nothing is fetched from a package index."""
    start = ["sh"] if name.endswith(".sh") else [sys.executable]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PIP_NO_INDEX": "1", "PYTHONPATH": ""}
    command = [*start, f"scripts/{name}", *arguments]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_that_is_asked_for_help_gives_it_and_does_nothing(name: str, tree: Path) -> None:
    before = contents(tree)
    helped = ran(tree, name, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.lower().startswith(f"usage: {name}")
    assert contents(tree) == before


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_option_that_there_is_not_is_refused_and_nothing_is_done(name: str, tree: Path) -> None:
    before = contents(tree)
    refused = ran(tree, name, "--no-such-option")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"usage: {name}" in refused.stderr
    assert contents(tree) == before


def test_secrets_are_made_in_a_folder_that_begins_with_a_dash_where_its_path_says_so(tree: Path) -> None:
    refused = ran(tree, "make_secrets.sh", "-secrets")
    assert "./-secrets" in refused.stderr
    assert not (tree / "-secrets").exists()
    assert ran(tree, "make_secrets.sh", "./-secrets").returncode == 0
    assert (tree / "-secrets" / "console_secret").stat().st_size == 48
    shutil.rmtree(tree / "-secrets")


@pytest.mark.parametrize("name", ["choose_python.sh", "try_image_steps.sh"])
def test_what_takes_no_argument_says_so(name: str, tree: Path) -> None:
    assert "takes no arguments, and got quick" in ran(tree, name, "quick").stderr
