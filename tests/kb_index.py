"""The index over kb/, built once for a whole run of the tests by the program that builds it in production.

A fresh one costs twenty seconds of computing and every stack needs one: each gets a copy. A stack reads the knowledge
base all the same when it starts, and finds that nothing has changed. What a start with no index at all does is the
story of tests/stack/test_stack.py, which leaves its index to the others where it is begun before any of them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
            command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--quiet", "--quick"]
            env = {**os.environ, "DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(draft)}
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900)
            assert done.returncode == 0, done.stderr
            (draft / "milvus").rename(built)
    return built


@contextmanager
def building(room: Path) -> Iterator[Callable[[Path], None]]:
    """For a test that builds an index anyway: what it is given takes its folder, of which nothing may be at work any
    more. Whoever wants an index meanwhile waits for that one; where there is one already, it does nothing."""
    with (room / "lock").open("w") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process is about to have one
            yield lambda folder: None
            return
        yield lambda folder: _keep(folder, room)


def _keep(folder: Path, room: Path) -> None:
    if not (room / "milvus").exists():
        draft = room / f"draft-{os.getpid()}"
        shutil.copytree(folder, draft)
        draft.rename(room / "milvus")


def furnish(data_dir: Path, index: Path) -> Path:
    """`data_dir`, made, with a copy of the index where a stack looks for it."""
    shutil.copytree(index, data_dir / "milvus")
    return data_dir
