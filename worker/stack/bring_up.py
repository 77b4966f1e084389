"""Brings the planned processes up in the order in which they need each other, watches them, takes them down again."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from worker.queues import make_celery
from worker.stack.checks import CannotStart, redis_trouble
from worker.stack.plan import Plan, clean_environment
from worker.stack.redis_server import write_private
from worker.stack.supervise import State, Supervisor, last_lines, reachable

PATIENCE = 90.0  # seconds for one part to come up; a cold disk makes the model's libraries slow to load
INDEXING = 900.0  # seconds for a whole knowledge base
NEWS = ("webhook", "dispatcher", "index")  # what brings work; then whoever is at work, then what they lean on
LEANED_ON = (("console", "sandbox"), ("milvus", "redis"))


class Interrupted(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@dataclass
class Asked:
    """How often we were asked to end. A plain number: an Event's lock is not safe in a signal's handler."""

    times: int = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While open, SIGINT and SIGTERM only count."""

        def heard(*_: Any) -> None:
            self.times += 1

        before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, earlier in before.items():
                signal.signal(number, earlier)


@dataclass
class Stack:
    """The running processes. `say` tells a person what goes on, one line each."""

    plan: Plan
    asked: Asked
    say: Callable[[str], None]
    _supervisor: Supervisor = field(init=False)
    _pids: dict[str, int] = field(default_factory=dict)
    _logged: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data_dir = self.plan.settings.data_dir
        self._supervisor = Supervisor(self.plan.programs, data_dir, clean_environment(self.plan))

    @contextmanager
    def up(self) -> Iterator[None]:
        """Everything runs while this is open, and nothing afterwards. CannotStart, Interrupted."""
        settings = self.plan.settings
        try:
            self._logged = {log.stem: log.stat().st_size for log in self._supervisor.logs.glob("*.log")}
            self._supervisor.start()
            where = {"redis_url": settings.redis_url, "milvus_uri": settings.milvus_uri}
            if "DATABASE_URL" in self.plan.environment or not settings.database_url:
                where["database_url"] = settings.ledger_url  # one that was given is known to scripts already
            where |= _account_of_sandbox(self.plan)
            write_private(settings.stack_file, json.dumps(where))
            self._bring_up()
            yield
        finally:
            settings.stack_file.unlink(missing_ok=True)
            self._take_down()

    def watch(self) -> None:
        """One look: says what was restarted. CannotStart if a process is given up, Interrupted if we are to end."""
        if self.asked.times:
            raise Interrupted
        for name, state in self._supervisor.states().items():
            before = self._pids.get(name)
            if _given_up(name, state):
                raise CannotStart(self._epitaph(name, state))
            if state.pid:
                if before not in (None, state.pid):
                    log = self._supervisor.logs / f"{name}.log"
                    self.say(f"{name} had ended and was restarted (process {state.pid}); see {log}")
                self._pids[name] = state.pid

    def wait_for_worker(self) -> None:
        """Until the worker has its model and takes work. Tickets need not wait for that, they queue up."""
        settings = self.plan.settings
        with make_celery(settings, settings.redis_url) as app:
            self.wait("The worker", lambda: bool(app.control.ping(timeout=0.5, limit=1)))

    def wait(self, what: str, done: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Until `done`, watching meanwhile."""
        deadline = time.monotonic() + seconds
        while not done():
            self.watch()
            if time.monotonic() > deadline:
                raise CannotStart(f"{what} did not answer within {seconds:.0f} s; see {self._supervisor.logs}.")
            time.sleep(0.05)

    def _bring_up(self) -> None:
        """redis, milvus, sandbox and the web processes are starting already, all at once."""
        plan, names = self.plan, {program.name for program in self.plan.programs}
        if "milvus" in names:
            address = urlsplit(plan.settings.milvus_uri)
            self.wait("Milvus", lambda: reachable(address.hostname or "", address.port or 0))
        self.say("Reading the knowledge base …")
        self._supervisor.start_program("index")
        self.wait("Redis", lambda: not redis_trouble(plan.settings.redis_url))
        if plan.sandbox:
            self.wait("The sandbox", lambda: _answers(f"{plan.sandbox_url}/sandbox/state"))
        self._supervisor.start_program("dispatcher")
        if plan.sandbox:  # nothing is to be answered yet, so workers may load their model while the index is built
            self._start_workers()
        self.wait("The webhook", lambda: _answers(f"{plan.webhook_url}/healthz"))
        self.wait("The console", lambda: _answers(f"{plan.console_url}/healthz"))
        self.wait("The index", lambda: self._word("index") == "EXITED", INDEXING)
        if not plan.sandbox:  # without an index a message that waits already would fail, and go to a person
            self._start_workers()
        self.wait("The dispatcher", lambda: {self._word(name) for name in ("dispatcher", *plan.workers)} == {"RUNNING"})

    def _start_workers(self) -> None:
        for name in self.plan.workers:
            self._supervisor.start_program(name)

    def _word(self, name: str) -> str:
        return self._supervisor.states()[name].word

    def _take_down(self) -> None:
        """No new work first, then whoever is at work, last what the others lean on."""
        before = self.asked.times
        try:
            for names in (NEWS, self.plan.workers, *LEANED_ON):
                self._supervisor.stop_programs(names, lambda: self.asked.times > before)
        except OSError as error:
            self.say(f"The supervisor has gone ({type(error).__name__}).")
        finally:
            self._supervisor.shut_down()

    def _epitaph(self, name: str, state: State) -> str:
        log = self._supervisor.logs / f"{name}.log"
        lines = "\n".join(f"  {line}" for line in last_lines(log, begin=self._logged.get(name, 0)))
        how = "ended again and again" if state.word == "FATAL" else f"ended with exit code {state.exit_status}"
        said = f"{name} {how}, so everything is stopped. The end of {log}:\n{lines}"
        if name == "redis":
            room = self.plan.settings.data_dir / ("sandbox" if self.plan.sandbox else "")
            said += f"\nNothing that it keeps is needed: if its file is damaged, remove {room / name} and start again."
        return said


def _account_of_sandbox(plan: Plan) -> dict[str, str]:
    """Where tools find the sandbox's Freshdesk and Groq, and with which keys, which were made up for this run."""
    account = ("FRESHDESK_URL", "FRESHDESK_API_KEY", "FRESHDESK_WEBHOOK_SECRET", "GROQ_BASE_URL", "GROQ_API_KEY")
    made = (*account, "DELIVERY_MODE", "GATE")
    return {name.lower(): plan.environment[name] for name in made if plan.sandbox and name in plan.environment}


def _given_up(name: str, state: State) -> bool:
    return state.word == "FATAL" or (name == "index" and state.word == "EXITED" and state.exit_status != 0)


def _answers(url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment does not know this machine's ports
            return session.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False
