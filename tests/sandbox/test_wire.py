"""Faults at the wire: what the caller hears and what took effect are two things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def desk(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.all_well()


@pytest.fixture
def ticket(desk: RunningSandbox) -> int:
    return desk.mail("asha@example.com", "When?", "<p>When does it arrive?</p>")


def reply(desk: RunningSandbox, ticket: int, timeout: float = 20) -> requests.Response:
    url = f"{desk.url}/api/v2/tickets/{ticket}/reply"
    return requests.post(url, json={"body": "<p>On Monday.</p>"}, auth=desk.auth, timeout=timeout)


def took_effect_after(entry: dict[str, Any]) -> float:
    """Seconds since its request came."""
    return (datetime.fromisoformat(entry["at"]) - datetime.fromisoformat(entry["arrived"])).total_seconds()


def test_a_refusal_before_the_commit_leaves_nothing_behind(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("refuse", "reply", status=503, first=1)
    assert reply(desk, ticket).status_code == 503
    assert desk.replies(ticket) == []
    assert reply(desk, ticket).status_code == 201


def test_a_reply_can_be_stored_and_the_connection_cut(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("commit_then_cut", "reply")
    with pytest.raises(requests.ConnectionError):
        reply(desk, ticket)
    assert len(desk.replies(ticket)) == 1


def test_a_connection_can_be_cut_before_anything_happened(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("cut", "reply")
    with pytest.raises(requests.ConnectionError):
        reply(desk, ticket)
    assert desk.replies(ticket) == []


def test_a_reply_can_be_stored_and_answered_with_an_error(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("commit_then_error", "reply", status=502)
    assert reply(desk, ticket).status_code == 502
    assert len(desk.replies(ticket)) == 1


def test_a_reply_can_be_stored_after_its_caller_gave_up(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("commit_late", "reply", seconds=0.6)
    with pytest.raises(requests.ReadTimeout):
        reply(desk, ticket, timeout=0.2)
    [entry] = desk.wait_for("reply", ticket_id=ticket)
    assert took_effect_after(entry) >= 0.6, "by then the caller had given up"


def test_a_gateway_can_give_up_before_the_commit(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("commit_late", "reply", seconds=0.3, status=504)
    assert reply(desk, ticket).status_code == 504
    assert len(desk.wait_for("reply", ticket_id=ticket)) == 1


def test_a_hanging_call_does_nothing(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("hang", "reply")
    with pytest.raises(requests.ReadTimeout):
        reply(desk, ticket, timeout=0.2)
    assert desk.replies(ticket) == []


@pytest.mark.parametrize("commit", [True, False])
def test_a_page_of_html_may_come_instead_of_json(desk: RunningSandbox, ticket: int, commit: bool) -> None:
    desk.goes_wrong("html_page", "reply", commit=commit)
    answer = reply(desk, ticket)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(desk.replies(ticket)) == commit


def test_an_answer_may_be_empty(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("empty", "ticket")
    answer = desk.api("GET", f"/tickets/{ticket}")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_limit_may_come_without_retry_after_and_with_calls_remaining(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("rate_limit", "ticket", remaining=120, first=1)
    bare = desk.api("GET", f"/tickets/{ticket}")
    assert (bare.status_code, bare.headers["X-RateLimit-Remaining"]) == (429, "120.0")
    assert "Retry-After" not in bare.headers
    desk.all_well()
    desk.goes_wrong("rate_limit", "ticket", retry_after=7)
    assert desk.api("GET", f"/tickets/{ticket}").headers["Retry-After"] == "7"


def test_a_closure_may_be_refused_for_a_field_nobody_heard_of(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("missing_field", "change", when_body_has='"status"', field="cf_cause")
    assert desk.api("PUT", f"/tickets/{ticket}", json={"tags": ["a"]}).status_code == 200
    refused = desk.api("PUT", f"/tickets/{ticket}", json={"status": 5})
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["field"], error["code"]) == (400, "cf_cause", "missing_field")


def test_each_new_ticket_may_be_unknown_for_a_moment(desk: RunningSandbox, ticket: int) -> None:
    other = desk.mail("b@example.com", "Hm", "<p>hm</p>")
    desk.goes_wrong("refuse", "ticket", status=404, first=1, per_path=True)
    seen = [desk.api("GET", f"/tickets/{t}").status_code for t in (ticket, other, ticket, other)]
    assert seen == [404, 404, 200, 200]


def test_every_third_call_may_fail(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("refuse", "ticket", status=401, every=3)
    assert [desk.api("GET", f"/tickets/{ticket}").status_code for _ in range(6)] == [200, 200, 401, 200, 200, 401]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("human_closes", "status", 5), ("human_spams", "spam", True), ("human_assigns", "responder_id", 11)],
)
def test_a_person_may_act_between_our_read_and_our_write(
    desk: RunningSandbox, ticket: int, kind: str, field: str, value: object
) -> None:
    desk.goes_wrong(kind, "ticket", first=1)
    before = desk.api("GET", f"/tickets/{ticket}").json()
    after = desk.api("GET", f"/tickets/{ticket}").json()
    assert before[field] != value
    assert after[field] == value


def test_a_person_or_the_customer_may_write_just_before_our_reply(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("human_replies", "reply", first=1, html="<p>It is me.</p>")
    desk.goes_wrong("customer_writes", "reply", first=1)
    reply(desk, ticket)
    said = desk.api("GET", f"/tickets/{ticket}/conversations").json()
    assert said[0]["user_id"] == 11
    assert [c["incoming"] for c in said] == [False, True, False]


def test_an_out_of_office_note_answers_each_reply(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("auto_reply", "reply", moment="after")
    reply(desk, ticket)
    said = desk.api("GET", f"/tickets/{ticket}/conversations").json()
    assert [c["incoming"] for c in said] == [False, True]
    assert said[1]["body_text"].startswith("Automatic reply")


def test_a_merge_may_happen_meanwhile(desk: RunningSandbox, ticket: int) -> None:
    desk.goes_wrong("human_merges", "reply", first=1)
    assert reply(desk, ticket).status_code == 201
    assert desk.state.world.tickets[ticket].status == 5


def test_faults_are_switched_over_http_and_refuse_nonsense(desk: RunningSandbox, ticket: int) -> None:
    url = f"{desk.url}/sandbox/faults"
    made = requests.post(url, json={"kind": "refuse", "endpoint": "GET /api/v2/agents/me", "status": 403}, timeout=30)
    assert desk.api("GET", "/agents/me").status_code == 403
    [listed] = requests.get(url, timeout=30).json()
    assert (listed["id"], listed["fired"]) == (made.json()["id"], 1)
    assert requests.post(url, json={"kind": "explode"}, timeout=30).status_code == 422
    assert requests.delete(url, timeout=30).status_code == 204
    assert desk.api("GET", "/agents/me").status_code == 200


def test_the_bots_key_can_be_rotated_in_the_middle_of_a_run() -> None:
    with running_sandbox() as desk:
        requests.post(f"{desk.url}/sandbox/settings", json={"api_key": "another"}, timeout=30).raise_for_status()
        assert desk.api("GET", "/agents/me").status_code == 401
