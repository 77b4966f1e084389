"""The wiring as the design has it: who may import whom, how large things may grow, names that must agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from worker.queues import QUEUES, make_celery
from worker.settings import ROOT, Settings

PACKAGE = ROOT / "worker"
WORDS = {"models", "errors", "ports"}
SAFE = {"trouble_words", "crashpoints", "uptime"}  # leaves that need nothing but errors, and that everybody may have
BELOW_SUPPORT = WORDS | SAFE | {"lookout", "knowledge", "rulebook", "metrics", "probes"}
BELOW_BOOTSTRAP = BELOW_SUPPORT | {
    "adapters",
    "support",
    "intake",
    "console",
    "settings",
    "log",
    "bootstrap_kb",
    "bootstrap",
}
MAY_IMPORT = {
    "models": set(),
    "errors": set(),
    "trouble_words": {"errors"},
    "crashpoints": set(),
    "uptime": set(),
    "lookout": set(),
    "breaking_off": set(),
    "probes": {"errors", "trouble_words"},
    "ports": {"models"},
    "metrics": set(),
    "log": SAFE,
    "env_file": {"errors"},
    "agreement": set(),
    "urls": set(),
    "kept_secret": {"errors"},
    "settings": {"agreement", "env_file", "errors", "urls"},
    "ledger_metrics": WORDS,
    "tracing": {"errors"},
    "outside_metrics": {"probes"},
    "knowledge": WORDS,
    "rulebook": WORDS | {"lookout"},
    "adapters": WORDS | SAFE | {"support.bodies", "support.likeness"},
    "intake": BELOW_SUPPORT | {"support"},
    "support": BELOW_SUPPORT | {"intake"},
    "console": BELOW_SUPPORT | {"support", "intake"},
    "sandbox": set(),
    "queues": {"settings"},
    "standby": SAFE | {"errors", "metrics"},
    "bootstrap_kb": BELOW_SUPPORT | {"adapters", "settings"},
    "bootstrap": BELOW_BOOTSTRAP,
    "bootstrap_web": BELOW_BOOTSTRAP | {"queues", "bootstrap_looks", "outside_metrics", "kept_secret"},
    "bootstrap_looks": BELOW_BOOTSTRAP | {"queues", "bootstrap_web"},
    "bootstrap_index": BELOW_BOOTSTRAP,
    "tasks": BELOW_SUPPORT | {"bootstrap", "support", "queues", "settings", "standby", "log", "tracing"},
    "dispatcher": BELOW_SUPPORT | {"bootstrap", "intake", "support", "queues", "settings", "log", "tracing"},
    "asgi": BELOW_BOOTSTRAP | {"bootstrap_web", "queues", "ledger_metrics", "outside_metrics", "tracing"},
    "web": {"asgi", "errors", "settings"},
    "stack": BELOW_BOOTSTRAP | {"bootstrap_web", "queues", "sandbox"},
    "operations": BELOW_BOOTSTRAP | {"bootstrap_web", "bootstrap_looks", "queues"},
    "evaluation": BELOW_BOOTSTRAP | {"stack"},
    "bench": BELOW_BOOTSTRAP | {"evaluation", "stack", "sandbox", "queues", "tasks"},
    "chaos": BELOW_BOOTSTRAP | {"sandbox", "stack", "web", "tasks", "dispatcher"},
}
KNOW_CELERY = {"queues", "tasks"}
KNOW_ADAPTERS = {
    "adapters",
    "bootstrap_kb",
    "bootstrap",
    "bootstrap_web",
    "bootstrap_looks",
    "bootstrap_index",
    "operations",
    "stack",
    "chaos",
    "evaluation",
    "bench",
}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names that `path` imports at run time, also inside functions; what only type checkers see is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _run_time(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _run_time(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from _run_time(child)


def ours(path: Path) -> Iterator[str]:
    """The parts of `worker` that `path` imports, each as "room.rest"."""
    return (name.removeprefix("worker.") for name in imports(path) if name.startswith("worker."))


def allowed(room: str, name: str) -> bool:
    return any(name == may or name.startswith(f"{may}.") for may in MAY_IMPORT.get(room, set()) | {room})


def test_every_room_has_its_place_in_the_order():
    assert {room_of(path) for path in SOURCES} - {"__init__"} == MAY_IMPORT.keys()


def test_every_room_imports_only_what_lies_below_it():
    wrong = [
        f"{path.relative_to(ROOT)} imports worker.{name}"
        for path in SOURCES
        if room_of(path) != "__init__"
        for name in ours(path)
        if not allowed(room_of(path), name)
    ]
    assert wrong == []


def test_only_queues_and_tasks_know_celery():
    knowing = {room_of(path) for path in SOURCES for name in imports(path) if name.split(".")[0] in ("celery", "kombu")}
    assert knowing == KNOW_CELERY


def test_only_the_assembly_knows_the_adapters():
    knowing = {room_of(path) for path in SOURCES for name in ours(path) if name.startswith("adapters.")}
    assert knowing <= KNOW_ADAPTERS


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 >= 50:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_no_function_has_fifty_lines():
    assert [
        found for folder in ("worker", "scripts") for path in python(folder) for found in long_functions(path)
    ] == []


@pytest.mark.parametrize(("folder", "most"), [("worker", 300), ("scripts", 300), ("tests", 400)])
def test_no_file_is_longer_than_its_budget(folder, most):
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in python(folder)
    }
    assert {name: length for name, length in lengths.items() if length > most} == {}


def python(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_the_queues_in_the_code_are_those_that_the_worker_consumes():
    app = make_celery(Settings(), "redis://127.0.0.1:1/0")
    assert set(app.amqp.queues.consume_from) == set(QUEUES)


def test_the_queues_that_docker_compose_names_are_those_of_the_code():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    commands = [" ".join(map(str, service.get("command", []))) for service in compose["services"].values()]
    workers = [command for command in commands if "worker.tasks" in command]
    assert workers, "no service runs the worker"
    for command in workers:
        named = re.search(r"(?:--queues|-Q)[ =](\S+)", command)
        assert named is None or set(named[1].split(",")) == set(QUEUES)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_example_and_in_the_documentation(name):
    setting = name.upper()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.search(rf"^#?{setting}=", example, re.M), f"{setting} is missing in .env.example"
    pages = [ROOT / "README.md", ROOT / "docs" / "operations.md"]
    assert any(re.search(rf"\b{setting}\b", page.read_text(encoding="utf-8")) for page in pages if page.exists()), (
        setting
    )


def test_the_example_shows_the_defaults_and_names_no_setting_that_is_none():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.M))
    assert given.keys() == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = getattr(field.default, "get_secret_value", lambda field=field: field.default)()
        assert given[name.upper()] == str(default), name


BLOCKED = """
import importlib, pkgutil, socket, subprocess, sys, threading

