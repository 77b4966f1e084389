"""Rules ring webhooks: who and what rings which, what the payload looks like, and how often it is tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.scripted_server import Answer, ScriptedServer, scripted_server
from worker.sandbox.rules import Rule


@contextmanager
def a_desk_that_rings(*answers: Answer, **options: Any) -> Iterator[tuple[RunningSandbox, ScriptedServer]]:
    with scripted_server() as bell:
        bell.on("POST /hook", *(answers or (Answer(202),)))
        rules = options.pop("rules", None)
        options["rules"] = [r.model_copy(update={"url": f"{bell.url}/hook"}) for r in rules] if rules else None
        with running_sandbox(webhook_url=f"{bell.url}/hook", **options) as desk:
            yield desk, bell


def bodies(bell: ScriptedServer) -> list[dict[str, Any]]:
    return [r.json for r in bell.requests]


def a_rule(**fields: Any) -> Rule:
    return Rule.model_validate({"name": "a rule", "kind": 4, "url": "http://set.below", **fields})


def test_a_new_ticket_and_a_customers_answer_ring_with_the_secret_and_a_string_id() -> None:
    with a_desk_that_rings() as (desk, bell):
        ticket = desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.wait_for("webhook", count=1)
        desk.says(ticket, "<p>And how?</p>")
        desk.wait_for("webhook", count=2)
        assert bodies(bell) == [
            {"ticket_id": str(ticket), "event": "ticket_created"},
            {"ticket_id": str(ticket), "event": "requester_replied"},
        ]
        assert {r.headers["x-webhook-secret"] for r in bell.requests} == {desk.secret}


def test_our_own_reply_rings_no_rule_for_requesters_but_one_for_anybody() -> None:
    anybody = a_rule(
        on=["reply", "note"], content='{"e":"{{triggered_event}}","by":"{{ticket.latest_public_comment}}"}'
    )
    with a_desk_that_rings() as (desk, _):
        ticket = desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.api("POST", f"/tickets/{ticket}/reply", json={"body": 'On "Monday"'})
        desk.says(ticket, "<p>Thanks</p>")
        another = desk.mail("asha@example.com", "Next", "<p>Next</p>")
        [third] = desk.wait_for("webhook", ticket_id=another)
        assert third["delivery"] == 3  # one for the ticket, one for the customer's answer, none for ours
    with a_desk_that_rings(rules=[anybody]) as (desk, bell):
        ticket = desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.api("POST", f"/tickets/{ticket}/reply", json={"body": 'On "Monday"'})
        desk.wait_for("webhook", count=1)
        desk.api("POST", f"/tickets/{ticket}/notes", json={"body": "mind this", "private": True})
        desk.wait_for("webhook", count=2)
        assert [b["e"] for b in bodies(bell)] == ["{reply_sent:sent}", "{note_type:private}"]
        assert bodies(bell)[0]["by"] == 'Deskhand : <div>On "Monday"</div>'


def test_simple_payloads_carry_the_id_as_a_number() -> None:
    rule = a_rule(on=["status"], layout="simple", ticked=["ticket_id", "ticket_status", "triggered_event"])
    with a_desk_that_rings(rules=[rule]) as (desk, bell):
        ticket = desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.api("PUT", f"/tickets/{ticket}", json={"status": 4, "priority": 3})
        desk.wait_for("webhook")
        [body] = bodies(bell)
        fields = {"ticket_id": ticket, "ticket_status": "Resolved", "triggered_event": "{status:{from:2,to:4}}"}
        assert body == {"freshdesk_webhook": fields}


def test_only_the_first_creation_rule_runs_unless_the_account_says_otherwise() -> None:
    two = [a_rule(kind=1, name="theirs", sources=[1]), a_rule(kind=1, name="ours")]
    with a_desk_that_rings(rules=two) as (desk, _):
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.mail("asha@example.com", "By form", "<p>When?</p>", source=9)
        rung = desk.wait_for("webhook", count=2)
        assert sorted(r["rule"] for r in rung) == ["ours", "theirs"]
        desk.state.rules.cascade = True
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        assert len(desk.wait_for("webhook", count=4)) == 4


def test_a_failed_webhook_is_tried_four_times_and_then_gone() -> None:
    with a_desk_that_rings(Answer(500)) as (desk, bell):
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.wait_for("webhook", count=1)
        for attempt, minutes in enumerate((5, 30, 60), start=2):
            desk.state.sender.advance(minutes * 60 - 5)
            assert desk.state.sender.waiting() == 1
            desk.state.sender.advance(10)
            desk.wait_for("webhook", count=attempt)
        assert [(e["attempt"], e["outcome"]) for e in desk.journal("webhook")] == [
            (1, "failed"), (2, "failed"), (3, "failed"), (4, "gone"),
        ]  # fmt: skip
        assert len(bell.requests) == 4


def test_a_later_try_can_succeed_on_a_faster_clock() -> None:
    with a_desk_that_rings(Answer(503), Answer(202), clock_scale=3000) as (desk, _):
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        assert [e["outcome"] for e in desk.wait_for("webhook", count=2)] == ["failed", "delivered"]


def test_webhooks_may_come_twice_or_not_at_all_or_from_a_stranger() -> None:
    with a_desk_that_rings() as (desk, bell):
        desk.goes_wrong("duplicate", "webhook", first=1)
        desk.goes_wrong("forged", "webhook", skip=1, first=1)
        desk.goes_wrong("drop", "webhook", skip=2, first=1)
        desk.goes_wrong("garbled", "webhook", skip=3, first=1)
        for _ in range(4):
            desk.mail("asha@example.com", "When?", "<p>When?</p>")
        entries = desk.wait_for("webhook", count=6)
        by_ticket = [sorted((e["outcome"], e["note"]) for e in entries if e["ticket_id"] == n) for n in (1, 2, 3, 4)]
        assert by_ticket == [
            [("delivered", ""), ("delivered", "duplicate")],
            [("delivered", ""), ("delivered", "forged")],
            [("dropped", "")],
            [("delivered", "garbled")],
        ]
        secrets = [r.headers["x-webhook-secret"] for r in bell.requests]
        assert sum(s != desk.secret for s in secrets) == 1


def test_the_secret_may_travel_as_a_password_or_in_the_address() -> None:
    rules = [a_rule(kind=1, auth="basic"), a_rule(kind=1, auth="url")]
    with a_desk_that_rings(rules=rules) as (desk, bell):
        desk.state.rules.cascade = True
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.wait_for("webhook", count=2)
        basic = next(r for r in bell.requests if "authorization" in r.headers)
        assert basic.user == f"deskhand:{desk.secret}"
        assert any(r.query == {"token": desk.secret} for r in bell.requests)


def test_beyond_the_allowance_webhooks_are_put_off_by_an_hour() -> None:
    with a_desk_that_rings() as (desk, bell):
        desk.state.sender.counts_against_allowance = True
        desk.state.limiter.burn(5000)
        desk.mail("asha@example.com", "When?", "<p>When?</p>")
        assert desk.wait_for("webhook")[0]["outcome"] == "postponed"
        desk.state.limiter.allowance.total = 10000
        desk.state.sender.advance(3600)
        assert desk.wait_for("webhook", count=2)[1]["outcome"] == "delivered"
        assert len(bell.requests) == 1


def test_the_journal_is_also_a_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with running_sandbox(journal=path) as desk:
        ticket = desk.mail("asha@example.com", "When?", "<p>When?</p>")
        desk.says(ticket, "<p>I looked.</p>", by="agent")
        over_http = requests.get(f"{desk.url}/sandbox/journal", timeout=30).json()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert entries == over_http
    assert [(e["kind"], e["ticket_id"]) for e in entries] == [
        ("customer_message", ticket), ("arrival", ticket), ("reply", ticket),
    ]  # fmt: skip
    assert entries[2]["agent"] == "Asha Rao"


def test_the_rules_can_be_read_through_the_api_without_the_secret() -> None:
    with a_desk_that_rings() as (desk, _):
        [rule] = desk.api("GET", "/automations/4/rules").json()
        assert (rule["name"], rule["performer"]) == ("requester replied", {"type": 2})
        assert desk.secret not in json.dumps(rule)
