"""Settings that are each possible and do not go together. Called by settings.py, which knows what can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.settings import Settings


class DoNotAgree(ValueError):
    """`problems`: the names (of fields) of the settings that do not go together, and the sentence on them."""

    def __init__(self, problems: list[tuple[set[str], str]]) -> None:
        super().__init__("\n".join(sentence for _, sentence in problems))
        self.problems = problems


def disagreements(settings: Settings) -> Iterator[tuple[set[str], str]]:
    """Each set of settings that do not go together, with one sentence, always in the same order."""
    if settings.freshdesk_url and not settings.freshdesk_api_key.get_secret_value():
        yield (
            {"freshdesk_url", "freshdesk_api_key"},
            "FRESHDESK_URL is set but FRESHDESK_API_KEY is not: take the key of the bot agent's profile",
        )
    if settings.lease_seconds <= settings.http_timeout_seconds:
        yield (
            {"lease_seconds", "http_timeout_seconds"},
            "LEASE_SECONDS must be longer than HTTP_TIMEOUT_SECONDS, or no reply could ever leave in time",
        )
    if not settings.models:
        yield {"groq_models"}, "GROQ_MODELS names no model: leave it out for the default chain"
    if settings.settle_seconds <= settings.http_timeout_seconds:
        yield (
            {"settle_seconds", "http_timeout_seconds"},
            "SETTLE_SECONDS must be longer than HTTP_TIMEOUT_SECONDS, or a late reply is sent twice",
        )
