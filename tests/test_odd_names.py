"""Environment variables that are nearly settings: refused where they can only be ours, else told; others left alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from worker.errors import BadConfiguration
from worker.operations import house_checks
from worker.operations.checkup import Health
from worker.settings import ROOT, SETTINGS, Settings, load_settings, odd_names

OTHERS = (
    *(
        "LANG",
        "LC_ALL",
        "HOME",
        "HOST",
        "HOSTNAME",
        "PORT",
        "PATH",
        "TZ",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
        "MAKEFLAGS",
    ),
    *("REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "MILVUS_HOST", "POSTGRES_PASSWORD", "PGHOST", "XDG_DATA_DIRS"),
    *("FRESHDESK_DOMAIN", "GROQ_TIMEOUT", "EMBEDDING_CACHE", "DATABASE_NAME", "CONSOLE_TITLE", "LOG_FILE", "LOG_DIR"),
    *("WEBHOOK_SERVICE_HOST", "WEBHOOK_SERVICE_PORT", "CONSOLE_PORT_8001_TCP", "WEBHOOK_PORT_8000_TCP_PORT", "GATEWAY"),
    *("HTTP_PROXY", "OTEL_TRACES_EXPORTER", "OMP_NUM_THREADS", "FORWARDED_ALLOW_IPS", "UNDO"),
    *("INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "KUBERNETES_PORT", "REMAP_SIGTERM"),
)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("DELIVERY_MOD", "shadow", "DELIVERY_MODE"),
        ("delivery_mods", " Shadow", "DELIVERY_MODE"),
        ("STATUS_AFTER_REPLAY", "keep", "STATUS_AFTER_REPLY"),
    ],
)
def test_a_misspelt_name_of_what_decides_on_writing_at_freshdesk_is_refused(
    name: str, value: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shadow mode that nobody reads is review mode, which writes at Freshdesk; also beside another mode."""
    monkeypatch.setenv(name, value)
    for there in ("", next(iter(VALUES[meant]))):
        monkeypatch.setenv(meant, there)
        with pytest.raises(BadConfiguration) as refused:
            load_settings()
        sentence = f"Environment variable {name}: there is no such setting. Did you mean {meant}?"
        assert refused.value.problems == [sentence]
        assert odd_names() == []


VALUES = {"DELIVERY_MODE": ("auto",), "STATUS_AFTER_REPLY": ("open",)}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("DELIVERY_NODE", "berlin-3", "DELIVERY_MODE"),
        ("DELIVERY_MOD_FILE", "/run/secrets/mode", "DELIVERY_MODE_FILE"),
        ("DATA_DIRS", "/usr/share", "DATA_DIR"),
        ("LOGLEVEL", "info", "LOG_LEVEL"),
        ("REDIS_URI", "redis://:hush@redis/0", "REDIS_URL"),
        ("GROQ_API_KEYS", "hush", "GROQ_API_KEY"),
    ],
)
def test_a_name_that_may_be_another_programs_is_told_and_keeps_nobody_from_starting(
    name: str, value: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings = load_settings()
    [sentence] = odd_names()
    assert sentence == f"Environment variable {name}: there is no such setting. Did you mean {meant}?"
    said = [one for one in house_checks.settings_say(settings, tmp_path / "none") if one.name == "environment"]
    assert [(one.health, one.says) for one in said] == [(Health.WARNING, sentence)]

    monkeypatch.setenv(meant.removesuffix("_FILE"), str(getattr(Settings(), FIELDS[meant])) or "redis://redis/0")
    assert odd_names() == []  # who wrote that one knows how it is spelt


FIELDS = {f"{name.upper()}{end}": name for name in Settings.model_fields for end in ("", "_FILE")}


def test_variables_of_the_system_and_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    handed_on = {name for service in compose["services"].values() for name in service.get("environment", {})}
    image = set(re.findall(r"\b([A-Z][A-Z_]+)=", (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    others = sorted(
        {*OTHERS, *handed_on, *image} - {"DESKHAND_ENV_FILE"} - SETTINGS - {f"{name}_FILE" for name in SETTINGS}
    )
    assert len(others) > len(OTHERS)
    for name in others:
        monkeypatch.setenv(name, "shadow")
    load_settings()
    assert odd_names() == []


def test_an_empty_variable_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DELIVERY_MOD", "DATA_DIRS"):
        monkeypatch.setenv(name, "")
    load_settings()
    assert odd_names() == []
