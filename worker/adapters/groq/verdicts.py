"""What an answer of Groq means: which kind of trouble, whether the model is gone, and how long to wait.

Pure functions over status, headers and body, called by writer.py. Reasons carry codes, never the body's words: an error
may quote what the model wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from worker.errors import Permanent, Retryable, Trouble

PART = "groq"
_WAIT_FOR_A_NEW_KEY = 60.0
_CODE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_GONE = {"model_not_found", "model_decommissioned", "model_not_active", "model_terms_required"}
_GONE_PREFIX = "model_permission_blocked"  # ..._org and ..._project: switched off for this account
_WAIT = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|[dhms])\s*)+)", re.I)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.I)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def error_of(content: bytes) -> tuple[str, str]:
    """Code and message of an error body, "" where it has none."""
    try:
        body: Any = json.loads(content)
    except ValueError:
        return "", ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    code, message = error.get("code"), error.get("message")
    usable = isinstance(code, str) and _CODE.fullmatch(code)
    return str(code) if usable else "", message if isinstance(message, str) else ""


def model_is_gone(status: int, code: str) -> bool:
    """True where another model of the chain may still answer: this one is unknown, shut off, or not for us."""
    return status == 404 or code in _GONE or code.startswith(_GONE_PREFIX)


def trouble_of(status: int, headers: Mapping[str, str], code: str, message: str) -> Trouble:
    """For any status but 2xx."""
    told = f"{status}, {code}" if code else str(status)
    if status == 429:
        return Retryable(f"Groq's rate limit is used up ({told})", part=PART, after=wait_asked_for(headers, message))
    if status >= 498 or status in (408, 409, 425) or status < 200:
        return Retryable(f"Groq cannot answer now ({told})", part=PART, after=wait_asked_for(headers, message))
    if status < 400:
        return Permanent(f"Groq redirects ({told}): check GROQ_BASE_URL", part=PART, code=status)
    if code == "json_validate_failed":
        return Retryable("the model's answer was not valid JSON (json_validate_failed)", part=PART)
    if status in (401, 403):
        return Permanent(f"Groq refused the API key ({told}): check GROQ_API_KEY", part=PART, code=status)
    if status == 413:
        return Permanent("the prompt is too large for the model's limit (413)", part=PART, code=status)
    return Permanent(f"Groq refused the request ({told})", part=PART, code=status)


def wait_asked_for(headers: Mapping[str, str], message: str) -> float | None:
    """Seconds, from the header or, where a limit per day shows in the text alone, from "try again in 7m12.5s"."""
    seconds = number_of(headers.get("retry-after"))
    if seconds is not None:
        return max(seconds, 0.0)
    found = _WAIT.search(message)
    return None if found is None else seconds_of(found[1])


def seconds_of(duration: str) -> float:
    """Of "7.66s", "2m59.56s", "252ms" or a bare number; 0 where it says nothing."""
    bare = number_of(duration)
    if bare is not None:
        return max(bare, 0.0)
    return sum(float(amount) * _SECONDS[unit.lower()] for amount, unit in _AMOUNT.findall(duration))


def number_of(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None


def counts_against(status: int) -> tuple[str, float | None]:
    """Why an answer is a failure of Groq's as a whole, "" where it is none, and for how long to leave it alone."""
    if status in (401, 403):
        return f"Groq refused the API key ({status}): check GROQ_API_KEY", _WAIT_FOR_A_NEW_KEY
    if status >= 498 or status in (408, 425) or status < 200:
        return f"Groq answered {status}", None
    return "", None
