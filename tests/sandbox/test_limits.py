"""The account's allowance: what calls cost, what the headers say, and what happens beyond it."""

from __future__ import annotations

from tests.sandbox_server import running_sandbox
from worker.sandbox.limits import PLANS, Allowance, Limiter


def test_includes_cost_more_and_failed_calls_count() -> None:
    with running_sandbox() as desk:
        ticket = desk.mail("a@example.com", "Hi", "<p>hi</p>")
        spent = desk.state.limiter.spent_ever
        one = desk.api("GET", f"/tickets/{ticket}?include=conversations,requester")
        listed = desk.api("GET", "/tickets?include=requester,stats")
        desk.api("GET", "/tickets/999")
        assert one.headers["X-RateLimit-Used-CurrentRequest"] == "3.0"
        assert listed.headers["X-RateLimit-Used-CurrentRequest"] == "5.0"
        assert desk.state.limiter.spent_ever - spent == 3 + 5 + 1


def test_beyond_the_allowance_every_call_is_told_when_to_come_back() -> None:
    with running_sandbox(allowance=Allowance(2)) as desk:
        assert [desk.api("GET", "/agents/me").status_code for _ in range(3)] == [200, 200, 429]
        refused = desk.api("GET", "/agents/me")
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert refused.headers["X-RateLimit-Remaining"] == "0.0"
        assert refused.headers["X-RateLimit-Total"] == "2.0"


def test_a_sub_limit_refuses_while_calls_remain() -> None:
    with running_sandbox(allowance=Allowance(100, {"tickets_list": 1})) as desk:
        assert desk.api("GET", "/tickets").status_code == 200
        refused = desk.api("GET", "/tickets")
        assert refused.status_code == 429
        assert float(refused.headers["X-RateLimit-Remaining"]) > 0
        assert desk.api("GET", "/agents/me").status_code == 200


def test_other_apps_eat_from_the_same_allowance_until_the_minute_is_over() -> None:
    now = [0.0]
    limiter = Limiter(Allowance(10), clock=lambda: now[0])
    limiter.burn(9)
    assert [limiter.spend(1, None)[0] for _ in range(2)] == [True, False]
    now[0] = 60.0
    assert limiter.spend(1, None)[0] is True
    limiter.others_per_minute = 60
    now[0] = 69.5
    assert limiter.spend(1, None)[0] is False


def test_decimals_and_retry_after_can_be_left_out() -> None:
    limiter = Limiter(Allowance(0))
    limiter.decimals = limiter.say_retry_after = False
    allowed, headers = limiter.spend(1, None)
    assert allowed is False
    assert headers["X-RateLimit-Total"] == "0"
    assert "Retry-After" not in headers


def test_the_plans_are_those_of_the_public_table() -> None:
    assert PLANS["growth"].kinds["tickets_list"] == 20
    assert [PLANS[p].total for p in ("trial", "growth", "pro", "enterprise")] == [50, 200, 400, 700]
