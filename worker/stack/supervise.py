"""supervisord, its configuration and its socket: starts processes, restarts what dies, stops what it is told to.

Secrets travel in the environment; the configuration holds none, but is readable by us alone all the same.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from worker.stack.checks import CannotStart
from worker.stack.plan import Program
from worker.stack.redis_server import write_private

_PR_SET_PDEATHSIG = 1
_LONGEST = 500  # characters of a line of a log that are shown
_HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={pidfile}
childlogdir={logs}
umask=077
{user}
[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
autostart={at_once}
autorestart={restart}
startsecs={startsecs}
startretries=3
exitcodes=0
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


@dataclass(frozen=True)
class State:
    """Of one process: supervisord's word for it (RUNNING, FATAL, ...), its pid (0 if none), what it exited with."""

    word: str
    pid: int
    exit_status: int


class Supervisor:
    """One supervisord. `start` before anything else, `shut_down` whatever happens."""

    def __init__(self, programs: Iterable[Program], data_dir: Path, environment: Mapping[str, str]) -> None:
        self._programs = tuple(programs)
        self._data_dir = data_dir
        self._environment = dict(environment)
        # A unix socket's path may have 107 characters, and DATA_DIR may be longer than that by itself.
        self._temporary = Path(tempfile.mkdtemp(prefix="deskhand-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> Path:
        return self._temporary / "s"

    @property
    def logs(self) -> Path:
        return self._data_dir / "logs"

    def start(self) -> None:
        """Returns when supervisord answers; what is `at_once` is being started then."""
        configuration = self._data_dir / "supervisord.conf"
        write_private(configuration, self._configuration())
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        self._process = subprocess.Popen(  # noqa: S603 - our own Python, our own file
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for us, who then stop the processes in order
            preexec_fn=_end_with_parent,
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._call("getState")
                return
            except OSError:
                time.sleep(0.02)
        self.shut_down()
        raise CannotStart(f"The supervisor did not start; see {self.logs / 'supervisord.log'}.")

    def states(self) -> dict[str, State]:
        rows: list[dict[str, Any]] = self._call("getAllProcessInfo")
        return {row["name"]: State(row["statename"], row["pid"], row["exitstatus"]) for row in rows}

    def start_program(self, name: str) -> None:
        """Returns at once; see `states` for what became of it."""
        self._call("startProcess", name, False)

    def stop_programs(self, names: Iterable[str], hurry: Callable[[], bool]) -> None:
        """Asks all of them to stop, waits until they have; `hurry`: whether somebody asked a second time."""
        waiting = {name for name, state in self.states().items() if name in set(names) and _alive(state)}
        for name in waiting:
            self._ask_running("stopProcess", name, False)
        while waiting := {name for name, state in self.states().items() if name in waiting and _alive(state)}:
            if hurry():
                for name in waiting:
                    self._ask_running("signalProcess", name, "KILL")
            time.sleep(0.05)

    def shut_down(self) -> None:
        """Ends supervisord and with it whatever still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _ask_running(self, method: str, name: str, *more: object) -> None:
        """One that has ended by itself since we looked has done what it is asked to."""
        try:
            self._call(method, name, *more)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != Faults.NOT_RUNNING:
                raise

    def _call(self, method: str, *arguments: object) -> Any:
        """OSError if supervisord does not answer. A transport each time: one that failed cannot be used again."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
                return getattr(server.supervisor, method)(*arguments)
        except http.client.HTTPException as error:
            raise ConnectionError(f"supervisord broke off ({type(error).__name__})") from None

    def _configuration(self) -> str:
        root = os.geteuid() == 0
        head = {
            "logs": _literal(self.logs),
            "pidfile": _literal(self._data_dir / "supervisord.pid"),
            "socket": _literal(self._socket),
            # Said aloud, or supervisord complains at every start that it runs as root.
            "user": f"user={pwd.getpwuid(0).pw_name}\n" if root else "",
        }
        return _HEAD.format(**head) + "".join(self._section(program) for program in self._programs)

    def _section(self, program: Program) -> str:
        return _PROGRAM.format(
            name=program.name,
            command=_literal(shlex.join(program.command)),
            environment=",".join(f'{name}="{_literal(value)}"' for name, value in program.environment.items()),
            at_once=str(program.at_once).lower(),
            restart="false" if program.ends else "true",
            startsecs=0 if program.ends else 1,
            stop_signal=program.stop_signal,
            stop_seconds=program.stop_seconds,
            logs=_literal(self.logs),
        )


def last_lines(log: Path, count: int = 12, *, begin: int = 0) -> list[str]:
    """Of what was written after the first `begin` bytes: before them an earlier run's. Long lines are cut."""
    try:
        raw = log.read_bytes()
    except OSError:
        return []
    if begin <= len(raw):  # smaller than it was: it has been rotated
        raw = raw[begin:]
    lines = raw.decode("utf-8", errors="replace").splitlines()[-count:]
    return [line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …" for line in lines]


def wait_for_predecessor(data_dir: Path, seconds: float = 60) -> None:
    """A stack that was killed leaves a supervisor that is still stopping its processes: they hold files and ports."""
    pidfile, deadline = data_dir / "supervisord.pid", time.monotonic() + seconds
    while pid := _running(pidfile, data_dir):
        if time.monotonic() > deadline:
            raise CannotStart(f"Processes of an earlier stack on {data_dir} still run (supervisor {pid}): stop them.")
        time.sleep(0.1)


def _running(pidfile: Path, data_dir: Path) -> int:
    """The pid of a supervisor of this DATA_DIR that is alive, else 0. Pids are used again, so its words are asked."""
    try:
        pid = int(pidfile.read_text(encoding="ascii"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if str(data_dir / "supervisord.conf").encode() in words else 0


def _alive(state: State) -> bool:
    return state.word in ("STARTING", "RUNNING", "STOPPING", "BACKOFF")


def _literal(value: object) -> str:
    """For supervisord's configuration, where % begins an expansion."""
    return str(value).replace("%", "%%")


def _end_with_parent() -> None:
    """In the child: whoever kills the stack without a chance to clean up ends the supervisor, and so the rest."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def reachable(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
