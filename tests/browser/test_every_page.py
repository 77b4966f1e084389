"""Every page of the console in a real browser, read off its routes: with nothing in it, overfull, and gone wrong.

Axe finds nothing to complain about, and nothing is wider than a phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import APIRoute

from tests.browser.conftest import Served, complaints
from tests.browser.test_console import sign_in
from tests.builders import NOON, a_finding, a_message, a_requester, a_thread
from tests.console.history import write_history
from tests.console.seed import LETTER, a_letter_draft, hold
from worker.bench.crowd import fill
from worker.console.parts import PARTS
from worker.console.throttle import PER_LOGIN_AND_ADDRESS
from worker.knowledge.documents import read_kb
from worker.models import Author, Status
from worker.settings import ROOT

pytestmark = pytest.mark.browser

NO_PAGES = {"/healthz", "/counts", "/told", "/next", "/numbers/{name}.csv"}  # a word, JSON, a way on, a download
MORE = (
    "/?page=2",
    "/?q=nothing",
    "/?segment=IM&finding=exact",
    "/cases?status=handed_over",
    "/lessons?template=none",
    "/numbers?days=90",
)
QUIET = {"others": [], "words": "", "over": False, "overtaken": False, "reload": False, "despite": ""}
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 860}


def pages(console: Served, case_id: str) -> Iterator[str]:
    """Every address that shows a page."""
    for route in console.app.routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path not in NO_PAGES:
            names = [part.name for part in PARTS] if "{name}" in route.path else [""]
            yield from (route.path.replace("{name}", name).replace("{case_id}", case_id) for name in names)
    yield from MORE


def look_at_all(page, console: Served, case_id: str) -> None:
    seen = list(pages(console, case_id))
    assert len(seen) > 15
    for path in seen:
        page.goto(console.home + path)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        assert (path, complaints(page)) == (path, [])
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.set_viewport_size(DESK)


def test_every_page_with_nothing_in_it(page, console: Served):
    sign_in(page, console, "admin")
    look_at_all(page, console, "nope")


def test_every_page_overfull(page, console: Served):
    """Pages of drafts, a ticket of 60 messages with a subject of 300 characters and no space, months of decisions."""
    fill(console.ledger, read_kb(ROOT / "kb", ("public", "IM", "IM+")), LETTER, 130, lambda *_: None)
    write_history(console.ledger, datetime.now(UTC), days=90, per_day=4, templates=52)
    case_id = an_endless_ticket(console)
    for n in range(250):
        console.ledger.reviews.audit("tom", "mind", f"c{n}", "w" * 200)
    page.emulate_media(color_scheme="dark")
    sign_in(page, console, "admin")
    look_at_all(page, console, case_id)


def an_endless_ticket(console: Served) -> str:
    authors = (Author.CUSTOMER, Author.PERSON, Author.DESKHAND)
    said = [
        a_message(f"Message {n}: {'x' * 300} " + "and more words. " * 20, key=f"c{n}", author=authors[n % 3],
                  at=NOON + timedelta(minutes=n), from_email=f"{'long' * 12}@example.com")
        for n in range(60)
    ]  # fmt: skip
    said.append(a_message("When?", key="c99", at=NOON + timedelta(hours=9)))
    requester = a_requester(7, name="N" * 80, email=f"{'e' * 64}@{'d' * 60}.example")
    findings = tuple(a_finding("exact", f"Finding {n}: {'w' * 120}", sentence=n % 3, words="Rs 10") for n in range(40))
    thread = a_thread(7_000_000, *said, subject="S" * 300, requester=requester, priority=4)
    case_id = hold(console.ledger, 7_000_000, thread=thread, draft=a_letter_draft(findings=findings))
    console.ledger.reviews.mind(case_id, "l" * 64, "tom")
    return case_id


def no_entry(page, console: Served, case_id: str) -> None:
    page.goto(console.link("vera", "viewer"))
    link = page.url
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{console.home}/")
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This link was used already").wait_for()


def not_allowed(page, console: Served, case_id: str) -> None:
    sign_in(page, console, "viewer")
    page.goto(f"{console.home}/audit")
    page.get_by_text("This needs the role admin.").wait_for()


def only_looking(page, console: Served, case_id: str) -> None:
    sign_in(page, console, "viewer")
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_text("You may look, but not decide").wait_for()


def too_many_tries(page, console: Served, case_id: str) -> None:
    page.goto(f"{console.home}/login")
    for _ in range(PER_LOGIN_AND_ADDRESS + 1):
        page.get_by_label("Login").fill("maya")
        page.get_by_label("Password").fill("wrong")
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Too many tries.").wait_for()


def signed_out_while_typing(page, console: Served, case_id: str) -> None:
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("x")
    page.get_by_label("Why?").fill("It misses the point.")
    page.context.clear_cookies(name="deskhand_session")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Your form is kept").wait_for()


def signed_in_anew(page, console: Served, case_id: str) -> None:
    signed_out_while_typing(page, console, case_id)
    other_tab = page.context.new_page()
    sign_in(other_tab, console)
    page.get_by_role("button", name="I have signed in in another tab").click()
    page.get_by_role("heading", name="Please confirm").wait_for()
    assert page.get_by_label("The reason").input_value() == "It misses the point."


def refused(page, console: Served, case_id: str) -> None:
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("x")
    page.get_by_label("Why?").fill("  ")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Please give a reason").wait_for()


def too_late(page, console: Served, case_id: str) -> None:
    sign_in(page, console)
    page.route("**/watch", lambda route: route.fulfill(json=QUIET))
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("e")
    page.get_by_label("The reply, without greeting and sign-off").fill("My careful words.")
    draft_id = console.ledger.cases.drafts(case_id)[-1][0]
    console.ledger.reviews.reject(case_id, draft_id, "No.", "tom")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Already rejected by tom.").wait_for()
    assert page.get_by_label("What you typed, to copy from").input_value() == "My careful words."


def not_to_be_sent(page, console: Served, case_id: str) -> None:
    odd = hold(console.ledger, 77, draft=a_letter_draft(body_html="<p>Hi <img src=x></p>"))
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{odd}")
    page.get_by_text("may not be sent").wait_for()


def ended_without_a_draft(page, console: Served, case_id: str) -> None:
    ended = hold(console.ledger, 78, status=Status.IGNORED)
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{ended}")
    page.get_by_text("No draft was written for this message.").wait_for()


MISHAPS = (
    no_entry,
    not_allowed,
    only_looking,
    too_many_tries,
    signed_out_while_typing,
    signed_in_anew,
    refused,
    too_late,
    not_to_be_sent,
    ended_without_a_draft,
)


@pytest.mark.parametrize("reach", MISHAPS, ids=lambda reach: reach.__name__)
def test_what_goes_wrong_is_shown_on_a_page_that_everybody_can_read(page, console: Served, reach):
    reach(page, console, hold(console.ledger))
    assert complaints(page) == []
