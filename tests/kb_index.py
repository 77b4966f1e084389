"""The index over kb/, built once for a whole run of the tests by the program that builds it in production.

A fresh one costs twenty seconds of computing and every stack needs one: each gets a copy. A stack reads the knowledge
base all the same when it starts, and finds that nothing has changed. What a start with no index at all does is the
story of tests/stack/test_stack.py.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from worker.settings import ROOT


def built_once(room: Path) -> Path:
    """Milvus' folder in `room`, which the processes of one test run share: whoever comes first builds, others wait."""
    built = room / "milvus"
    with (room / "lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not built.exists():
            # A folder of its own until it is complete: what a failed build leaves must not pass for an index.
            draft = room / f"draft-{os.getpid()}"
            command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--quiet"]
            env = {**os.environ, "DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(draft)}
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900)
            assert done.returncode == 0, done.stderr
            (draft / "milvus").rename(built)
    return built


def furnish(data_dir: Path, index: Path) -> Path:
    """`data_dir`, made, with a copy of the index where a stack looks for it."""
    shutil.copytree(index, data_dir / "milvus")
    return data_dir
