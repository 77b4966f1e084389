"""What a stack starts, by whether it is the sandbox's or an account's."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.settings import load_settings
from worker.stack.plan import make_plan

ACCOUNT = {"freshdesk_url": "https://peerwell.freshdesk.com", "freshdesk_api_key": "key"}


@pytest.mark.parametrize(("account", "quick"), [({}, True), (ACCOUNT, False)])
def test_only_the_sandbox_does_without_tuned_layers_at_its_start(
    tmp_path: Path, account: dict[str, str], quick: bool
) -> None:
    settings = load_settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0", **account)
    [index] = [program for program in make_plan(settings).programs if program.name == "index"]

    assert "--at-start" in index.command
    assert ("--quick" in index.command) is quick


def test_in_the_sandbox_too_every_secret_that_was_given_lets_a_webhook_in(tmp_path: Path) -> None:
    given = {"data_dir": tmp_path, "redis_url": "redis://127.0.0.1:1/0", "freshdesk_webhook_secret": "new,old"}
    plan = make_plan(load_settings(**given))

    assert plan.settings.webhook_secrets == ("new", "old")
    assert plan.environment["SANDBOX_WEBHOOK_SECRET"] == "new"
