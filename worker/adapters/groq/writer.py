"""`ports.Writer` on Groq: the first model of a chain that is there answers; one that is gone is stepped over.

The SDK builds and sends the request, verdicts.py judges the answer. Built by bootstrap, shared by all threads of a
process. Neither prompt nor answer is logged.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import groq
import structlog
from httpx import Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from worker.adapters.address import checked_key, checked_url
from worker.adapters.groq import allowance
from worker.adapters.groq.transport import timed_client
from worker.adapters.groq.verdicts import PART, counts_against, error_of, model_is_gone, trouble_of
from worker.adapters.turnstile import Open
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.models import Usage
from worker.ports.world import Completion

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=BaseModel)

OnCall = Callable[[str, int, float], None]  # (model or "models", status or 0 where none came, seconds)

_GROQ = "https://api.groq.com"
# By their paths: the SDK's own methods go through every part of a request and of an answer again, by their types, and
# what comes back is checked here anyway.
_COMPLETIONS, _LIST = "/openai/v1/chat/completions", "/openai/v1/models"
_CONNECT_SECONDS = 3.0
_GONE_SECONDS = 600.0
_STRICT = "openai/gpt-oss"  # models with a strict json_schema mode and a reasoning effort


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Said(_Shape):
    content: str | None = None


class _Choice(_Shape):
    message: _Said
    finish_reason: str | None = None


class _Tokens(_Shape):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Answer(_Shape):
    model: str = ""
    choices: list[_Choice] = Field(min_length=1)
    usage: _Tokens | None = None


class _Model(_Shape):
    id: str


class _Models(_Shape):
    data: list[_Model]


class GroqWriter:
    """`models`: tried in this order. `timeout`: seconds until the answer begins; connecting has 3 s of its own, and the
    whole of it must be there after both. `on_call(model, status, seconds)` is told of every call. BadConfiguration if
    the address, the key or the chain cannot be used."""

    def __init__(
        self,
        api_key: SecretStr,
        base_url: str | None,
        models: Sequence[str],
        *,
        timeout: float = 20.0,
        max_tokens: int = 900,
        on_call: OnCall | None = None,
        clock: Callable[[], float] = time.monotonic,
        turnstile: Open | None = None,
    ) -> None:
        url = _checked_base_url(base_url)
        if not models:
            raise BadConfiguration("GROQ_MODELS names no model")
        self._models = tuple(models)
        self._max_tokens = max_tokens
        self._on_call = on_call
        self._clock = clock
        self._turnstile = turnstile or Open()
        self._gone_until: dict[str, float] = {}
        # At DEBUG the SDK logs its requests whole, with what the customer wrote.
        logging.getLogger("groq").setLevel(logging.WARNING)
        client = timed_client(url, total=timeout + _CONNECT_SECONDS, connect=_CONNECT_SECONDS, read=timeout)
        key = checked_key("GROQ_API_KEY", api_key).get_secret_value()
        self._groq = groq.Groq(api_key=key, base_url=url, max_retries=0, http_client=client, timeout=client.timeout)

    def complete(self, system: str, user: str, schema: dict[str, Any]) -> Completion:
        for model in self._models:
            if self._gone_until.get(model, 0.0) > self._clock():
                continue
            completion = self._ask(model, system, user, schema)
            if completion is not None:
                return completion
            self._gone_until[model] = self._clock() + _GONE_SECONDS
            log.warning("model_gone", model=model, again_after_seconds=_GONE_SECONDS)
        raise Permanent(f"no model left of {', '.join(self._models)}", part=PART, code=404)

    def ping(self) -> str:
        """Which models of the chain Groq lists for this key; Permanent if none."""
        there = self.available()
        if not there:
            raise Permanent(f"Groq has none of {', '.join(self._models)}", part=PART, code=404)
        return f"{there[0]}, {len(there)} of {len(self._models)} models available"

    def available(self) -> list[str]:
        """Those of the chain that Groq lists for this key, in the chain's order."""
        status, headers, content = self._call("models", partial(self._groq.get, _LIST, cast_to=Response))
        if not 200 <= status < 300:
            raise trouble_of(status, headers, *error_of(content))
        listed = _shaped(_Models, content)
        if listed is None:
            raise Retryable("Groq's list of models is not what was expected", part=PART)
        return [model for model in self._models if model in {m.id for m in listed.data}]

    def close(self) -> None:
        self._groq.close()

    def _ask(self, model: str, system: str, user: str, schema: dict[str, Any]) -> Completion | None:
        """None where the model is gone."""
        asked = _request(model, system, user, schema, self._max_tokens)
        started = time.monotonic()
        answer = self._passed(model, asked)
        if answer is None:
            return None
        text, finish = answer.choices[0].message.content or "", answer.choices[0].finish_reason
        if not text.strip() or finish == "length":
            raise Retryable(f"empty answer (finish reason {finish!r})", part=PART)
        tokens = answer.usage or _Tokens()
        usage = Usage(model=answer.model or model, calls=1, seconds=time.monotonic() - started, **tokens.model_dump())
        return Completion(text=text, usage=usage)

    def _passed(self, model: str, asked: dict[str, Any]) -> _Answer | None:
        """Through the turnstile, which is told how it went. None where the model is gone."""
        prompt = "".join(said["content"] for said in asked["messages"])
        given = self._turnstile.enter(allowance.asks(model, prompt, self._max_tokens))
        try:
            status, headers, content = self._call(
                model, partial(self._groq.post, _COMPLETIONS, cast_to=Response, body=asked)
            )
        except Retryable as silence:
            self._turnstile.leave(given, failure=silence.reason)
            raise
        code, message = error_of(content)
        well, gone = 200 <= status < 300, model_is_gone(status, code)
        answer = _shaped(_Answer, content) if well else None
        failure, pause = ("", None) if gone else counts_against(status)
        if well and answer is None:
            failure = f"the answer ({status}) is not a completion"
        told = allowance.told(model, status, headers, message)
        shut = self._turnstile.leave(given, told, failure=failure, pause=pause)
        if answer is not None or gone:
            return answer
        trouble = Retryable(failure, part=PART) if well else trouble_of(status, headers, code, message)
        if isinstance(trouble, Retryable) and trouble.after is None and shut:
            trouble.after = shut
        raise trouble

    def _call(self, what: str, call: Callable[[], Response]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of whatever Groq answered; Retryable where nothing came."""
        started = time.monotonic()
        headers: Mapping[str, str] = {}
        status, content, failure = 0, b"", ""
        try:
            answer = call()
            status, headers, content = answer.status_code, answer.headers, answer.content
        except groq.APIStatusError as error:
            status, headers, content = error.status_code, error.response.headers, error.response.content
        except groq.APIConnectionError as error:
            failure = type(error.__cause__ or error).__name__
        if self._on_call is not None:
            self._on_call(what, status, time.monotonic() - started)
        # Raised out here and not where it was caught: the SDK's exceptions hold the request, key and prompt with it.
        if failure:
            raise Retryable(f"no answer from Groq ({failure})", part=PART)
        return status, headers, content


def _checked_base_url(base_url: str | None) -> str:
    if not base_url:
        return _GROQ
    if "/openai/v1" in base_url:
        raise BadConfiguration("GROQ_BASE_URL must not contain /openai/v1: the SDK appends it")
    return checked_url("GROQ_BASE_URL", base_url, path_allowed=True)


def _request(model: str, system: str, user: str, schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": model, "temperature": 0, "max_completion_tokens": max_tokens}
    if model.startswith(_STRICT):
        strict = {"name": "reply", "strict": True, "schema": schema}
        asked |= {"response_format": {"type": "json_schema", "json_schema": strict}, "reasoning_effort": "low"}
    else:
        asked["response_format"] = {"type": "json_object"}
        if "json" not in f"{system}\n{user}".lower():  # Groq refuses json_object mode where the prompt never says so
            system += f"\n\nAnswer with one JSON object after this JSON Schema:\n{json.dumps(schema)}"
    # The system prompt comes first and does not change from ticket to ticket: Groq caches common beginnings.
    asked["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return asked


def _shaped(shape: type[S], content: bytes) -> S | None:
    # The validation error is dropped, not chained: it quotes what the model wrote.
    try:
        return shape.model_validate_json(content)
    except ValidationError:
        return None
