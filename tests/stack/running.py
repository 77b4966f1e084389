"""`python -m worker.stack` as a process of its own, on free ports, for tests: what it says, and whom it started."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from worker.settings import ROOT
from worker.stack.checks import free_port

PATIENCE = 240


@dataclass
class Finished:
    code: int
    out: str
    err: str


def surroundings(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a command: this DATA_DIR, free ports, and `settings` on top."""
    ports = {name: str(free_port()) for name in ("WEBHOOK_PORT", "CONSOLE_PORT", "SANDBOX_PORT")}
    return {**os.environ, "DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), **ports, **settings}


def run_stack(*arguments: str, env: Mapping[str, str]) -> Finished:
    """To its end."""
    command = [sys.executable, "-m", "worker.stack", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(env), capture_output=True, text=True, timeout=PATIENCE)
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclass
class Running:
    """A stack that is up. `summary` is what it printed when it was."""

    process: subprocess.Popen[str]
    data_dir: Path
    env: Mapping[str, str]
    lines: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return "".join(self.lines)

    def address(self, setting: str) -> str:
        return f"http://127.0.0.1:{self.env[setting]}"

    def processes(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says of each of its processes, by name."""
        socket = re.search(r"^file=(.+)$", (self.data_dir / "supervisord.conf").read_text(), re.M)
        transport = SupervisorTransport(None, None, f"unix://{socket[1]}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return {row["name"]: row for row in server.supervisor.getAllProcessInfo()}

    def pids(self) -> set[int]:
        supervisor = int((self.data_dir / "supervisord.pid").read_text())
        return {self.process.pid, supervisor, *(row["pid"] for row in self.processes().values() if row["pid"])}

    def interrupt(self) -> int:
        """What Ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def running_stack(data_dir: Path, **settings: str) -> Iterator[Running]:
    """Up when the block begins; ended when it is left, if the test has not done so."""
    env = surroundings(data_dir, **settings)
    command = [sys.executable, "-m", "worker.stack"]
    with (data_dir.parent / "stack.err").open("w") as err:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=err, text=True)
    stack = Running(process, data_dir, env)
    reader = threading.Thread(target=lambda: stack.lines.extend(iter(process.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        wait_until(lambda: "Ctrl-C stops everything" in stack.summary or process.poll() is not None, "the stack is up")
        assert process.poll() is None, (data_dir.parent / "stack.err").read_text()
        yield stack
    finally:
        if process.poll() is None:
            stack.interrupt()
        reader.join(10)


def wait_until(happened: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
