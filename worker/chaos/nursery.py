"""A parent that has imported everything and forks our processes: a restart then costs a second instead of eight.

`python -m worker.chaos.nursery`: for each line on standard input ({"program", "log"}) it forks a child that runs the
program's own main(), and answers with the child's pid. What a child does after its imports is what production does.
Nothing is loaded or opened here, no tensor computed and no thread started: such things do not survive a fork.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_HEAVY = (
    "safetensors.torch",
    "tokenizers",
    "pymilvus",
    "alembic.command",
    "groq",
    "uvicorn",
    "worker.asgi",
    "worker.web",
)


def main() -> None:
    """Until standard input ends; the children end with it."""
    for module in (*_HEAVY, "worker.tasks", "worker.dispatcher"):
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who died is seen through pidfds, and must not stay a zombie
    print("ready", flush=True)
    while line := sys.stdin.readline():
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _settle(wanted["log"])
            sys.exit(_program(wanted["program"])())
        print(pid, flush=True)


def _settle(log: str) -> None:
    """In the child: its own output, nobody's input, and an end together with the parent."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for the life of the process


def _program(name: str) -> Callable[[], int | None]:
    if name == "webhook":
        from worker import web

        return lambda: web.main(["webhook"])
    if name == "dispatcher":
        from worker import dispatcher

        return dispatcher.main
    from worker import tasks

    return tasks.main


if __name__ == "__main__":
    main()
