"""What a completion takes of a model's allowance, and what its answer told: for the limiter, in its words.

Groq counts, for each model, tokens a minute and requests a day. What is used flows back steadily; the reset headers say
when all of it is back. Called by writer.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from worker.adapters.groq.verdicts import PART, number_of, seconds_of, wait_asked_for
from worker.adapters.pace import Ask, Told

_REFUSED = 429
_CHARACTERS = 4.0  # to a token, more or less; Groq counts the longest answer that was allowed on top


def asks(model: str, prompt: str, max_tokens: int) -> tuple[Ask, Ask]:
    return Ask(_tokens(model), len(prompt) / _CHARACTERS + max_tokens), Ask(_requests(model), 1.0)


def told(model: str, status: int, headers: Mapping[str, str], message: str) -> tuple[Told, ...]:
    """`message`: of the error, "" if there is none; a limit per day names its time there alone."""
    refused, after = status == _REFUSED, wait_asked_for(headers, message)
    return tuple(
        Told(
            gauge,
            limit=number_of(headers.get(f"x-ratelimit-limit-{kind}")),
            left=number_of(headers.get(f"x-ratelimit-remaining-{kind}")),
            refill=seconds_of(headers.get(f"x-ratelimit-reset-{kind}", "")),
            refused=refused and kind == "tokens",  # either of the two shuts the model; one is enough
            after=after,
        )
        for gauge, kind in ((_tokens(model), "tokens"), (_requests(model), "requests"))
    )


def _tokens(model: str) -> str:
    return f"{PART}:{model}:tokens"


def _requests(model: str) -> str:
    return f"{PART}:{model}:requests"
