"""Milvus Lite as a process of its own, so that several processes can use one data directory.

The directory is the same that an in-process client opens ("<dir>/x.db" is a directory): whoever starts first owns it,
until it ends. Called by whoever starts the stack, and by tests.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.adapters import milvus_quick
from worker.errors import Retryable


def milvus_lite_command(directory: Path, port: int, *, host: str = "127.0.0.1") -> list[str]:
    """What a supervisor should run. Stop it with SIGINT, upon which it closes its files.

    `host` must be told: left out, the server listens to the whole network and asks nobody for a password.
    """
    program = [sys.executable, "-P", milvus_quick.__file__]  # -P: nothing that lies beside it is taken for a library
    return [*program, "server", "--host", host, "--port", str(port), "--data-dir", str(directory)]


@contextmanager
def start_milvus_lite(
    directory: Path, port: int, *, log: Path | None = None, patience: float = 30.0
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server on `directory` until the block ends; it answers when the block begins.

    `log`: where its output goes, nowhere if None. Raises Retryable if it ends or stays silent for `patience` seconds:
    another process may own the directory or the port.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (log or Path(os.devnull)).open("ab") as output:
        server = subprocess.Popen(milvus_lite_command(directory, port), stdout=output, stderr=output)  # noqa: S603
        try:
            wait_for_port(server, port, patience)
            yield server
        finally:
            stop(server)


def wait_for_port(server: subprocess.Popen[bytes], port: int, patience: float, *, host: str = "127.0.0.1") -> None:
    """Returns once the port is open. Raises Retryable if the process ends before, or after `patience` seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if server.poll() is not None:
            raise Retryable(f"the server ended with code {server.returncode} instead of starting", part="milvus")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise Retryable(f"the server did not answer within {patience:g} s", part="milvus")


def stop(server: subprocess.Popen[bytes], *, first: signal.Signals = signal.SIGINT, patience: float = 10.0) -> None:
    """Asks the process to end, and ends it if it does not within `patience` seconds."""
    if server.poll() is None:
        server.send_signal(first)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
