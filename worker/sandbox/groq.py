"""A local Groq: the chat-completions protocol without a language model behind it; `composer` writes from the sources.

Refuses what the real one refuses (json_schema on Llama, json mode without the word JSON, unknown models) and reports
limits in the same headers. Its system_fingerprint says what it is.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from worker.sandbox.composer import Composer
from worker.sandbox.groq_errors import Refusal, groq_error, refusal
from worker.sandbox.misbehave import spoil
from worker.sandbox.prompt import read_prompt
from worker.sandbox.temper import Temper

if TYPE_CHECKING:
    from worker.sandbox.parts import Parts

router = APIRouter(prefix="/groq/openai/v1")
MODELS = ("llama-3.3-70b-versatile", "openai/gpt-oss-120b", "openai/gpt-oss-20b")
FINGERPRINT = "sandbox-composer: no language model"
# The rule of Llama 3's tokenizer, in what `re` offers. Its 128,000 pieces hold nearly every word of up to nine letters.
_PIECES = re.compile(
    r"'(?:[sdmt]|ll|ve|re)|[^\r\n\w]?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", re.I
)
_LETTERS = 9
_TEMPLATE = 36  # what Llama's chat template puts around the messages: roles, marks and two lines with dates
_DAY, _MINUTE = 14400, 300000  # requests, tokens


class LocalGroq:
    """Which models are there, how long a completion takes, and how many were made."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.models = list(MODELS)
        self.seconds = seconds
        self.completions = 0
        self.temper: Temper | None = None  # none: it means well
        self.prompts: list[str] = []  # the last few user messages, for tests of what was sent

    def remember(self, user: str) -> None:
        self.completions += 1
        self.prompts = [*self.prompts[-19:], user]


@router.get("/models")
async def list_models(request: Request) -> Response:
    here: LocalGroq = request.app.state.sandbox.groq
    refused = _no_key(request)
    if refused:
        return _answer(*refused)
    rows = [
        {"id": name, "object": "model", "created": 1733447754, "owned_by": "Meta" if "llama" in name else "OpenAI",
         "active": True, "context_window": 131072, "public_apps": None, "max_completion_tokens": 32768}
        for name in here.models
    ]  # fmt: skip
    return _answer(200, {"object": "list", "data": rows}, {})


@router.post("/chat/completions")
async def complete(request: Request) -> Response:
    here: LocalGroq = request.app.state.sandbox.groq
    raw = await request.body()
    refused = _no_key(request) or _unusable(raw, here.models)
    if refused:
        return _answer(*refused)
    body = json.loads(raw)
    began = time.monotonic()
    if here.seconds:
        await asyncio.sleep(here.seconds)
    user = "\n".join(_text(m) for m in body["messages"] if m.get("role") == "user")
    here.remember(user)
    kinds = [f.kind for f in request.scope.get("sandbox.faults", ())]
    system = "\n".join(_text(m) for m in body["messages"] if m.get("role") == "system")
    text, finish = _written(user, system, kinds, request.app.state.sandbox)
    whole = "\n".join(_text(m) for m in body["messages"])
    text, finish, said = _cut(text, finish, body)
    asked = tokens(whole) + _TEMPLATE
    told = _completion(body, text, finish, asked, said, time.monotonic() - began)
    return _answer(200, told, _limits(here, asked + said))


def _written(user: str, system: str, kinds: list[str], sandbox: Parts) -> tuple[str, str]:
    prompt = read_prompt(user)
    answer = Composer(prompt).compose()
    if kinds:
        return spoil(kinds[0], answer, prompt)
    if sandbox.groq.temper is not None:
        answer, harm, planted = sandbox.groq.temper.spoilt(answer, prompt, system)
        sandbox.journal.write("completion", harm=harm, planted=planted)
    return json.dumps(answer, ensure_ascii=False), "stop"


def _cut(text: str, finish: str, body: dict[str, Any]) -> tuple[str, str, int]:
    """As much of the text as was asked for, why it ends there, and its tokens."""
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 32768
    said = tokens(text)
    return (text, finish, said) if said <= most else (text[: most * 4], "length", tokens(text[: most * 4]))


def _no_key(request: Request) -> Refusal | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        return refusal(401, "Invalid API Key", "invalid_request_error", "invalid_api_key")
    return None


def _unusable(raw: bytes, models: list[str]) -> Refusal | None:
    """What the real one would refuse, in its order."""
    try:
        body = json.loads(raw)
        messages = body["messages"]
        words = "\n".join(_text(m) for m in messages)
        model, wanted = body["model"], body.get("response_format") or {}
        kind = wanted.get("type", "text")
    except (ValueError, KeyError, TypeError, AttributeError):
        return refusal(400, "request body is not a chat completion request", "invalid_request_error")
    if model not in models:
        return groq_error("model_not_found", None, raw)
    if body.get("stream"):
        return refusal(400, "streaming is not offered here", "invalid_request_error")
    if kind == "json_object" and "json" not in words.lower():
        message = (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
        return refusal(400, message, "invalid_request_error")
    if kind == "json_schema":
        return _schema_refused(model, wanted.get("json_schema") or {})
    return None


def _schema_refused(model: str, given: dict[str, Any]) -> Refusal | None:
    if "gpt-oss" not in model:
        message = "This model does not support response format `json_schema`."
        return refusal(400, message, "invalid_request_error")
    if not given.get("name") or not isinstance(given.get("schema"), dict):
        return refusal(400, "response_format.json_schema needs a name and a schema", "invalid_request_error")
    if given.get("strict") and not _is_strict(given["schema"]):
        message = (
            "invalid JSON schema for response_format: additionalProperties must be false and every property required"
        )
        return refusal(400, message, "invalid_request_error")
    return None


def _is_strict(schema: Any) -> bool:
    """Strict mode wants every object closed and every property required."""
    if isinstance(schema, list):
        return all(_is_strict(s) for s in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict) and (
        schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties)
    ):
        return False
    return all(_is_strict(s) for s in schema.values())


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content)


def tokens(text: str) -> int:
    """Rather too many than too few: the text is cut as Llama 3 cuts it before it looks pieces up (words with the blank
    before them, three digits at a time, runs of signs), and a long word counts as several pieces."""
    return sum(-(-len(piece.strip()) // _LETTERS) or 1 for piece in _PIECES.findall(text))


def _completion(body: dict[str, Any], text: str, finish: str, asked: int, said: int, seconds: float) -> dict[str, Any]:
    """`asked`, `said`: tokens of the prompt and of the text."""
    return {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": f"sandbox-composer in place of {body['model']}",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": None, "finish_reason": finish}
        ],
        "usage": {
            "queue_time": 0.0, "prompt_tokens": asked, "prompt_time": 0.0, "completion_tokens": said,
            "completion_time": seconds, "total_tokens": asked + said, "total_time": seconds,
        },
        "usage_breakdown": None,
        "system_fingerprint": FINGERPRINT,
        "x_groq": {"id": f"req_{uuid.uuid4().hex[:26]}"},
        "service_tier": "on_demand",
    }  # fmt: skip


def _limits(here: LocalGroq, spent: int) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(_DAY),
        "x-ratelimit-remaining-requests": str(max(0, _DAY - here.completions)),
        "x-ratelimit-reset-requests": "6s",
        "x-ratelimit-limit-tokens": str(_MINUTE),
        "x-ratelimit-remaining-tokens": str(max(0, _MINUTE - spent)),
        "x-ratelimit-reset-tokens": "252ms",
    }


def _answer(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, headers, "application/json")
