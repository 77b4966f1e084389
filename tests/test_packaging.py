"""The image and the composition, read as text and checked against the code: what they name must be there.

Nothing is built here. scripts/try_image_steps.sh runs the image's install steps; that takes minutes.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from worker import queues
from worker.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "deskhand" in service["image"]}
STORES = {name: service for name, service in SERVICES.items() if name not in OURS}
SETTINGS = {name.upper() for name in Settings.model_fields}

# What an image takes from its environment besides our settings.
KNOWN = {
    "ours": {"REMAP_SIGTERM", "FORWARDED_ALLOW_IPS"},  # Celery's and uvicorn's
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"},
    "redis": set(),
    "milvus": {
        "ETCD_ENDPOINTS",
        "MINIO_ADDRESS",
        "MINIO_ACCESS_KEY_ID",
        "COMMON_SECURITY_AUTHORIZATIONENABLED",
        "MQ_TYPE",
    },
    "etcd": {
        "ETCD_AUTO_COMPACTION_MODE",
        "ETCD_AUTO_COMPACTION_RETENTION",
        "ETCD_QUOTA_BACKEND_BYTES",
        "ETCD_SNAPSHOT_COUNT",
    },
    "minio": {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD_FILE"},
}
# What only compose reads from .env.
COMPOSE_ONLY = {"DESKHAND_IMAGE", "TORCH_INDEX_URL", "FORWARDED_ALLOW_IPS"}


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, rest) in order, continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def instructions(name: str) -> list[str]:
    return [rest for instruction, rest in dockerfile() if instruction == name]


def assert_command_exists(command: list[str]) -> None:
    """A module that can be run, or a file: found without importing it."""
    assert command[0] == "python", command
    if command[1] == "-m":
        found = importlib.util.find_spec(command[2])
        assert found is not None, f"there is no module {command[2]}"
        assert found.origin is not None
        assert 'if __name__ == "__main__":' in Path(found.origin).read_text(encoding="utf-8"), command[2]
    else:
        assert (ROOT / command[1]).is_file(), f"there is no {command[1]}"


# ------------------------------------------------------------ the composition


def test_every_process_of_deskhand_is_composed() -> None:
    assert set(OURS) == {"webhook", "console", "worker", "dispatcher", "index"}
    assert set(STORES) == {"postgres", "redis", "milvus", "etcd", "minio"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_each_service_exists(name: str) -> None:
    assert_command_exists(OURS[name]["command"])


def test_the_worker_serves_every_queue_that_code_enqueues_to() -> None:
    app = queues.make_celery(load_settings(), "redis://127.0.0.1:1/0")
    assert {queue.name for queue in app.conf.task_queues} == set(queues.QUEUES)
    narrowing = {"--queues", "-Q", "--exclude-queues", "-X"}
    for service in OURS.values():
        assert not narrowing & set(service["command"]), "a worker that serves some queues leaves the others to nobody"


@pytest.mark.parametrize("name", SERVICES)
def test_each_variable_is_a_setting_or_known_to_its_image(name: str) -> None:
    ours = name in OURS
    known = KNOWN["ours" if ours else name] | (SETTINGS | {f"{n}_FILE" for n in SETTINGS} if ours else set())
    assert set(SERVICES[name].get("environment", {})) <= known


def test_compose_asks_dotenv_for_nothing_but_settings() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    assert asked <= SETTINGS | COMPOSE_ONLY


def test_every_setting_can_be_changed_or_is_fixed_on_purpose() -> None:
    given = {n.removesuffix("_FILE") for service in OURS.values() for n in service["environment"]}
    in_the_image = {"DATA_DIR", "RULES_DIR", "KB_DIR", "WEBHOOK_HOST", "WEBHOOK_PORT", "CONSOLE_HOST", "CONSOLE_PORT"}
    assert given | in_the_image | {"SANDBOX_PORT"} >= SETTINGS, "a setting that no service is given"


def test_a_setting_left_out_of_dotenv_keeps_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose hands an unset ${NAME:-} over as an empty variable."""
    monkeypatch.setenv("DELIVERY_MODE", "")
    monkeypatch.setenv("WORKER_CONCURRENCY", "")
    settings = load_settings()
    assert (settings.delivery_mode, settings.worker_concurrency) == ("review", 32)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image = re.sub(r"^\$\{[A-Z_]+:-(.*)\}$", r"\1", SERVICES[name]["image"])
    assert re.search(r":(v|RELEASE\.)?\d+[.\-]\d+", image), image


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_watched_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    if name == "index":
        assert service["restart"] == "no", "a job that ends must not start again"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_the_health_checks_of_our_services_ask_after_that_very_service() -> None:
    for name, service in OURS.items():
        if name != "index":
            assert service["healthcheck"]["test"] == ["CMD", "python", "scripts/healthy.py", name]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_is_there_and_can_be_healthy(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other == "index" else "service_healthy"
        assert how["condition"] == wanted
        assert other in SERVICES


def test_everything_is_published_on_loopback_unless_env_says_otherwise_and_stores_not_at_all() -> None:
    for service in OURS.values():
        for port in service.get("ports", []):
            assert re.match(r"\$\{(WEBHOOK|CONSOLE)_HOST:-127\.0\.0\.1\}:", port), port
    for service in STORES.values():
        assert "ports" not in service
        assert service["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_what_stores_keep_is_on_named_volumes() -> None:
    for name, service in STORES.items():
        assert [v.split(":")[0] for v in service["volumes"]] == [name]
        assert name in COMPOSE["volumes"]


def test_redis_keeps_what_it_was_given_and_never_evicts() -> None:
    configuration = SERVICES["redis"]["command"][-1]
    assert {"appendonly yes", "maxmemory-policy noeviction"} <= {line.strip() for line in configuration.splitlines()}


def test_our_containers_may_do_little() -> None:
    for service in OURS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


# ------------------------------------------------------------ secrets


def test_secrets_reach_a_service_as_files_and_only_those_it_names() -> None:
    for name, service in SERVICES.items():
        mounted = {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        used = set(re.findall(r"/run/secrets/\w+", yaml.safe_dump(service)))
        assert used == mounted, f"{name} mounts what it does not use, or uses what it does not mount"


def test_no_secret_is_written_down_or_handed_over_in_the_environment() -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    secret |= {"DATABASE_URL", "REDIS_URL"}  # they hold passwords
    assert len(secret) >= 7
    for service in SERVICES.values():
        environment = service.get("environment", {})
        assert not secret & set(environment)
        for name, value in environment.items():
            if re.search("SECRET|PASSWORD|TOKEN|API_KEY$", name):
                assert str(value).startswith("/run/secrets/"), name


def test_no_secret_is_an_argument() -> None:
    """What a shell expands on a command line of another program shows in the list of processes."""
    for name, service in SERVICES.items():
        for line in "\n".join(map(str, service.get("command", []))).splitlines():
            assert "/run/secrets/" not in line or re.match(r"\s*(requirepass |export \w+=|\w+=)", line), (name, line)


def test_the_secrets_script_makes_every_file_that_compose_reads(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([ROOT / "scripts" / "make_secrets.sh", folder], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in folder.iterdir() if path.name != ".gitignore"}
    assert set(made) == set(COMPOSE["secrets"])
    assert made["postgres_password"] in made["database_url"]
    assert made["redis_password"] in made["redis_url"]
    assert len(made["freshdesk_webhook_secret"]) == 48
    assert len(set(made.values())) == len(made) - 1, "only the two API keys are alike: empty"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"


def test_the_secrets_script_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "groq_api_key").write_text("mine")
    subprocess.run([ROOT / "scripts" / "make_secrets.sh", tmp_path], check=True, capture_output=True)
    assert (tmp_path / "groq_api_key").read_text() == "mine"


# ------------------------------------------------------------ the image


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [rest.split()[0] for rest in instructions("COPY") if not rest.startswith("--from")]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in let_in, f"{source} is kept out by .dockerignore"
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines(), "everything not named must stay out"


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = instructions("USER")
    assert users, "without USER everything runs as root"
    assert re.fullmatch(r"\d+:\d+", users[-1]), "a number: a cluster can then see that it is not root"
    assert not users[-1].startswith("0:")


def test_the_image_has_a_command_and_a_health_check_that_exist() -> None:
    command, health = instructions("CMD")[-1], instructions("HEALTHCHECK")[-1].partition("CMD ")[2]
    assert_command_exists(ast.literal_eval(command))
    assert_command_exists(ast.literal_eval(health))


def test_the_base_is_pinned_and_is_a_python_that_the_project_supports() -> None:
    bases = {rest.split()[0] for rest in instructions("FROM")}
    assert len(bases) == 1, "packages built for one base do not run on another"
    assert re.fullmatch(r"python:3\.(11|12|13)\.\d+-slim-\w+", bases.pop())


def test_the_torch_of_the_image_is_the_torch_of_the_lock() -> None:
    locked = re.search(r"^torch==(\S+)$", (ROOT / "requirements.lock").read_text(), re.M)
    assert locked is not None
    assert f"TORCH_VERSION={locked.group(1)}" in instructions("ARG")


def test_the_image_names_no_index_and_takes_one_as_an_argument() -> None:
    assert "TORCH_INDEX_URL=" in instructions("ARG")
    assert "://" not in (ROOT / "Dockerfile").read_text()


def test_packages_come_before_code_so_that_a_change_of_code_installs_nothing() -> None:
    order = [rest for instruction, rest in dockerfile() if instruction in {"RUN", "COPY"}]
    last_install = max(i for i, rest in enumerate(order) if "pip install" in rest)
    first_code = min(i for i, rest in enumerate(order) if rest.startswith(("worker", "scripts", "kb", "rules")))
    assert last_install < first_code


def test_the_trial_of_the_image_steps_finds_every_install_step() -> None:
    script = (ROOT / "scripts" / "try_image_steps.sh").read_text()
    program = re.search(r"awk '(.*?)' \"\$root/Dockerfile\"", script, re.S)
    assert program is not None
    ran = subprocess.run(["awk", program.group(1), ROOT / "Dockerfile"], check=True, capture_output=True, text=True)
    steps = ran.stdout.splitlines()
    wanted = [rest for rest in instructions("RUN") if "pip install" in rest]
    assert [s for s in steps if "pip install" in s] == [re.sub(r"--mount=\S+ *", "", rest) for rest in wanted]
    assert len([s for s in steps if s.startswith(": ")]) == len(instructions("ARG"))


# ------------------------------------------------------------ is it well?


class Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def healthy(name: str, **environment: str) -> int:
    command = [sys.executable, ROOT / "scripts" / "healthy.py", name]
    return subprocess.run(command, env={"PATH": "", **environment}, capture_output=True, timeout=240).returncode


def test_a_web_process_is_well_while_it_answers() -> None:
    server = HTTPServer(("127.0.0.1", 0), Well)
    Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_port)
    assert healthy("webhook", WEBHOOK_PORT=port) == 0
    server.shutdown()
    server.server_close()
    assert healthy("console", CONSOLE_PORT=port) == 1


def test_a_worker_that_nobody_can_reach_and_a_dispatcher_without_a_ledger_are_not_well(tmp_path: Path) -> None:
    assert healthy("worker", REDIS_URL="redis://127.0.0.1:1/0") == 1
    assert healthy("dispatcher", DATABASE_URL=f"sqlite:///{tmp_path / 'missing' / 'x.db'}") == 1


def test_nobody_knows_about_the_health_of_something_unknown() -> None:
    assert healthy("postgres") == 2
