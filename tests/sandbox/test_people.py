"""The pages for people, the sample tickets, and who may write to the sandbox at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox_server import RunningSandbox, running_sandbox
from worker.sandbox.samples import SAMPLES, read_customers, read_samples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


def page(sandbox: RunningSandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.url}{path}", timeout=30)


def test_every_page_says_that_no_model_is_here_and_runs_no_inline_script(sandbox: RunningSandbox) -> None:
    ticket = sandbox.mail("asha@example.com", "When?", "<p>When?</p>")
    for path in ("/", f"/tickets/{ticket}", "/new", "/tickets/999"):
        shown = page(sandbox, path)
        assert "No language model writes here" in shown.text
        policy = shown.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "<script>" not in shown.text
        # With "no-referrer" a browser sends "Origin: null" with the page's own forms, and they are refused.
        assert shown.headers["Referrer-Policy"] == "same-origin"
    assert page(sandbox, "/tickets/999").status_code == 404
    assert page(sandbox, "/static/sandbox.css").ok
    assert page(sandbox, "/static/refresh.js").ok


def test_a_ticket_shows_who_said_what_and_what_is_private(sandbox: RunningSandbox) -> None:
    ticket = sandbox.mail("asha@example.com", "When <b>?", "<p>Is 1 &lt; 2?</p>", name="Asha", tags=["urgent"])
    sandbox.api("POST", f"/tickets/{ticket}/notes", json={"body": "a draft", "private": True})
    sandbox.api("POST", f"/tickets/{ticket}/reply", json={"body": "<p>Yes<br>indeed</p>"})
    shown = page(sandbox, f"/tickets/{ticket}").text
    assert "When &lt;b&gt;?" in shown
    assert "Is 1 &lt; 2?" in shown
    assert shown.index("Private note") < shown.index("Public reply") < shown.index("Yes\nindeed")
    listed = page(sandbox, "/").text
    assert "Deskhand replied" in listed
    assert "urgent" in listed


def test_the_link_of_a_real_account_leads_to_the_tickets_page(sandbox: RunningSandbox) -> None:
    ticket = sandbox.mail("asha@example.com", "When?", "<p>When?</p>")
    shown = page(sandbox, f"/a/tickets/{ticket}")
    assert (shown.status_code, shown.url) == (200, f"{sandbox.url}/tickets/{ticket}")


def test_a_stranger_without_an_address_is_shown_the_form_again_with_all_that_was_typed(sandbox: RunningSandbox) -> None:
    form = {"name": "Kiran", "subject": "Is it <safe>?", "text": "Tell me."}
    shown = requests.post(f"{sandbox.url}/tickets", data=form, timeout=30)
    assert shown.status_code == 400
    assert shown.headers["Content-Type"].startswith("text/html")
    assert "e-mail address." in shown.text
    assert 'value="Kiran"' in shown.text
    assert "Is it &lt;safe&gt;?" in shown.text
    assert ">Tell me.</textarea>" in shown.text


def test_a_message_without_words_keeps_the_customer_that_was_chosen(sandbox: RunningSandbox) -> None:
    known = read_samples()[0].requester.email
    shown = requests.post(f"{sandbox.url}/tickets", data={"known": known, "subject": "Hello"}, timeout=30)
    assert shown.status_code == 400
    assert f'<option value="{known}" selected>' in shown.text


def test_every_customer_of_the_customer_file_can_be_written_as(sandbox: RunningSandbox) -> None:
    shown = page(sandbox, "/new").text
    customers = read_customers()
    assert [email for email in customers if f'<option value="{email}">' not in shown] == []
    silent = next(email for email in customers if email not in {s.requester.email for s in read_samples()})
    made = requests.post(f"{sandbox.url}/tickets", data={"known": silent, "subject": "Hi", "text": "Hi?"}, timeout=30)
    assert made.status_code == 200
    assert customers[silent].name in made.text


def test_somebody_can_write_as_a_sample_customer_or_as_a_stranger(sandbox: RunningSandbox) -> None:
    known = read_samples()[0].requester
    form = {"known": known.email, "subject": "Hello", "text": "One line\nand one more\n\n<b>new</b> paragraph"}
    made = requests.post(f"{sandbox.url}/tickets", data=form, timeout=30)
    assert made.url.endswith("/tickets/1")
    stranger = {"email": "new@example.com", "subject": "Hi", "text": "Hello"}
    assert requests.post(f"{sandbox.url}/tickets", data=stranger, timeout=30).ok
    first, second = sandbox.state.world.tickets.values()
    assert first.description == "<div><p>One line<br>and one more</p><p>&lt;b&gt;new&lt;/b&gt; paragraph</p></div>"
    assert sandbox.state.world.person(first.requester_id).name == known.name
    assert sandbox.state.world.person(second.requester_id).email == "new@example.com"
    assert requests.post(f"{sandbox.url}/tickets/1/messages", data={"text": "More"}, timeout=30).ok
    assert first.conversations[0].incoming
    assert requests.post(f"{sandbox.url}/tickets", data={"subject": "s", "text": "t"}, timeout=30).status_code == 400


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "sandbox.evil.example"}])
def test_a_page_of_somebody_else_cannot_write(sandbox: RunningSandbox, headers: dict[str, str]) -> None:
    form = {"email": "new@example.com", "subject": "Hi", "text": "Hello"}
    assert requests.post(f"{sandbox.url}/tickets", data=form, headers=headers, timeout=30).status_code == 403
    body = {"kind": "hang"}
    assert requests.post(f"{sandbox.url}/sandbox/faults", json=body, headers=headers, timeout=30).status_code == 403
    assert not sandbox.state.world.tickets


def test_the_samples_are_loaded_once_and_each_rings_once(sandbox: RunningSandbox) -> None:
    count = len(json.loads(SAMPLES.read_text(encoding="utf-8")))
    first = requests.post(f"{sandbox.url}/sandbox/samples", timeout=20).json()
    again = requests.post(f"{sandbox.url}/sandbox/samples", timeout=20).json()
    assert first == {"total": count, "loaded": count, "fresh": True}
    assert again["fresh"] is False
    arrivals = sandbox.journal("arrival")
    assert sorted(e["sample"] for e in arrivals) == sorted(s.key for s in read_samples())


def test_the_samples_can_come_one_after_the_other(sandbox: RunningSandbox) -> None:
    count = len(read_samples())
    requests.post(f"{sandbox.url}/sandbox/samples", json={"stagger": 0.001}, timeout=20).raise_for_status()
    assert len(sandbox.wait_for("arrival", count=count)) == count


def test_a_sample_brings_its_history_along(sandbox: RunningSandbox) -> None:
    talk = [
        {"by": "bot", "html": "<p>1</p>"},
        {"by": "agent", "private": True, "html": "2"},
        {"by": "customer", "html": "3"},
    ]
    ticket = sandbox.mail("asha@example.com", "When?", "<p>0</p>", conversations=talk, responder="agent", source=9)
    body = sandbox.api("GET", f"/tickets/{ticket}?include=conversations").json()
    assert [(c["user_id"], c["private"], c["incoming"]) for c in body["conversations"]] == [
        (7, False, False), (11, True, False), (body["requester_id"], False, True),
    ]  # fmt: skip
    assert (body["responder_id"], body["source"]) == (11, 9)
    assert sandbox.replies(ticket) == []  # it is history, not something that the bot did in this run
    [arrival] = sandbox.journal("arrival", ticket)
    assert arrival["key"] == f"c{body['conversations'][2]['id']}"


def test_a_requester_may_be_an_agent(sandbox: RunningSandbox) -> None:
    who = {"email": "ritika@support.example", "name": "Ritika", "is_agent": True}
    made = requests.post(
        f"{sandbox.url}/sandbox/tickets", json={"requester": who, "subject": "s", "html": "h"}, timeout=30
    )
    requester = sandbox.api("GET", f"/tickets/{made.json()['id']}").json()["requester_id"]
    assert sandbox.api("GET", f"/contacts/{requester}").status_code == 404


def test_without_its_secrets_the_process_refuses_to_start() -> None:
    bare = {k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")}
    ended = subprocess.run(
        [sys.executable, "-m", "worker.sandbox", "--port", "1"],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ended.returncode == 2
    assert "SANDBOX_API_KEY" in ended.stderr
