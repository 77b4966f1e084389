"""Who gets in, how, and what a stranger's page can make our browser do: nothing."""

from __future__ import annotations

import os
import re

import pytest
from fastapi.routing import APIRoute

from tests.console.seed import Lead, a_console, fields_of, hold, words_of
from worker import web
from worker.adapters.store.ledger import SqlLedger
from worker.console.access import OPEN
from worker.console.people import add_user, disable_user, sign_in_link
from worker.console.throttle import PER_ADDRESS, PER_LOGIN_AND_ADDRESS, WINDOW_SECONDS, Throttle

PASSWORD = "correct horse battery"


def sign_in(visitor: Lead, password: str = PASSWORD, **typed: str):
    return visitor.submit("/login", "/login", login=visitor.login, password=password, **typed)


def routes(app, method: str) -> list[str]:
    found = [r.path for r in app.routes if isinstance(r, APIRoute) and method in r.methods]
    assert len(found) > 3
    return [path.replace("{case_id}", "c1") for path in found]


def test_every_page_but_the_doors_asks_a_stranger_to_sign_in(ledger: SqlLedger):
    stranger = Lead(app := a_console(ledger), ledger, role=None)
    assert all(isinstance(r, APIRoute) or r.path == "/static" for r in app.routes)
    for path in routes(app, "GET"):
        answer = stranger.get(path)
        assert path in OPEN or (answer.status_code, answer.headers["location"][:12]) == (303, "/login?next="), path
    for path in routes(app, "POST"):
        assert path in OPEN or stranger.send(path, {}).status_code == 401, path


def test_every_post_needs_the_token_of_its_own_session(ledger: SqlLedger):
    app = a_console(ledger)
    maya, tom = Lead(app, ledger, "maya", "admin"), Lead(app, ledger, "tom", "admin")
    of_tom = fields_of(tom.get("/").text, "/logout")["csrf"]
    for path in routes(app, "POST"):
        for csrf in ("", "guessed", of_tom):
            assert maya.send(path, {"csrf": csrf}).status_code == 403, path
    assert maya.get("/").status_code == 200


def test_a_form_before_sign_in_is_bound_to_the_browser_that_opened_it(ledger: SqlLedger):
    app = a_console(ledger)
    add_user(ledger.users, "maya", "reviewer", PASSWORD)
    attacker, victim = Lead(app, ledger, role=None), Lead(app, ledger, role=None)
    fields = fields_of(attacker.get("/login").text, "/login") | {"login": "maya", "password": PASSWORD}
    assert victim.send("/login", fields).status_code == 403
    assert attacker.send("/login", fields).status_code == 303


def test_cookies_are_strict_hidden_from_scripts_and_secure_outside_loopback(ledger: SqlLedger):
    add_user(ledger.users, "maya", "reviewer", PASSWORD)
    visitor = Lead(a_console(ledger), ledger, role=None)
    near = sign_in(visitor).headers.get_list("set-cookie")
    visitor.browser.base_url = "https://console.example.com"
    far = sign_in(visitor).headers.get_list("set-cookie")
    for cookie in (*near, *far):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
    assert near[0].startswith("deskhand_session=")
    assert "Secure" not in near[0]
    assert far[0].startswith("__Host-deskhand_session=")
    assert "Secure" in far[0]


