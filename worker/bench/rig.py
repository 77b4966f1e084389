"""A whole installation for a measurement: each part a process of its own, as in production, on ports of its own.

The sandbox stands for Freshdesk and Groq, with an allowance so high that it limits nothing, and rings nobody: whoever
measures does. No supervisor, so that what each process costs can be told apart. Called by the suites pipeline and
throughput; gone, with all that it wrote, when the block is left.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from worker.adapters.milvus_server import milvus_lite_command
from worker.bench.served import surroundings
from worker.bench.took import Spent, spent
from worker.bootstrap import ping_redis
from worker.errors import Permanent, Trouble
from worker.queues import make_celery
from worker.settings import ROOT, Settings, load_settings
from worker.stack.redis_server import redis_binary, write_redis_configuration
from worker.stack.sandbox_at import SandboxAt
from worker.stack.supervise import last_lines, reachable

PATIENCE = 120.0  # seconds for one part to come up; a cold disk makes the model's libraries slow to load
PLENTY = 1_000_000  # calls a minute; of more than that the client believes nothing, and asks as if no limit were known
_MODULES = {"webhook": ("worker.web", "webhook"), "dispatcher": ("worker.dispatcher",), "sandbox": ("worker.sandbox",)}


@dataclass
class Rig:
    """`with Rig(folder) as rig:` has Redis, Milvus with kb/ in it, and the sandbox; `start` adds the others.

    `llm_seconds`: how long the sandbox's Groq takes. `index`: a Milvus folder with kb/ in it to begin with a copy of,
    None to build one, which takes half a minute of computing.
    """

    folder: Path
    ports: Mapping[str, int]
    llm_seconds: float = 0.0
    concurrency: int = 32
    index: Path | None = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        password = secrets.token_urlsafe(16)
        self.redis_url = f"redis://:{password}@127.0.0.1:{self.ports['redis']}/0"
        self._redis_file = write_redis_configuration(self.folder / "redis", self.ports["redis"], password)
        self.secret = secrets.token_urlsafe(16)
        self.key = secrets.token_urlsafe(16)
        self.sandbox = Sandbox(f"http://127.0.0.1:{self.ports['sandbox']}")
        self.made = self._made()

    def __enter__(self) -> Self:
        try:
            if self.index is not None:
                shutil.copytree(self.index, self.folder / "milvus")
            for name in ("redis", "milvus", "sandbox"):
                self.start(name)
            self.wait("Milvus", lambda: reachable("127.0.0.1", self.ports["milvus"]))
            self.wait("Redis", self._redis_answers)
            if self.index is None:
                self._read_kb()
            self.wait_for_sandbox()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.down()

    def settings(self) -> Settings:
        """What the processes read, for those who do in this process what they do."""
        known = {name.lower(): value for name, value in self.made.items() if name.lower() in Settings.model_fields}
        return load_settings(**known)

    def start(self, name: str) -> None:
        """Redis, milvus, sandbox, webhook, dispatcher, or worker-N; it comes up by itself."""
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {**surroundings(), **self.made}
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs
                self._command(name), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def down(self) -> None:
        """Ends everything that was started, last what the others lean on."""
        for name in reversed(tuple(self.processes)):
            self.stop(name)

    def wait_for_sandbox(self) -> None:
        """Until it answers, and with an allowance that limits nothing."""
        self.wait("The sandbox", self.sandbox.answers)
        self.sandbox.lift()

    def wait_for_webhook(self) -> None:
        self.wait("The webhook", lambda: reachable("127.0.0.1", self.ports["webhook"]))

    def wait_for_workers(self, number: int) -> None:
        """Until so many have their model and take work."""
        with make_celery(self.settings(), self.redis_url) as app:
            self.wait("A worker", lambda: len(app.control.ping(timeout=0.5)) >= number)

    def wait(self, what: str, done: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Raises Permanent, with the end of its log, for a process that has ended meanwhile."""
        deadline = time.monotonic() + seconds
        while not done():
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended:
                told = " ".join(last_lines(self.folder / f"{ended[0]}.log", 3))
                raise Permanent(f"{ended[0]} has ended: {told}", part=ended[0])
            if time.monotonic() > deadline:
                raise Permanent(f"{what} did not answer within {seconds:.0f} s", part="rig")
            time.sleep(0.05)

    def spent(self) -> dict[str, Spent]:
        """What each process has used so far, by name."""
        return {name: spent(process.pid) for name, process in self.processes.items()}

    def _redis_answers(self) -> bool:
        try:
            return bool(ping_redis(self.settings()))
        except Trouble:
            return False

    def _read_kb(self) -> None:
        command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--quiet"]
        environment = {**surroundings(), **self.made}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            raise Permanent(f"the knowledge base was not read: {done.stderr.strip()[-300:]}", part="milvus")

    def _command(self, name: str) -> list[str]:
        if name == "redis":
            return [redis_binary(), str(self._redis_file)]
        if name == "milvus":
            return milvus_lite_command(self.folder / "milvus", self.ports["milvus"])
        told = _MODULES.get(name, ("worker.tasks",))
        if name == "sandbox":
            told += ("--port", str(self.ports["sandbox"]), "--groq-seconds", str(self.llm_seconds))
        return [sys.executable, "-m", *told]

    def _made(self) -> dict[str, str]:
        url = self.sandbox.url
        return {
            "DESKHAND_ENV_FILE": os.devnull,
            "PYTHONUNBUFFERED": "1",  # as in a container: each line of the log is written at once
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'ledger.db'}",
            "REDIS_URL": self.redis_url,
            "MILVUS_URI": f"http://127.0.0.1:{self.ports['milvus']}",
            "FRESHDESK_URL": url,
            "FRESHDESK_API_KEY": self.key,
            "FRESHDESK_WEBHOOK_SECRET": self.secret,
            "SANDBOX_API_KEY": self.key,
            "SANDBOX_WEBHOOK_SECRET": self.secret,
            "GROQ_BASE_URL": f"{url}/groq",
            "GROQ_API_KEY": secrets.token_urlsafe(16),
            "WEBHOOK_PORT": str(self.ports["webhook"]),
            "WORKER_CONCURRENCY": str(self.concurrency),
            "DELIVERY_MODE": "auto",
            "GATE": "open",
            "POLL_SECONDS": "3600",  # its first look is over before there is a ticket; whoever measures rings
        }


class Sandbox(SandboxAt):
    """The sandbox of a rig."""

    def lift(self) -> None:
        limits = dict.fromkeys(("create", "update", "tickets_list", "contacts_list"), PLENTY)
        self.ask("POST", "/settings", {"allowance": PLENTY, "sub_limits": limits})

    def credits(self) -> int:
        """Of the allowance, what all calls have cost since it started."""
        return int(self.ask("GET", "/state")["credits"])

    def write(self, sample: Mapping[str, Any]) -> int:
        """A customer's mail, as worker/sandbox/samples.py has it; the ticket's number."""
        return int(self.ask("POST", "/tickets", sample)["id"])

    def written(self, after: int) -> list[dict[str, Any]]:
        """Replies and notes later than entry `after` of the journal."""
        rows: list[dict[str, Any]] = self.ask("GET", f"/journal?kind=reply,note&after={after}")
        return rows
