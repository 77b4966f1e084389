"""Settings: from the environment, files of secrets and .env; refused in sentences that an operator understands."""

from __future__ import annotations

import re
from pathlib import Path
from pprint import pformat

import pytest
from pydantic import ValidationError

from worker.errors import BadConfiguration
from worker.settings import SETTINGS, Settings, load_settings


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


ADDRESSES = {
    "database_url": ("postgresql+psycopg://deskhand:hush@db/deskhand", "postgresql+psycopg://deskhand:**********@db/"),
    "redis_url": ("redis://me@work:hush@hush@redis:6379/0", "redis://me@work:**********@redis:6379/0"),
    "milvus_uri": ("http://root:hush@milvus:19530", "http://root:**********@milvus:19530"),
    "traces_url": ("http://hush@collector:4318?api_key=hush&x=1", "http://**********@collector:4318?api_key=*****"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_is_printed_without_its_password_and_keeps_it(name: str) -> None:
    given, printed = ADDRESSES[name]
    settings = load_settings(**{name: given})

    assert getattr(settings, name) == settings.model_dump()[name] == given
    for said in (repr(settings), str(settings), f"{settings}", f"{[settings]}", pformat(settings)):
        assert "hush" not in said
        assert printed in said, "the rest can still be read"


def test_an_address_without_a_password_is_printed_as_it_is() -> None:
    given = {"database_url": "postgresql+psycopg://deskhand@db:5432/deskhand", "redis_url": "redis://redis:6379/0"}
    shown = repr(load_settings(**given, traces_url="http://collector:4318"))
    assert all(one in shown for one in (*given.values(), "http://collector:4318"))


@pytest.mark.parametrize(
    "wrong", [{"poll_seconds": "often"}, {"lease_seconds": 1}, {"redis_url": "redis//:hush@redis"}]
)
def test_no_error_of_the_settings_themselves_quotes_a_password(wrong: dict[str, object]) -> None:
    given = {name: value for name, (value, _) in ADDRESSES.items()}
    with pytest.raises(ValidationError) as refused:
        Settings(**given | wrong)
    assert "hush" not in str(refused.value) + repr(refused.value)


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


AGREE = {
    "FRESHDESK_URL is set but FRESHDESK_API_KEY is not": {"FRESHDESK_URL": "https://acme.freshdesk.com"},
    "LEASE_SECONDS must be longer": {"LEASE_SECONDS": "1"},
    "GROQ_MODELS names no model": {"GROQ_MODELS": ","},
    "SETTLE_SECONDS must be longer": {"SETTLE_SECONDS": "1"},
}


def problems_of(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadConfiguration) as refused:
        load_settings()
    return refused.value.problems


def begin_with(problems: list[str], words: list[str]) -> bool:
    return len(problems) == len(words) and all(one.startswith(w) for one, w in zip(problems, words, strict=True))


def test_all_settings_that_do_not_go_together_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {name: value for settings in AGREE.values() for name, value in settings.items()}
    told = problems_of(monkeypatch, dict(reversed(wrong.items())))
    assert begin_with(told, list(AGREE)), told


def test_everything_that_is_wrong_is_told_at_once_and_in_the_order_of_the_documentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("POLL_SECOND=60\nUNDO_SECONDS=999\n")
    environment = {
        "DESKHAND_ENV_FILE": str(tmp_path / ".env"),
        "LEASE_SECONDS": "1",
        "WEBHOOK_PORT": "eighty",
        "GROQ_API_KEY_FILE": f"{tmp_path}/nowhere",
        "REDIS_URL_FILE": f"{tmp_path}/gone",
        "REDIS_URL": "redis://environment",
    }
    words = [f"{tmp_path}/.env, line 1, POLL_SECOND: ", "GROQ_API_KEY_FILE: ", "REDIS_URL_FILE: ", "WEBHOOK_PORT: "]
    told = problems_of(monkeypatch, environment)
    assert begin_with(told, [*words, "UNDO_SECONDS: ", "LEASE_SECONDS must be longer"]), told


def test_nothing_is_said_of_settings_together_while_one_of_them_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator who mends HTTP_TIMEOUT_SECONDS may have mended the other one too."""
    told = problems_of(monkeypatch, {"HTTP_TIMEOUT_SECONDS": "soon", "LEASE_SECONDS": "1", "GROQ_MODELS": ","})
    assert begin_with(told, ["HTTP_TIMEOUT_SECONDS: ", "GROQ_MODELS names no model"]), told
    monkeypatch.setenv("HTTP_TIMEOUT_SECONDS", "15")

    dotenv = tmp_path / ".env"
    dotenv.write_text("FRESHDESK_API_KEYS=key\n")
    account = {"FRESHDESK_URL": "https://acme.freshdesk.com", "DESKHAND_ENV_FILE": str(dotenv)}
    told = problems_of(monkeypatch, account)
    assert begin_with(told, [f"{dotenv}, line 1", "LEASE_SECONDS must be longer", "GROQ_MODELS names no model"]), told

    dotenv.write_text("FRESHDESK_API_KEY key\n")  # nobody can tell which setting that was to be
    assert begin_with(
        told := problems_of(monkeypatch, {"UNDO_SECONDS": "-1"}), [f"{dotenv}, line 1", "UNDO_SECONDS:"]
    ), told


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHDESK_API_KEY_FILE", "/nowhere/key")
    with pytest.raises(BadConfiguration, match="/nowhere/key"):
        load_settings()


def test_a_file_of_a_secret_may_be_named_in_dotenv_and_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / ".env").write_text("GROQ_API_KEY=from-dotenv\nGROQ_API_KEY_FILE=key\nREDIS_URL_FILE=nowhere\n")
    monkeypatch.setenv("DESKHAND_ENV_FILE", str(tmp_path / ".env"))
    with pytest.raises(BadConfiguration, match=f"REDIS_URL_FILE: {tmp_path}/nowhere cannot be read"):
        load_settings()
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "redis"))
    (tmp_path / "redis").write_text("redis://from-environment")
    settings = load_settings()
    assert (settings.groq_api_key.get_secret_value(), settings.redis_url) == ("from-file", "redis://from-environment")


def test_an_empty_file_of_a_value_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mode").write_text("\n")
    monkeypatch.setenv("DELIVERY_MODE_FILE", str(tmp_path / "mode"))
    assert load_settings().delivery_mode == "review"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('DELIVERY_MODE="shadow', "write NAME=value, and close each quotation mark that you open"),
        ("DELIVERY_MODE='shadow", "write NAME=value"),
        ("DELIVERY_MODE shadow", "write NAME=value"),
        ("DELIVERY_MODE", "write NAME=value"),
        ("DELIVERY_MOD=shadow", "DELIVERY_MOD: there is no such setting. Did you mean DELIVERY_MODE?"),
        ("delivery_mod=shadow", "Did you mean DELIVERY_MODE?"),
        ("GROQ_API_KEYS_FILE=/run/key", "Did you mean GROQ_API_KEY_FILE?"),
        ("REDIS_URI=redis://:hush@redis/0", "Did you mean REDIS_URL?"),
    ],
)
def test_a_line_of_dotenv_that_would_be_passed_over_is_refused(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shadow mode that nobody reads is review mode, which writes at Freshdesk."""
    dotenv = tmp_path / "settings"
    dotenv.write_text(f"# ours\n\nWEBHOOK_PORT=8123\n{line}\nTIME_ZONE=Asia/Kolkata\n")
    monkeypatch.setenv("DESKHAND_ENV_FILE", str(dotenv))
    with pytest.raises(BadConfiguration) as refused:
        load_settings()
    [problem] = refused.value.problems
    assert problem.startswith(f"{dotenv}, line 4")
    assert words in problem
    assert "hush" not in problem


def test_names_of_other_tools_in_dotenv_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = (Path(__file__).parent.parent / "docker-compose.yml").read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{(\w+)", compose)) | {"POSTGRES_PASSWORD", "COMPOSE_PROJECT_NAME", "HTTP_PROXY", "KEY"}
    unset = names - SETTINGS
    dotenv = tmp_path / ".env"
    dotenv.write_text("".join(f"{name}=x\n" for name in sorted(unset)) + "export WEBHOOK_PORT=8123 # ours\n")
    monkeypatch.setenv("DESKHAND_ENV_FILE", str(dotenv))
    assert load_settings().webhook_port == 8123
    assert len(unset) > 5


def test_plain_http_is_for_this_machine_only() -> None:
    settings = load_settings(freshdesk_url="http://127.0.0.1:9/", freshdesk_api_key="k")
    assert settings.freshdesk_url == "http://127.0.0.1:9"