def test_pages_allow_nothing_from_elsewhere_and_are_not_kept(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    for answer in (maya.get("/"), maya.get("/nowhere"), maya.get("/login")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?://", answer.text)
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
            assert maya.get(address).status_code == 200


def test_a_viewer_reads_but_decides_nothing(ledger: SqlLedger):
    case_id = hold(ledger)
    viewer = Lead(app := a_console(ledger), ledger, "vera", "viewer")
    page = viewer.get(f"/cases/{case_id}").text
    assert "You may look, but not decide" in page
    csrf = fields_of(page, "/logout")["csrf"]
    decisions = [path for path in routes(app, "POST") if path.startswith("/cases/") and not path.endswith("/watch")]
    assert len(decisions) >= 10
    for path in decisions:
        answer = viewer.send(path.replace("c1", case_id), {"csrf": csrf, "text": "x", "reason": "x"})
        assert answer.status_code == 403, path
    assert viewer.get("/audit").status_code == 403
    assert app.state.enqueued == []


def test_a_link_is_not_used_up_by_opening_it_and_works_once(ledger: SqlLedger):
    app = a_console(ledger)
    add_user(ledger.users, "maya", "reviewer", None)
    link = sign_in_link(ledger.users, "maya", "http://localhost:8001")
    for _prefetch in range(3):
        assert Lead(app, ledger, role=None).get(link).status_code == 200
    assert Lead(app, ledger, role=None).submit(link, "/enter").headers["location"] == "/"
    late = Lead(app, ledger, role=None).submit(link, "/enter")
    assert late.status_code == 403
    assert "used already" in late.text


def test_a_disabled_user_is_out_at_once_by_session_password_and_link(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    link = sign_in_link(ledger.users, "maya", "http://localhost:8001")
    disable_user(ledger.users, "maya")
    assert maya.get("/").status_code == 303
    assert sign_in(maya).status_code == 401
    assert maya.submit(link, "/enter").status_code == 403


def test_signing_out_ends_the_session_on_the_server(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    cookies = dict(maya.browser.cookies)
    assert maya.submit("/", "/logout").headers["location"] == "/login"
    maya.browser.cookies.update(cookies)
    assert maya.get("/").status_code == 303


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/\tx", "evil"])
def test_a_sign_in_leads_to_our_own_pages_only(ledger: SqlLedger, elsewhere: str):
    add_user(ledger.users, "maya", "reviewer", PASSWORD)
    visitor = Lead(a_console(ledger), ledger, role=None)
    assert sign_in(visitor, next=elsewhere).headers["location"] == "/"
    assert sign_in(visitor, next="/cases?status=sent").headers["location"] == "/cases?status=sent"


def test_guessing_is_slowed_down_and_an_old_failure_is_forgotten(ledger: SqlLedger):
    now = [1000.0]
    visitor = Lead(a_console(ledger, throttle=Throttle(lambda: now[0])), ledger, role=None)
    add_user(ledger.users, "maya", "reviewer", PASSWORD)
    for _ in range(PER_LOGIN_AND_ADDRESS):
        assert sign_in(visitor, "wrong wrong wrong").status_code == 401
    assert sign_in(visitor).status_code == 429
    now[0] += WINDOW_SECONDS + 1
    assert sign_in(visitor).status_code == 303


def test_many_logins_from_one_address_are_slowed_down_too():
    throttle = Throttle(lambda: 1000.0)
    for i in range(25):
        assert throttle.wait(f"user{i}", "10.0.0.9") == 0
        throttle.failed(f"user{i}", "10.0.0.9")
    assert throttle.wait("another", "10.0.0.9") > 0
    assert throttle.wait("another", "10.0.0.8") == 0


def test_an_office_that_comes_in_by_one_address_is_not_slowed_down(ledger: SqlLedger):
    now = iter(range(1000, 100_000))
    throttle = Throttle(lambda: next(now) / 100)
    door = a_console(ledger, throttle=throttle)
    for number in range(2 * PER_ADDRESS):
        add_user(ledger.users, f"lead{number}", "reviewer", PASSWORD)
        lead = Lead(door, ledger, role=None)
        assert lead.submit("/login", "/login", login=f"lead{number}", password=PASSWORD).status_code == 303
    for number in range(PER_ADDRESS - 1):
        throttle.failed(f"guess{number}", "testclient")
        throttle.succeeded("lead1", "testclient", throttle.failed("lead1", "testclient"))
    assert throttle.wait("another", "testclient") == 0
    throttle.failed("guess", "testclient")
    assert throttle.wait("another", "testclient") > 0, "good passwords among them reset nothing"


def test_the_audit_log_tells_of_sign_ins_but_not_what_strangers_typed(ledger: SqlLedger):
    add_user(ledger.users, "maya", "admin", PASSWORD)
    maya = Lead(a_console(ledger), ledger, role=None)
    maya.submit("/login", "/login", login="hunter2-my-password", password="x")
    sign_in(maya, "wrong wrong wrong")
    sign_in(maya)
    shown = words_of(maya.get("/audit").text)
    assert "hunter2" not in shown
    assert "(unknown) sign-in failed" in shown
    assert "maya sign-in failed" in shown
    assert "maya signed in" in shown


def test_a_link_followed_from_another_site_does_not_end_at_the_sign_in_page(ledger: SqlLedger):
    # The browser holds the strict cookie back on that first request; our own page then asks again, with it.
    stranger = Lead(a_console(ledger), ledger, role=None)
    answer = stranger.get("/cases/c1?x=1", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/cases/c1?x=1"' in answer.text
    assert stranger.get("/cases/c1", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_the_console_listens_on_this_machine_only_unless_told_otherwise(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(web.uvicorn, "run", lambda _app, **given: asked.append(given["host"]))
    monkeypatch.setitem(web.APPS, "console", lambda: None)
    monkeypatch.setenv("DESKHAND_ENV_FILE", os.devnull)
    monkeypatch.delenv("CONSOLE_HOST", raising=False)
    assert web.main(["console"]) == 0
    monkeypatch.setenv("CONSOLE_HOST", "0.0.0.0")
    assert web.main(["console"]) == 0
    assert asked == ["127.0.0.1", "0.0.0.0"]


def test_the_health_page_needs_nobody(ledger: SqlLedger):
    assert Lead(a_console(ledger), ledger, role=None).get("/healthz").text == "ok"
