"""What the page of a case does while somebody reads and types: sources light up, words are kept, keys do as listed."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served
from tests.browser.test_console import sign_in
from tests.browser.test_every_page import QUIET
from tests.builders import a_finding
from tests.console.seed import LETTER, PARTS, a_conversation, a_letter_draft, hold
from worker.support import review
from worker.support.desk import Policy
from worker.support.outgoing import Tags
from worker.support.reviewdesk import ReviewDesk

pytestmark = pytest.mark.browser

FIELD = "The reply, without greeting and sign-off"


def opened(page, console: Served, **seed) -> str:
    case_id = hold(console.ledger, **seed)
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{case_id}")
    return case_id


def lit(page) -> list[str]:
    return page.locator("[data-lit].lit").all_inner_texts()


def test_pointing_at_a_sentence_lights_up_what_it_rests_on(page, console: Served):
    opened(page, console)
    page.locator("[data-s='3']").first.hover()
    assert lit(page) == ["The first 3 withdrawals from IM in a calendar month are free."]
    assert "What a withdrawal costs" in page.locator("[data-support]").inner_text()
    page.get_by_role("heading", level=1).hover()
    assert lit(page) == []

    page.keyboard.press("s")
    first = ["A withdrawal from IM reaches your registered bank account within 2 working days."]
    assert lit(page) == first
    page.keyboard.press("ArrowDown")
    assert lit(page) != first
    page.keyboard.press("Escape")
    assert page.locator("[data-support]").is_hidden()

    page.locator("[data-s='1']").first.click()
    page.get_by_role("heading", level=1).hover()
    assert lit(page) == first
    assert page.locator(".letter mark").inner_text() == "3 working days"


def test_words_that_were_not_stored_are_offered_again_over_the_newer_draft(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    page.get_by_text("This will be sent").wait_for()
    desk = ReviewDesk(console.ledger, Policy(), Tags(), lambda *_: LETTER, lambda *_: None)
    draft_id = console.ledger.cases.drafts(case_id)[-1][0]
    assert review.edit(desk, case_id, draft_id, "By Tom.", "tom").done

    page.get_by_text("There is a newer draft by tom.").wait_for()
    page.get_by_role("link", name="Show what is there now").click()
    page.locator(".letter", has_text="By Tom.").first.wait_for()
    assert page.get_by_label(FIELD).input_value() == "By Tom."
    page.get_by_role("button", name="Put them back").click()
    assert page.get_by_label(FIELD).input_value() == "My careful words."


def test_a_stored_draft_is_not_approved_over_words_that_are_still_being_typed(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("Half a sen")
    page.get_by_text("This will be sent").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert page.locator("[data-approve]").is_hidden()
    assert console.ledger.sends.of_case(case_id) == []


def test_keys_are_listed_and_can_be_switched_off(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_text("approve, send, go to the next").wait_for()
    dialog.get_by_role("button", name="Switch single keys off").click()
    dialog.get_by_role("button", name="Close").click()
    for key in "axt?":
        page.keyboard.press(key)
    assert page.url.endswith(case_id)
    assert page.locator(".actions details[open]").count() == 0
    assert console.ledger.sends.of_case(case_id) == []


def test_letters_typed_into_a_field_are_no_keys(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("x")
    page.keyboard.type("at exit? jk")
    assert page.get_by_label("Why?").input_value() == "at exit? jk"
    assert console.ledger.sends.of_case(case_id) == []


def test_a_lead_who_is_signed_out_meanwhile_is_told_and_keeps_her_words(page, console: Served):
    opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    page.context.clear_cookies(name="deskhand_session")
    page.get_by_text("You were signed out. What you typed is kept").wait_for()
    assert page.get_by_label(FIELD).input_value() == "My careful words."


def test_after_an_answer_that_makes_no_sense_the_page_goes_on_asking_for_news(page, console: Served):
    page.add_init_script("""
        window.mishaps = [];
        addEventListener("unhandledrejection", (event) => {
          event.preventDefault();
          mishaps.push(event.reason.name);
        });
    """)
    page.clock.install()
    page.route("**/watch", lambda route: route.fulfill(body="null", content_type="application/json"))
    opened(page, console)
    page.wait_for_function("() => mishaps.length")
    page.unroute("**/watch")
    news = QUIET | {"words": "Already approved by tom.", "over": True}
    page.route("**/watch", lambda route: route.fulfill(json=news))
    page.clock.run_for(6000)
    page.get_by_text("Already approved by tom.").wait_for()
    assert page.evaluate("mishaps") == ["TypeError"]


def test_an_overfull_case_stays_readable_on_a_phone_and_in_the_dark(page, console: Served):
    findings = tuple(a_finding("exact", f"Finding {n}.", sentence=n % 3, words="Rs 10") for n in range(100))
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    thread = a_conversation(1, f"<p>{'x' * 900}</p>", "Long " * 60)
    opened(page, console, thread=thread, draft=a_letter_draft(PARTS, findings=findings))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".findings > ol > li").count() == 5
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(",")) < 60


def test_nothing_is_fetched_from_elsewhere_whatever_a_mail_asks_for(page, console: Served):
    mail = (
        '<p style="background:url(https://tracker.example/b.gif)">When?</p><img src="https://tracker.example/a.gif">'
        '<link rel="stylesheet" href="https://tracker.example/c.css"><video poster="https://tracker.example/d.jpg">'
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, console, thread=a_conversation(1, mail))
    page.get_by_text("When?").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(console.home)] == []
    assert len(asked) > 4