def refuse(*_, **__):
    raise AssertionError("importing a module must not do that")

class NoSocket(socket.socket):
    connect = bind = connect_ex = refuse

socket.socket, socket.create_connection, socket.getaddrinfo = NoSocket, refuse, refuse
subprocess.Popen.__init__ = refuse
threads = threading.active_count()
import worker
for module in pkgutil.walk_packages(worker.__path__, "worker."):
    if not module.name.endswith("__main__") and ".migrations.env" not in module.name:
        importlib.import_module(module.name)
assert threading.active_count() == threads, threading.enumerate()
assert not {"torch", "sentence_transformers", "transformers", "sklearn"} & sys.modules.keys(), "heavy at import"
"""


def test_importing_any_module_opens_nothing_starts_nothing_and_loads_no_model():
    ran = subprocess.run([sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_web_processes_can_be_imported_without_the_models_libraries():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'sentence_transformers', 'transformers')));"
        "import worker.web, worker.asgi, worker.bootstrap_web, worker.console.app"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_nothing_unfinished_is_left_in_the_sources():
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX)\b|\bNotImplementedError\b|\bmark\.(skip|xfail)\b")
    here = Path(__file__)
    files = [path for folder in ("worker", "scripts", "tests") for path in python(folder) if path != here]
    found = [str(path.relative_to(ROOT)) for path in files if marks.search(path.read_text(encoding="utf-8"))]
    assert found == []
