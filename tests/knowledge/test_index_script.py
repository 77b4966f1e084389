"""scripts/index_kb.py on an index that fits already: every start of a stack runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from worker.settings import ROOT


def index_kb(data_dir: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The program where no model can be loaded."""
    no_model = data_dir / "no model"
    no_model.mkdir(exist_ok=True)
    (no_model / "torch.py").write_text('raise ImportError("there is no model")\n')
    env = {**os.environ, "DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), "PYTHONPATH": str(no_model)}
    command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--json", *options]
    return subprocess.run(command, cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=240)


def test_no_model_is_loaded_where_nothing_has_changed(tmp_path: Path, furnished: Any) -> None:
    done = index_kb(furnished(tmp_path / "var"), "--at-start")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["swapped"], report["embedded"]) == (False, 0)
    assert report["unchanged"] == report["sources"] > 400


def test_everything_anew_needs_the_model(tmp_path: Path, furnished: Any) -> None:
    done = index_kb(furnished(tmp_path / "var"), "--full")
    assert done.returncode == 1
    assert "there is no model" in done.stderr


def test_a_rollback_cannot_be_previewed_and_is_not_made_instead(tmp_path: Path) -> None:
    done = index_kb(tmp_path, "--rollback", "--preview")
    assert done.returncode == 2
    assert "--rollback goes back at once" in done.stderr
