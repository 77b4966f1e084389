"""Deskhand on another Freshdesk and another Groq: two servers that speak the protocols, named by settings alone."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox_server import running_sandbox
from tests.stack.running import running_stack, wait_until
from worker.stack.checks import free_port

pytestmark = pytest.mark.stack


def test_a_ticket_on_a_foreign_server_gets_its_draft_and_in_review_mode_no_reply(tmp_path, furnished):
    port = free_port()
    with running_sandbox(webhook_url=f"http://127.0.0.1:{port}/webhooks/freshdesk") as helpdesk:
        settings = {
            "FRESHDESK_URL": helpdesk.freshdesk_url.removesuffix("/api/v2"),
            "FRESHDESK_API_KEY": helpdesk.api_key,
            "FRESHDESK_WEBHOOK_SECRET": f"older,{helpdesk.secret}",
            "GROQ_API_KEY": "gsk_test",
            "GROQ_BASE_URL": helpdesk.groq_url,
            "WEBHOOK_PORT": str(port),
        }
        with running_stack(furnished(tmp_path / "var"), **settings) as stack:
            helpdesk.mail("newcomer@example.org", "How to join", "<p>How do I open an account with Peerwell?</p>")
            wait_until(lambda: bool(helpdesk.notes()), "the note about the held draft")
            [note] = helpdesk.notes()
            assert "Review the draft" in note["text"]
            assert helpdesk.replies() == []
            ready = stack.address("WEBHOOK_PORT") + "/readyz"
            wait_until(lambda: requests.get(ready, timeout=30).json()["status"] == "ready", "every part answers")
