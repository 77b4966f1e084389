"""The sandbox's pages in a browser: what a newcomer types there is taken, as the README says."""

from __future__ import annotations

import pytest

from tests.sandbox_server import running_sandbox

pytestmark = pytest.mark.browser


def test_a_newcomer_answers_as_the_customer(page):
    with running_sandbox() as sandbox:
        ticket = sandbox.mail("asha@example.com", "When?", "<p>When does it arrive?</p>")
        page.goto(f"{sandbox.url}/tickets/{ticket}")
        page.get_by_label("Answer as the customer").fill("It has not come yet.")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("It has not come yet.").wait_for()
