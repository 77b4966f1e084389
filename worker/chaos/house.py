"""The processes of a fault run: where they live, how each is started, killed, stopped for a while and started again.

No supervisor here, since the run itself is what kills and restarts. Each process is held by a pidfd, so that a signal
never hits somebody who got the number of one that is gone.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis
import requests

from worker.adapters.milvus_server import milvus_lite_command
from worker.chaos.weather import TIMINGS
from worker.settings import ROOT
from worker.stack.checks import free_port
from worker.stack.redis_server import redis_binary, write_redis_configuration
from worker.stack.supervise import reachable

OURS = {"webhook": "webhook", "dispatcher": "dispatcher", "worker-1": "worker", "worker-2": "worker"}


@dataclass
class Living:
    """One process. `popen`: of those that we started ourselves, so that none stays a zombie."""

    name: str
    pid: int
    popen: subprocess.Popen[bytes] | None = None
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._fd = os.pidfd_open(self.pid)

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, number)

    def ended(self, within: float = 0.0) -> bool:
        gone = bool(select.select([self._fd], [], [], within)[0])
        if gone and self.popen is not None:
            self.popen.wait()
        return gone


class House:
    """`database_url` "": SQLite in the folder. `index`: Milvus' folder to begin with a copy of, None to build one.
    `up()` before anything else, `down()` whatever happens."""

    def __init__(self, folder: Path, database_url: str, seed: int, index: Path | None = None) -> None:
        self.folder, self.seed, self._index = folder, seed, index
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.journal = folder / "journal.jsonl"
        self.database_url = database_url or f"sqlite:///{folder / 'deskhand.db'}"
        self.ports = {name: free_port() for name in ("sandbox", "webhook", "redis", "milvus")}
        password = secrets.token_urlsafe(16)
        self.redis_url = f"redis://:{password}@127.0.0.1:{self.ports['redis']}/0"
        self._redis_configuration = write_redis_configuration(folder / "redis", self.ports["redis"], password)
        self.environment = self._environment()
        self.living: dict[str, Living] = {}
        self._nursery: subprocess.Popen[bytes] | None = None

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['sandbox']}"

    @property
    def webhook_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['webhook']}"

    def up(self, say: Callable[[str], None]) -> None:
        """Everything runs when this returns, and the worker takes work."""
        if self._index is not None:
            shutil.copytree(self._index, self.folder / "milvus")
        self._nursery = self._spawn([sys.executable, "-m", "worker.chaos.nursery"], "nursery", talks=True)
        for name in ("redis", "milvus", "sandbox"):
            self.start(name)
        self.wait("Milvus", lambda: reachable("127.0.0.1", self.ports["milvus"]))
        say("reading the knowledge base")
        index = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--at-start", "--quick", "--json"]
        done = self._spawn(index, "index").wait(300)
        if done:
            raise RuntimeError(f"the index was not built; see {self.logs / 'index.log'}")
        self.wait("Redis", self.redis_answers)
        self.wait("The sandbox", lambda: _answers(f"{self.sandbox_url}/sandbox/state"))
        self._say_ready()
        for name in OURS:
            self.start(name)
        self.wait("The webhook", lambda: _answers(f"{self.webhook_url}/healthz"))

    def start(self, name: str) -> None:
        """A process by its name; it comes up by itself."""
        if name in OURS:
            self.living[name] = Living(name, self._fork(name))
            return
        popen = self._spawn(self._command(name), name)
        self.living[name] = Living(name, popen.pid, popen)

    def kill(self, name: str) -> None:
        """kill -9, and gone when this returns."""
        self.living[name].send(signal.SIGKILL)
        self.living[name].ended(within=5)

    def stop(self, name: str, patience: float) -> float:
        """SIGTERM, waits for the end; how many seconds it took. Killed after `patience`: then it is `patience`."""
        begun = time.monotonic()
        self.living[name].send(signal.SIGTERM)
        if not self.living[name].ended(within=patience):
            self.kill(name)
        return time.monotonic() - begun

    def stop_all_of_ours(self) -> None:
        """kill -9 to everybody who has the ledger open."""
        for name in OURS:
            self.living[name].send(signal.SIGCONT)
            self.kill(name)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url, socket_connect_timeout=1, socket_timeout=2)

    def redis_answers(self) -> bool:
        try:
            with self.redis() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def wait(self, what: str, done: Callable[[], bool], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not answer within {seconds:.0f} s; see {self.logs}")
            time.sleep(0.05)

    def down(self) -> None:
        """Ends everything that this house started."""
        for name in (*OURS, "milvus", "redis", "sandbox"):
            if name in self.living:
                self.living[name].send(signal.SIGCONT)
                self.kill(name)
        if self._nursery is not None:
            self._nursery.kill()
            self._nursery.wait()

    def _environment(self) -> dict[str, str]:
        key, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        made = {
            "DESKHAND_ENV_FILE": os.devnull,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "MILVUS_URI": f"http://127.0.0.1:{self.ports['milvus']}",
            "FRESHDESK_URL": self.sandbox_url,
            "FRESHDESK_API_KEY": key,
            "FRESHDESK_WEBHOOK_SECRET": secret,
            "SANDBOX_API_KEY": key,
            "SANDBOX_WEBHOOK_SECRET": secret,
            "GROQ_BASE_URL": f"{self.sandbox_url}/groq",
            "GROQ_API_KEY": secrets.token_urlsafe(16),
            "WEBHOOK_PORT": str(self.ports["webhook"]),
            "DELIVERY_MODE": "auto",
            "GATE": "open",
            "PYTHONUNBUFFERED": "1",
            **TIMINGS,
        }
        ours = {name for name in os.environ if name.removesuffix("_FILE") in made}
        return {name: value for name, value in os.environ.items() if name not in ours} | made

    def _command(self, name: str) -> list[str]:
        if name == "redis":
            return [redis_binary(), str(self._redis_configuration)]
        if name == "milvus":
            return milvus_lite_command(self.folder / "milvus", self.ports["milvus"])
        port, rung = str(self.ports["sandbox"]), f"{self.webhook_url}/webhooks/freshdesk"
        options = {"port": port, "webhook-url": rung, "journal": str(self.journal), "seed": str(self.seed)}
        # Webhooks that failed come again after 5, 30 and 60 minutes; here after as many seconds.
        options["clock-scale"] = "60"
        told = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [sys.executable, "-m", "worker.sandbox", *told]

    def _spawn(self, command: list[str], name: str, *, talks: bool = False) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE if talks else subprocess.DEVNULL
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own programs
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=pipe,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
            )

    def _say_ready(self) -> None:
        if self._answer() != "ready":
            raise RuntimeError(f"the nursery did not start; see {self.logs / 'nursery.log'}")

    def _fork(self, name: str) -> int:
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        wanted: Mapping[str, str] = {"program": OURS[name], "log": str(self.logs / f"{name}.log")}
        self._nursery.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._nursery.stdin.flush()
        return int(self._answer())

    def _answer(self) -> str:
        assert self._nursery is not None
        assert self._nursery.stdout is not None
        return self._nursery.stdout.readline().decode().strip()


def _answers(url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False
