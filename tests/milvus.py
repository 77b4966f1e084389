"""Milvus for tests: a real server of version 2.3, in an environment of its own, on ports that are free.

It is found through DESKHAND_MILVUS_SERVER (the path of `milvus-server`) or in .venv-milvus, which `make milvus-server`
makes. Takes about ten seconds to start: one for a test module.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_server import wait_for_port
from worker.errors import Trouble

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def milvus_server_program() -> Path | None:
    named = os.environ.get("DESKHAND_MILVUS_SERVER")
    program = Path(named) if named else ROOT / ".venv-milvus" / "bin" / "milvus-server"
    return program if program.exists() else None


@contextmanager
def running_milvus_server(program: Path, folder: Path) -> Iterator[str]:
    """The URI of a server that is ready to be written to; it is gone when the block ends.

    One at a time on a machine: some of its ports cannot be chosen.
    """
    lock = Path(tempfile.gettempdir()) / "deskhand-milvus-server.lock"
    with lock.open("w") as alone, (folder / "server.log").open("wb") as output:
        fcntl.flock(alone, fcntl.LOCK_EX)
        port = free_port()
        # A session of its own: the program starts the server proper as a child, which outlives it otherwise.
        server = subprocess.Popen(
            [program, "--data", str(folder / "milvus"), "--proxy-port", str(port)],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            wait_for_port(server, port, 90)
            uri = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(uri)
            yield uri
        finally:
            _end_session(server)


def _wait_until_it_answers(uri: str) -> None:
    until = time.monotonic() + 90
    with MilvusShelf(uri) as shelf:
        while True:
            try:
                shelf.version()
            except Trouble:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return


def _end_session(server: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL, to what we started and to nothing else."""
    for sent, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(server.pid, sent)
        except ProcessLookupError:
            break
        until = time.monotonic() + patience
        while time.monotonic() < until and _alive(server):
            time.sleep(0.05)
    server.wait()


def _alive(server: subprocess.Popen[bytes]) -> bool:
    server.poll()
    try:
        os.killpg(server.pid, 0)
    except ProcessLookupError:
        return False
    return True
