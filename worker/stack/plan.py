"""What will run where: the settings as the processes will read them, and the processes. Starts nothing."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from worker.adapters.milvus_server import milvus_lite_command
from worker.bootstrap import milvus_directory
from worker.settings import ROOT, Settings, load_settings
from worker.stack.checks import free_port
from worker.stack.redis_server import redis_binary, write_redis_configuration

SANDBOX_NOTICE = "Sandbox: these drafts are composed from the sources by a program. It is no language model."
CUSTOMERS = ROOT / "worker" / "sandbox" / "samples" / "customers.csv"


@dataclass(frozen=True)
class Program:
    """A process for the supervisor. `at_once`: needs nothing of the others; `ends`: does its work and is done."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    at_once: bool = True
    ends: bool = False
    stop_signal: str = "TERM"
    stop_seconds: int = 10


@dataclass(frozen=True)
class Plan:
    """`environment` is what the processes get beyond ours; it holds secrets, so it shows in no repr."""

    settings: Settings
    sandbox: bool
    environment: dict[str, str] = field(repr=False)
    programs: tuple[Program, ...]

    @property
    def workers(self) -> tuple[str, ...]:
        """The names of their programs."""
        return tuple(program.name for program in self.programs if program.name.startswith(_WORKER.name))

    @property
    def logs(self) -> Path:
        return self.settings.data_dir / "logs"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.sandbox_port}"

    @property
    def webhook_url(self) -> str:
        return web_address(self.settings.webhook_host, self.settings.webhook_port)

    @property
    def console_url(self) -> str:
        return web_address(self.settings.console_host, self.settings.console_port)


def make_plan(settings: Settings, *, verbose: bool = False, workers: int = 1) -> Plan:
    """Also empties the sandbox's room: its tickets live in memory, so yesterday's ledger would answer for them."""
    sandbox = not settings.freshdesk_url
    room = settings.data_dir / "sandbox" if sandbox else settings.data_dir
    if sandbox:
        shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "logs").mkdir(exist_ok=True)
    environment = {"DATA_DIR": str(settings.data_dir)}
    programs: list[Program] = []
    if not settings.redis_url:
        environment["REDIS_URL"], program = _redis(room / "redis")
        programs.append(program)
    if not settings.milvus_uri:
        environment["MILVUS_URI"], program = _milvus(milvus_directory(settings))
        programs.append(program)
    if sandbox:
        environment |= _sandbox_environment(settings, room)
        programs.append(Program("sandbox", _python("worker.sandbox")))
    if verbose:
        environment["LOG_LEVEL"] = "debug"
    effective = load_settings(**{name.lower(): value for name, value in environment.items() if name.lower() in _NAMES})
    more = (replace(_WORKER, name=f"{_WORKER.name}-{number}") for number in range(2, workers + 1))
    return Plan(effective, sandbox, environment, (*programs, *_own(sandbox), _WORKER, *more))


_NAMES = frozenset(Settings.model_fields)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


_AT_START = ("--at-start", "--json")  # a change of kb/ that is too big must not keep the service down


def _own(sandbox: bool) -> tuple[Program, ...]:
    """The sandbox's first reply is waited for; an account's templates are chosen better for some seconds more."""
    index = (sys.executable, str(ROOT / "scripts" / "index_kb.py"), *_AT_START, *(("--quick",) if sandbox else ()))
    return (
        Program("webhook", _python("worker.web", "webhook")),
        Program("console", _python("worker.web", "console")),
        Program("index", index, at_once=False, ends=True),
        Program("dispatcher", _python("worker.dispatcher"), at_once=False),
    )


# Celery's warm shutdown drops what does not end in time; the soft one waits for it: that is SIGQUIT.
_SOFT = {"REMAP_SIGTERM": "SIGQUIT"}
_WORKER = Program("worker", _python("worker.tasks"), _SOFT, at_once=False, stop_seconds=45)


def _redis(folder: Path) -> tuple[str, Program]:
    port, password = free_port(), secrets.token_urlsafe(24)
    configuration = write_redis_configuration(folder, port, password)
    return f"redis://:{password}@127.0.0.1:{port}/0", Program("redis", (redis_binary(), str(configuration)))


def _milvus(directory: Path) -> tuple[str, Program]:
    port = free_port()
    command = tuple(milvus_lite_command(directory, port))
    return f"http://127.0.0.1:{port}", Program("milvus", command, stop_signal="INT")


def _sandbox_environment(settings: Settings, room: Path) -> dict[str, str]:
    """An account of our own on this machine; what the user did set stays as it is."""
    key = secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{settings.sandbox_port}"
    known = settings.webhook_secrets or (secrets.token_urlsafe(24),)
    webhook = web_address(settings.webhook_host, settings.webhook_port)
    made = {
        "FRESHDESK_URL": url,
        "FRESHDESK_API_KEY": key,
        "FRESHDESK_WEBHOOK_SECRET": ",".join(known),
        "SANDBOX_API_KEY": key,
        "SANDBOX_WEBHOOK_SECRET": known[0],
        "SANDBOX_WEBHOOK_URL": f"{webhook}/webhooks/freshdesk",
    }
    if not settings.groq_api_key.get_secret_value() and not settings.groq_base_url:
        made |= {"GROQ_BASE_URL": f"{url}/groq", "GROQ_API_KEY": secrets.token_urlsafe(24)}
        if not settings.console_notice:
            made["CONSOLE_NOTICE"] = SANDBOX_NOTICE
    if not settings.database_url:
        made["DATABASE_URL"] = f"sqlite:///{room / 'deskhand.db'}"
    wished = settings.model_fields_set
    made |= {} if "delivery_mode" in wished else {"DELIVERY_MODE": "auto"}
    made |= {} if "gate" in wished else {"GATE": "open"}
    return made


def web_address(host: str, port: int) -> str:
    """Where a process that listens on `host` is reached from here."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def clean_environment(plan: Plan) -> dict[str, str]:
    """Ours and the plan's, without the NAME_FILEs that the plan's values replace, and unbuffered."""
    ours = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in plan.environment}
    return ours | plan.environment | {"PYTHONUNBUFFERED": "1"}
