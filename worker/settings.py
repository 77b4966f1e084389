"""Every setting, typed and validated at start, from the environment, from NAME_FILE, or from `.env`.

Named as in the documentation, upper case. A wrong value stops the process with one sentence per problem. Only the
assembly (bootstrap, queues, scripts) reads this; everything else is handed what it needs.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from worker.agreement import DoNotAgree, disagreements
from worker.env_file import Unread, file_values, misspelt_variables, odd_variables, wrong_lines
from worker.errors import BadConfiguration
from worker.urls import address, without_password

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def env_file() -> Path:
    """`.env` beside the code, wherever the process was started: a tool that cron or somebody elsewhere starts must not
    work on another ledger than the service. DESKHAND_ENV_FILE names another file."""
    return Path(os.environ.get("DESKHAND_ENV_FILE") or ROOT / ".env")


class _FileSource(PydanticBaseSettingsSource):
    """NAME_FILE=/run/secrets/name: the value is what the file holds, or, with `unread`, only what is wrong with it."""

    def __init__(self, settings_cls: type[BaseSettings], *, unread: bool) -> None:
        super().__init__(settings_cls)
        self.unread = unread

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = file_values(env_file(), SETTINGS)
        return {name.lower(): value for name, value in values.items() if isinstance(value, Unread) == self.unread}


class Settings(BaseSettings):
    """The running configuration. Where it is printed, secrets (SecretStr) and the passwords in addresses show as
    asterisks; `model_dump` and each address by itself hold the passwords, and are printed nowhere."""

    # Nothing waits for "nan" seconds, and whoever waits for "inf" never comes back. A refused value is not quoted.
    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    freshdesk_url: str = ""
    freshdesk_api_key: SecretStr = SecretStr("")
    freshdesk_webhook_secret: SecretStr = SecretStr("")
    groq_api_key: SecretStr = SecretStr("")
    groq_base_url: str = ""
    groq_models: str = "llama-3.3-70b-versatile,openai/gpt-oss-120b,openai/gpt-oss-20b"
    milvus_uri: str = ""
    milvus_token: SecretStr = SecretStr("")
    database_url: str = ""
    redis_url: str = ""
    embedding_model: str = ""
    embedding_precision: Literal["auto", "float32", "bfloat16"] = "auto"
    data_dir: Path = Path("var")
    rules_dir: Path = Path("rules")
    kb_dir: Path = Path("kb")
    delivery_mode: Literal["auto", "review", "shadow"] = "review"
    gate: Literal["learned", "open"] = "learned"
    status_after_reply: Literal["keep", "open", "pending", "resolved", "closed"] = "pending"
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(8000, ge=1, le=65535)
    console_host: str = "127.0.0.1"
    console_port: int = Field(8001, ge=1, le=65535)
    console_url: str = ""
    console_secret: SecretStr = SecretStr("")
    console_notice: str = ""
    time_zone: str = "UTC"
    sandbox_port: int = Field(8002, ge=1, le=65535)
    worker_metrics_port: int = Field(8010, ge=0, le=65535)
    dispatcher_metrics_port: int = Field(8030, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"
    freshdesk_reserve: float = Field(0.1, ge=0, le=0.8)
    worker_concurrency: int = Field(32, ge=1, le=512)
    lease_seconds: float = Field(60, gt=0)
    settle_seconds: float = Field(90, gt=0)
    poll_seconds: float = Field(120, gt=0)
    sweep_seconds: float = Field(1.0, gt=0)
    http_timeout_seconds: float = Field(15, gt=0)
    llm_timeout_seconds: float = Field(20, gt=0)
    undo_seconds: float = Field(8.0, ge=0, le=120)
    index_keep: int = Field(2, ge=1, le=20)
    preview_tickets: int = Field(200, ge=0, le=5000)
    preview_most_changed: float = Field(0.25, ge=0, le=1)
    preview_most_lost: float = Field(0.05, ge=0, le=1)
    traces_url: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """An empty variable counts as unset; the real environment wins over NAME_FILE, that over `.env`. A file that
        cannot be read is wrong also where the environment wins over what it holds."""
        dotenv = DotEnvSettingsSource(settings_cls, env_file=env_file())
        unread, files = _FileSource(settings_cls, unread=True), _FileSource(settings_cls, unread=False)
        return init_settings, unread, env_settings, files, dotenv

    @field_validator("*", mode="before")
    @classmethod
    def _was_read(cls, value: object) -> object:
        if isinstance(value, Unread):
            # pydantic collects no TypeError: it would end the process with a traceback.
            raise ValueError(str(value))  # noqa: TRY004
        return value

    @field_validator("freshdesk_url")
    @classmethod
    def _https(cls, value: str) -> str:
        example = "https://yourcompany.freshdesk.com (plain http only for this machine)"
        if address(value, ("http", "https"), example).startswith("http:") and urlsplit(value).hostname not in LOOPBACK:
            raise ValueError(f"give it as {example}")
        return value.rstrip("/")

    @field_validator("groq_base_url")
    @classmethod
    def _no_path(cls, value: str) -> str:
        if "/openai/v1" in value:
            raise ValueError("leave /openai/v1 out: the client adds it")
        return address(value, ("http", "https"), "https://api.groq.com").rstrip("/")

    @field_validator("milvus_uri")
    @classmethod
    def _milvus(cls, value: str) -> str:
        return address(value, ("http", "https"), "http://milvus:19530")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        return address(value, ("redis", "rediss"), "redis://:password@redis:6379/0")

    @field_validator("console_url")
    @classmethod
    def _console(cls, value: str) -> str:
        return address(value, ("http", "https"), "https://deskhand.yourcompany.example")

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, value: str) -> str:
        return address(value, ("http", "https"), "http://collector:4318")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, KeyError, OSError):  # no name, an unknown one, a folder of them
            raise ValueError("there is no such time zone: give it as Asia/Kolkata or Europe/Berlin") from None
        return value

    @field_validator("data_dir", "rules_dir", "kb_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else (ROOT / value)

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if problems := list(disagreements(self)):
            raise DoNotAgree(problems)
        return self

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, without_password(value) if isinstance(value, str) else value

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        return tuple(s.strip() for s in self.freshdesk_webhook_secret.get_secret_value().split(",") if s.strip())

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(m.strip() for m in self.groq_models.split(",") if m.strip())

    @property
    def console_link(self) -> str:
        """Where leads reach the console, without a slash at the end."""
        return self.console_url.rstrip("/") or f"http://localhost:{self.console_port}"

    @property
    def ledger_url(self) -> str:
        """DATABASE_URL, or that of a running stack on this DATA_DIR (the sandbox's is its own), or SQLite there."""
        return (
            self.database_url
            or self.running_stack().get("database_url", "")
            or f"sqlite:///{self.data_dir / 'deskhand.db'}"
        )

    @property
    def stack_file(self) -> Path:
        """Where a running `make run` says what it started (addresses of its Redis, Milvus and database)."""
        return self.data_dir / "stack.json"

    @property
    def stack_lock(self) -> Path:
        """Locked by a running `make run` for as long as its process lives."""
        return self.data_dir / "stack.lock"

    def running_stack(self) -> dict[str, str]:
        """What a running stack on this DATA_DIR wrote; {} if none runs: one that was killed leaves its file behind."""
        if not _is_locked(self.stack_lock):
            return {}
        try:
            found = json.loads(self.stack_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


SETTINGS = frozenset(name.upper() for name in Settings.model_fields)
# What decides on writing at Freshdesk, and the words for it: no other program's variable has both name and word.
_OURS = {
    name: get_args(Settings.model_fields[name.lower()].annotation) for name in ("DELIVERY_MODE", "STATUS_AFTER_REPLY")
}


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no such file, or it is somebody else's
        pass
    return False


def load_settings(**overrides: Any) -> Settings:
    """Reads and checks all settings. Raises BadConfiguration with one sentence for each problem: first what would be
    passed over, then single settings, then those that do not go together as far as each of them can be read."""
    dotenv = env_file()
    lost = misspelt_variables(SETTINGS, _OURS)
    if os.path.lexists(dotenv) or os.environ.get("DESKHAND_ENV_FILE"):
        # What is merely not there would start a sandbox where somebody wanted their account.
        lost = wrong_lines(dotenv, SETTINGS) + lost
    settings, alone, together = _tried(overrides)
    unknown = set(alone) | {one.meant.removesuffix("_FILE").lower() for one in lost}
    if alone:  # pydantic looks at no two settings together while one is wrong
        defaults = {name: Settings.model_fields[name].default for name in alone}
        _, _, together = _tried(overrides | defaults)
    # A line that nobody can read may have been any of them.
    known = [] if "" in unknown else [sentence for names, sentence in together if not names & unknown]
    problems = [*(one.sentence for one in lost), *alone.values(), *known]
    if settings is None or problems:
        raise BadConfiguration(problems)
    return settings


def odd_names() -> list[str]:
    """A sentence on each environment variable that is nearly a setting and may be another program's, to be logged at
    start. Those that can only be meant for us are refused by load_settings."""
    return [odd.sentence for odd in odd_variables(SETTINGS, _OURS)]


def _tried(given: dict[str, Any]) -> tuple[Settings | None, dict[str, str], list[tuple[set[str], str]]]:
    """The settings if nothing is wrong; else a sentence for each that is wrong, and those that do not go together."""
    try:
        return Settings(**given), {}, []
    except ValidationError as error:
        alone: dict[str, str] = {}
        together: list[tuple[set[str], str]] = []
        for one in error.errors(include_input=False):
            if one["loc"]:
                alone.setdefault(str(one["loc"][0]), _sentence(str(one["loc"][0]).upper(), one["msg"]))
            else:
                together += one["ctx"]["error"].problems
        return None, alone, together


def _sentence(name: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.startswith(f"{name}_FILE: ") else f"{name}: {message}"
