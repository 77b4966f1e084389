"""scripts/chaos.py as people run it, small: it ends, tells what it counted in one object, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.chaos.run import as_asked, parser
from worker.settings import ROOT

pytestmark = pytest.mark.stack

ENDS = ["sent", "held", "handed_over", "ignored"]
FIRST = ["messages", "acknowledged", *ENDS, "lost", "duplicated", "unexpected", "kills"]


def test_a_small_run_loses_and_doubles_nothing(tmp_path: Path, furnished):
    wishes = ["--messages", "10", "--kills", "1", "--rolling", "1", "--flush", "--restore", "--seed", "7"]
    wishes += ["--index", str(furnished(tmp_path / "var") / "milvus")]
    command = [sys.executable, str(ROOT / "scripts" / "chaos.py"), *wishes]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)

    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    figures = json.loads(lines[0])
    assert list(figures)[: len(FIRST)] == FIRST
    assert figures["messages"] == sum(figures[name] for name in ENDS) >= 10
    assert (figures["lost"], figures["duplicated"], figures["unexpected"]) == (0, 0, 0)
    assert (figures["kills"], figures["restarts"], figures["restored"]) == (1, 1, 1)
    assert figures["arguments"] == "--messages 10 --kills 1 --seed 7 --rate 2.5 --rolling 1 --flush --restore"
    # Torch may leave a cache of its own there, on machines with a compiler.
    assert not list(tmp_path.glob("deskhand*")), "its folder is gone, for it holds customers' mail"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "--messages 3000 --kills 500 --seed 31",
        "--stops 0 --rate 20 --fair --postgres",
        "--rolling 100 --redis-down 60 --flush --restore",
    ],
)
def test_a_run_tells_the_arguments_with_which_it_is_made_again(given):
    wishes = parser().parse_args(given.split())
    assert parser().parse_args(as_asked(wishes).split()) == wishes


def test_what_cannot_be_asked_for_is_said():
    command = [sys.executable, str(ROOT / "scripts" / "chaos.py"), "--postgres", "--restore"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "SQLite" in done.stderr
