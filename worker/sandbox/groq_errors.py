"""The local Groq's error answers: status, body and headers as the real one's. Pure; `wire` and `groq` call it."""

from __future__ import annotations

import json
from typing import Any

Refusal = tuple[int, dict[str, Any], dict[str, str]]

_LIMIT = "rate_limit_exceeded"
_DAY = "tokens per day (TPD): Limit 200000, Used 199870, Requested 1460. Please try again in 9m36s."
_MINUTE = "tokens per minute (TPM): Limit 8000, Used 7900, Requested 1460. Please try again in 7.5s."
_SIZE = "tokens per minute (TPM): Limit 8000, Requested 9100, please reduce your message size and try again."
_GONE = "does not exist or you do not have access to it."
# kind: (status, message about the model, type, code)
_KINDS = {
    "model_not_found": (404, "The model `{model}` " + _GONE, "invalid_request_error", "model_not_found"),
    "tokens_per_day": (429, "Rate limit reached for model `{model}` on " + _DAY, "tokens", _LIMIT),
    "rate_limit": (429, "Rate limit reached for model `{model}` on " + _MINUTE, "tokens", _LIMIT),
    "too_large": (413, "Request too large for model `{model}` on " + _SIZE, "tokens", _LIMIT),
    "capacity": (498, "Flex tier capacity exceeded for model `{model}`.", "capacity_exceeded", "capacity_exceeded"),
}


def refusal(status: int, message: str, kind: str, code: str | None = None) -> Refusal:
    error = {"message": message, "type": kind}
    return status, {"error": error | {"code": code} if code else error}, {}


def groq_error(kind: str, status: int | None, body: bytes) -> Refusal:
    """The answer for a fault kind; any other kind is a plain error with `status` (default 500)."""
    try:
        model = str(json.loads(body or b"{}").get("model", ""))
    except (ValueError, AttributeError):
        model = ""
    if kind in _KINDS:
        number, message, family, code = _KINDS[kind]
        return refusal(number, message.format(model=model), family, code)
    if status == 401:
        return refusal(401, "Invalid API Key", "invalid_request_error", "invalid_api_key")
    if status is not None and status < 500:
        return refusal(status, "Request refused", "invalid_request_error")
    return refusal(status or 500, "Internal Server Error", "internal_server_error")
