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
