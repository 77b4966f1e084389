"""The settings that a tool works with: the operator's own, and, beside a running sandbox, the sandbox's account."""

from __future__ import annotations

from worker.settings import Settings

ACCOUNT = ("freshdesk_url", "freshdesk_api_key", "groq_base_url", "groq_api_key", "freshdesk_webhook_secret")
SANDBOXES = (*ACCOUNT, "delivery_mode", "gate")


def beside_the_stack(settings: Settings) -> Settings:
    """`settings`; where no account is set and a sandbox runs on this DATA_DIR, with what that sandbox made up."""
    stack = {} if settings.freshdesk_url else settings.running_stack()
    made = {name: stack[name] for name in SANDBOXES if stack.get(name)}
    return Settings.model_validate(settings.model_dump() | made) if made else settings
