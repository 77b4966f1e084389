"""Settings: from the environment, files of secrets and .env; refused in sentences that an operator understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import BadConfiguration
from worker.settings import load_settings


def test_the_environment_wins_over_a_file_of_a_secret_and_that_over_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("GROQ_API_KEY=from-dotenv\nREDIS_URL=redis://dotenv\nMILVUS_URI=http://dotenv:1\n")
    secret = tmp_path / "key"
    secret.write_text("from-file\n")
    monkeypatch.setenv("DESKHAND_ENV_FILE", str(dotenv))
    monkeypatch.setenv("GROQ_API_KEY_FILE", str(secret))
    monkeypatch.setenv("REDIS_URL_FILE", str(secret))
    monkeypatch.setenv("REDIS_URL", "redis://environment")
    settings = load_settings()
    assert settings.groq_api_key.get_secret_value() == "from-file"
    assert settings.redis_url == "redis://environment"
    assert settings.milvus_uri == "http://dotenv:1"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_PORT", "")
    assert load_settings().webhook_port == 8000


def test_no_secret_shows_in_what_is_printed() -> None:
    settings = load_settings(groq_api_key="gsk_very_secret", freshdesk_webhook_secret="one,two")
    assert "very_secret" not in repr(settings)
    assert "one" not in repr(settings.freshdesk_webhook_secret)


def test_several_webhook_secrets_are_valid_at_once() -> None:
    assert load_settings(freshdesk_webhook_secret=" old , new,").webhook_secrets == ("old", "new")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"freshdesk_url": "http://acme.freshdesk.com", "freshdesk_api_key": "k"}, "FRESHDESK_URL: give it as https"),
        ({"freshdesk_url": "https://acme.freshdesk.com"}, "FRESHDESK_API_KEY is not"),
        ({"groq_base_url": "https://api.groq.com/openai/v1"}, "leave /openai/v1 out"),
        ({"groq_models": " , "}, "GROQ_MODELS names no model"),
        ({"settle_seconds": 10, "http_timeout_seconds": 15}, "SETTLE_SECONDS must be longer"),
        ({"lease_seconds": 10, "http_timeout_seconds": 15}, "LEASE_SECONDS must be longer"),
        ({"webhook_port": "eighty"}, "WEBHOOK_PORT"),
        ({"delivery_mode": "always"}, "DELIVERY_MODE"),
        ({"time_zone": "Peerwell/Office"}, "TIME_ZONE: there is no such time zone"),
        ({"time_zone": "../etc/passwd"}, "TIME_ZONE"),
        ({"time_zone": "Europe"}, "TIME_ZONE"),
        ({"freshdesk_url": "https://[acme", "freshdesk_api_key": "k"}, "FRESHDESK_URL: give it as https"),
        ({"freshdesk_url": "https://", "freshdesk_api_key": "k"}, "FRESHDESK_URL: give it as https"),
        ({"redis_url": "redis.example:6379"}, "REDIS_URL: give it as redis://"),
        ({"redis_url": "redis://:hush@redis:port/0"}, "REDIS_URL: give it as redis://"),
        ({"milvus_uri": "milvus"}, "MILVUS_URI: give it as http://milvus:19530"),
        ({"groq_base_url": "groq.example"}, "GROQ_BASE_URL: give it as https"),
        ({"console_url": "deskhand.example"}, "CONSOLE_URL: give it as https"),
        ({"poll_seconds": "nan"}, "POLL_SECONDS"),
        ({"lease_seconds": "inf"}, "LEASE_SECONDS"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(said: dict[str, object], words: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load_settings(**said)
    assert words in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHDESK_API_KEY_FILE", "/nowhere/key")
    with pytest.raises(BadConfiguration, match="/nowhere/key"):
        load_settings()


def test_plain_http_is_for_this_machine_only() -> None:
    settings = load_settings(freshdesk_url="http://127.0.0.1:9/", freshdesk_api_key="k")
    assert settings.freshdesk_url == "http://127.0.0.1:9"
