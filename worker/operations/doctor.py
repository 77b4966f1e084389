"""Looks a whole installation over: which checks there are, and with what each is asked. Called by scripts/doctor.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from worker import bootstrap
from worker.adapters.freshdesk.look import Look
from worker.errors import BadConfiguration
from worker.operations import freshdesk_checks, house_checks, worker_checks, written_checks
from worker.operations.checkup import DEADLINE, Check, Said, look, run, without_secrets
from worker.settings import Settings

CALL_SECONDS = 5.0  # one look at Freshdesk


def examine(settings: Settings, env_file: Path, seconds: float = DEADLINE) -> list[Said]:
    """What every check says, in the order in which ops read it. Never raises, takes no longer than `seconds`."""
    return without_secrets(run(_checks(settings, env_file), seconds), secrets_of(settings))


def _checks(settings: Settings, env_file: Path) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "settings": lambda: house_checks.settings_say(settings, env_file),
        "rules": lambda: written_checks.rules_and_kb(settings),
        "database": lambda: house_checks.database(settings),
        "redis": lambda: house_checks.redis_store(settings),
        "index": lambda: house_checks.index(settings),
        "groq": lambda: house_checks.model(settings),
        "disk": lambda: house_checks.disk(settings),
        "processes": lambda: house_checks.processes(settings),
        "workers": lambda: worker_checks.workers(settings),
    }
    if settings.freshdesk_url:
        checks["freshdesk"] = lambda: _freshdesk(settings)
    return checks


def _freshdesk(settings: Settings) -> Iterator[Said]:
    try:
        rulebook = bootstrap.load_rules(settings)
    except BadConfiguration:
        said = "not looked at: the rules, which name groups and fields there, do not read"
        yield look("freshdesk", said, written_checks.AFTER)
        return
    topics = {topic.group for topic in rulebook.routing.hand_over} | {rulebook.routing.hand_over_otherwise.group}
    at = Look(settings.freshdesk_url, settings.freshdesk_api_key, timeout=CALL_SECONDS)
    try:
        yield from freshdesk_checks.freshdesk(
            at, topics, rulebook.identity.customer_id.field, settings.status_after_reply
        )
    finally:
        at.close()


def secrets_of(settings: Settings) -> Iterator[str]:
    """Every secret value, and the passwords in addresses."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if hasattr(value, "get_secret_value"):
            yield from (part.strip() for part in value.get_secret_value().split(","))
    for url in (settings.database_url, settings.ledger_url, bootstrap.redis_url(settings)):
        password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
        yield password
