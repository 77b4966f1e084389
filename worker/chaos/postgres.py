"""A PostgreSQL server of our own: fresh cluster, Unix socket only, nothing survives it. For fault runs and tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from glob import glob
from pathlib import Path

_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=150"
# Processes are killed, not machines: what a dead process wrote is still the kernel's, so fsync would change nothing.
SAFE = "-c fsync=off -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=64MB -c max_connections=300"


def binary(name: str) -> str | None:
    """Its path, from PATH or from where Debian puts it."""
    return shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)


def missing() -> str:
    """Why no server can be started here; "" if one can."""
    absent = [name for name in ("initdb", "pg_ctl", "postgres") if binary(name) is None]
    return f"PostgreSQL is not installed: no {', '.join(absent)}" if absent else ""


class PostgresServer:
    """Started by `start`, stopped and removed by `stop`. Reached through a socket in its own folder, so that no port
    can be taken and nobody else on the machine finds it."""

    def __init__(self, options: str = _FAST) -> None:
        # Not under pytest's folders: those are closed to the user that PostgreSQL must run as.
        self.folder = Path(tempfile.mkdtemp(prefix="deskhand-pg-"))
        self._options = options
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        if self._as:
            shutil.chown(self.folder, "postgres")
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.up()

    def up(self) -> None:
        """After `down`, with everything that was committed."""
        options = f"{self._options} -c listen_addresses='' -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options, "-l", log, "start")

    def down(self) -> None:
        """At once, as in a crash."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def backends(self) -> list[int]:
        """Pids of the processes that serve connections; killing one makes the server recover as after a crash."""
        postmaster = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        served = [pid for pid in children if b"deskhand" in _command(pid) or b" postgres [local]" in _command(pid)]
        return [int(pid) for pid in served]

    def stop(self) -> None:
        try:
            self.down()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        command = [*self._as, str(binary(name)), *arguments]
        # Output to a file: the server inherits it, and a pipe that it keeps open would never end.
        with (self.folder / f"{name}.out").open("wb") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=60, check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"{name} failed: {(self.folder / f'{name}.out').read_text(errors='replace')[-500:]}")


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
