"""Our web processes as they run in production, `python -m worker.web ...` on a ledger, and a browser's connection.

What is measured is the wall time from the first byte of a request to the last of its answer, and the time for which the
server's threads held a processor meanwhile: on a machine that others use too, only the latter can be compared.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from worker.bench.took import Took, processor_time
from worker.errors import Permanent
from worker.settings import ROOT, Settings
from worker.stack.checks import free_port

PATIENCE = 60.0  # seconds until a process must answer


@dataclass(frozen=True)
class Answered:
    status: int
    body: str
    location: str


class Browser:
    """One connection that stays open, with its cookies. `answer` is timed into `took` where one is given."""

    def __init__(self, port: int, pid: int) -> None:
        self._connection = http.client.HTTPConnection("localhost", port, timeout=30)
        self._cookies: SimpleCookie = SimpleCookie()
        self._pid = pid

    def get(self, path: str, took: Took | None = None) -> Answered:
        return self._ask("GET", path, "", took)

    def post(self, path: str, fields: Mapping[str, str], took: Took | None = None) -> Answered:
        return self._ask("POST", path, urlencode(fields), took)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str, took: Took | None) -> Answered:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
        headers = {
            "Cookie": cookies,
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        cpu, begun = processor_time(self._pid), time.perf_counter()
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        wall = time.perf_counter() - begun
        if took is not None:
            took.wall.append(wall * 1000)
            if cpu is not None:
                took.cpu.append(((processor_time(self._pid) or cpu) - cpu) / 1e6)
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self._cookies.load(cookie)
        return Answered(answer.status, text, answer.headers.get("Location", ""))


@contextmanager
def console_over(database_url: str, folder: Path) -> Iterator[Browser]:
    """A console process on that ledger, alone with it: no Freshdesk, no index. Ended when the block is left."""
    with served("console", {"DATABASE_URL": database_url, "DATA_DIR": str(folder)}) as (port, pid):
        browser = Browser(port, pid)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(program: str, settings: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """`python -m worker.web PROGRAM` with these settings and no others, answering: (port, pid). Ended when the block is
    left."""
    port = free_port()
    given = {f"{program.upper()}_PORT": str(port), "LOG_LEVEL": "error", **settings}
    command = [sys.executable, "-m", "worker.web", program]
    environment = {**surroundings(), "DESKHAND_ENV_FILE": os.devnull, **given}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own interpreter and module
    try:
        _wait_for(port, process, program)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def surroundings() -> dict[str, str]:
    """Our environment without any setting of Deskhand's, so that what is measured does not depend on it."""
    ours = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _wait_for(port: int, process: subprocess.Popen[bytes], program: str) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), closing(http.client.HTTPConnection("localhost", port, timeout=30)) as connection:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise Permanent(f"the {program} did not start", part=program)
