"""Words that a lead has typed and not stored, whatever comes between: a colleague's draft, a session that ends, a key
pressed too early, another button. Nothing of them is lost, and nothing leaves that nobody has read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Served, complaints
from tests.browser.test_console import sign_in
from tests.browser.test_every_page import QUIET
from tests.browser.test_reading import FIELD, opened
from tests.console.seed import LETTER, PARTS, a_letter_draft, hold
from worker.models import Part, Sentence, Status
from worker.support import review
from worker.support.desk import Policy
from worker.support.outgoing import Tags
from worker.support.reviewdesk import ReviewDesk

pytestmark = pytest.mark.browser

OFFER = "Words that you typed here are not stored yet."


def texts(console: Served, case_id: str) -> list[str]:
    return [draft.body_text for _, draft, _ in console.ledger.cases.drafts(case_id)]


def saves(console: Served, case_id: str, text: str, by: str) -> None:
    desk = ReviewDesk(console.ledger, Policy(), Tags(), lambda *_: LETTER, lambda *_: None)
    assert review.edit(desk, case_id, console.ledger.cases.drafts(case_id)[-1][0], text, by).done


def with_a_new_finding(route) -> None:
    answer = route.fetch()
    made = answer.json()
    page = made["page"].replace("<ol>", '<ol><li data-what="personal Another.">Another.</li>', 1)
    route.fulfill(response=answer, json=made | {"page": page})


def come_back_to(page) -> None:
    """As a window does that was left for another one."""
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_a_refused_save_shows_the_colleagues_letter_and_loses_no_word(page, console: Served):
    case_id = opened(page, console)
    page.route("**/watch", lambda route: route.fulfill(json=QUIET))
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    saves(console, case_id, "By Tom.", "tom")
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_role("heading", name="Newer draft by tom").wait_for()
    page.wait_for_load_state()  # the heading is there before the keys are
    assert page.locator(".draft > .letter", has_text="By Tom.").is_visible()
    mine = page.get_by_label("Your words, not saved")
    assert mine.input_value() == "My careful words."
    mine.press("Control+Enter")
    page.get_by_text("first read the newer draft above").wait_for()
    assert complaints(page) == []

    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="← Queue").click()
    page.wait_for_url(f"{console.home}/")
    assert asked == ["beforeunload"]
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_text(OFFER).wait_for()
    assert page.get_by_text("The draft above is newer").is_visible()
    page.get_by_role("button", name="Put them back").click()
    assert page.get_by_label(FIELD).input_value() == "My careful words."
    assert len(texts(console, case_id)) == 2
    assert console.ledger.sends.of_case(case_id) == []


def test_a_preview_that_comes_late_does_not_take_back_what_the_lead_was_told(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    saves(console, case_id, "By Tom.", "tom")
    page.add_init_script("""
        const asked = fetch;
        const later = new Promise((answer) => (window.answerNow = answer));
        window.fetch = (url, how) =>
          url.endsWith("/preview") ? later.then(() => asked(url, how)) : asked(url, how);
    """)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Newer draft by tom").wait_for()
    page.wait_for_load_state()
    mine = page.get_by_label("Your words, not saved")
    mine.press("Control+Enter")
    told = page.get_by_text("first read the newer draft above")
    assert told.is_visible()
    page.evaluate("answerNow()")
    page.get_by_text("Your words would be sent as").wait_for()
    assert told.is_visible()
    mine.press_sequentially("So")
    assert told.is_hidden()


def test_words_take_a_colleagues_place_once_a_lead_says_that_she_has_read_his(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    saves(console, case_id, "By Tom.", "tom")
    page.evaluate("sessionStorage.clear()")  # as for words that came here through a sign-in page
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Your words would be sent as").wait_for()
    assert page.evaluate("sessionStorage.length") == 1
    page.get_by_role("button", name="I have read it: save mine over it").click()
    page.get_by_text("Saved. Read it once more").wait_for()
    assert "My careful words." in texts(console, case_id)[-1]
    assert page.get_by_text(OFFER).is_hidden()


def test_a_page_goes_on_by_itself_once_its_lead_has_signed_in_again(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.context.clear_cookies(name="deskhand_session")
    page.get_by_label(FIELD).fill("My careful words.")
    page.get_by_text("There is no preview: you were signed out.").wait_for()
    come_back_to(page)
    page.get_by_text("You were signed out. What you typed is kept").wait_for()

    sign_in(page.context.new_page(), console)
    come_back_to(page)
    page.get_by_text("This will be sent").wait_for()
    page.locator("[data-stale]").wait_for(state="hidden")
    assert page.get_by_text("There is no preview").is_hidden()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    [send] = console.ledger.sends.of_case(case_id)
    assert "My careful words." in send.body_html


def test_closing_the_editor_brings_the_draft_back_and_says_what_is_not_saved(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("Half a sen")
    page.get_by_text("This will be sent").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("this is the draft without them").wait_for()
    assert page.locator(".draft > .letter").is_visible()
    assert page.locator("#findings").is_visible()
    assert page.locator("[data-approve]").is_visible()
    assert complaints(page) == []
    page.keyboard.press("a")
    page.get_by_text("Not approved: your words are not saved.").wait_for()
    assert page.get_by_label(FIELD).input_value() == "Half a sen"

    page.get_by_role("button", name="Forget my words").click()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.type("It misses")
    page.get_by_role("button", name="Keep it for me").click()
    page.get_by_role("button", name="Let it go").wait_for()
    assert page.get_by_label("Why?").input_value() == "It misses"
    assert console.ledger.sends.of_case(case_id) == []


def test_ctrl_enter_waits_for_the_preview_and_sends_what_it_shows(page, console: Served):
    first, second, third = (hold(console.ledger, number) for number in (1, 2, 3))
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{first}")
    page.keyboard.press("e")
    page.keyboard.type("One word more. ")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    [send] = console.ledger.sends.of_case(first)
    assert "One word more. " in send.body_html

    page.goto(f"{console.home}/cases/{second}")  # nothing changed: the draft as it is, by nobody's hand
    page.keyboard.press("e")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"{console.home}/cases/{third}")
    assert len(texts(console, second)) == 1
    assert len(console.ledger.sends.of_case(second)) == 1

    page.route("**/preview", with_a_new_finding)
    page.keyboard.press("e")
    page.keyboard.type("One word more. ")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Not sent yet: the checks found something").wait_for()
    assert console.ledger.sends.of_case(third) == []
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    assert len(console.ledger.sends.of_case(third)) == 1


@pytest.mark.parametrize("screen", [(1280, 400), (390, 560)], ids=["low", "phone"])
def test_a_new_finding_stops_an_edit_once_though_its_preview_was_there(page, console: Served, screen: tuple[int, int]):
    case_id = opened(page, console)
    page.route("**/preview", with_a_new_finding)
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page.keyboard.press("e")
    page.keyboard.type("One word more. ")
    page.get_by_text("This will be sent").wait_for()
    assert page.locator(".draft-head .found").is_hidden()  # it counts what the stored draft has
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("Control+Enter")
    told, found = page.get_by_text("Not sent yet: the checks found something"), page.get_by_text("Another.")
    told.wait_for()
    in_sight = "one => one.getBoundingClientRect().top >= 0 && one.getBoundingClientRect().bottom <= innerHeight"
    assert [one.evaluate(in_sight) for one in (found, told)] == [True, True]
    above = found.bounding_box()
    assert above["y"] + above["height"] <= told.bounding_box()["y"]
    assert console.ledger.sends.of_case(case_id) == []
    page.get_by_role("button", name="Save, approve and send").click()
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_role("button", name="Undo").wait_for()
    assert page.get_by_text("What you typed, to copy from").is_hidden()  # it was sent


def test_a_draft_that_can_be_sent_after_all_is_not_called_too_late_any_more(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    page.route(
        "**/watch", lambda route: route.fulfill(json=QUIET | {"words": "Already approved by tom.", "over": True})
    )
    come_back_to(page)
    page.get_by_text("Already approved by tom.").wait_for()
    page.keyboard.press("Control+Enter")
    told = page.get_by_text("Not sent: this draft cannot be sent any more.")
    told.wait_for()
    page.unroute("**/watch")
    come_back_to(page)
    told.wait_for(state="hidden")
    page.get_by_text("This will be sent").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    assert len(console.ledger.sends.of_case(case_id)) == 1


@pytest.mark.parametrize(
    ("parts", "lack"),
    [
        ((), "There is nothing between the greeting and the sign-off yet."),
        ((Part(question="", sentences=(Sentence(text="It is {{days}}."),)), *PARTS), "Not everything is filled in yet"),
    ],
    ids=["empty", "gap"],
)
def test_what_a_draft_lacks_is_not_said_of_the_words_that_fill_it(page, console: Served, parts, lack: str):
    opened(page, console, draft=a_letter_draft(parts))
    told = page.get_by_text(lack)
    assert told.is_visible()
    page.get_by_label(FIELD).fill("It takes two days.")
    page.get_by_text("This will be sent").wait_for()
    assert told.is_hidden()
    page.keyboard.press("Escape")
    told.wait_for()


def test_no_stray_key_takes_the_place_of_words_that_are_offered(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_text(OFFER).wait_for()
    for key in ("q", "a", "e", "q"):
        page.keyboard.press(key)
    page.get_by_text("Nothing was done: words that you typed here").wait_for()
    page.get_by_label(FIELD).click()
    page.keyboard.type("stray")
    page.get_by_role("button", name="Put them back").click()
    assert page.get_by_label(FIELD).input_value() == "My careful words."
    page.get_by_role("button", name="Forget my words").click()
    page.reload()
    assert page.get_by_text(OFFER).is_hidden()
    assert console.ledger.sends.of_case(case_id) == []


def test_words_for_a_draft_that_was_decided_elsewhere_can_be_copied_from_and_forgotten(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    assert console.ledger.cases.advance(
        case_id, Status.HELD, Status.SUPERSEDED, None, reasons=["A colleague answered."]
    )
    come_back_to(page)
    page.get_by_role("link", name="Show what is there now").click()
    kept = page.get_by_label("What you typed, to copy from")
    kept.wait_for()
    assert kept.input_value() == "My careful words."
    assert complaints(page) == []
    page.get_by_role("button", name="Forget it").click()
    page.reload()
    assert kept.is_hidden()


def test_a_text_that_is_too_long_is_counted_refused_and_not_cut(page, console: Served):
    case_id = opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("x" * 8_999)
    assert page.locator("[data-length]").is_hidden()
    page.get_by_label(FIELD).fill("x" * 10_007)
    page.get_by_text("10,007 of 10,000 characters: 7 too many").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Please shorten it.").first.wait_for()
    assert len(page.get_by_label(FIELD).input_value()) == 10_007
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()  # leads to the case, and not to the form's answer
    assert page.url == f"{console.home}/cases/{case_id}"
    page.get_by_role("button", name="Put them back").click()
    assert len(page.get_by_label(FIELD).input_value()) == 10_007


def test_a_double_tap_does_not_approve_the_next_draft_unread(page, console: Served):
    first, second = hold(console.ledger, 1), hold(console.ledger, 2)
    sign_in(page, console)
    page.clock.install()
    page.goto(f"{console.home}/cases/{first}")
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    page.keyboard.press("a")
    page.wait_for_url(f"{console.home}/cases/{second}")
    page.get_by_role("button", name="Undo").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("?")  # has its turn behind the other key
    page.get_by_role("dialog", name="Keys").wait_for()
    assert console.ledger.sends.of_case(second) == []
    page.keyboard.press("Escape")
    page.clock.run_for(1000)
    page.keyboard.press("a")
    page.wait_for_url(f"{console.home}/")
    assert len(console.ledger.sends.of_case(second)) == 1


def test_what_did_not_leave_is_nowhere_said_to_be_on_its_way(page, console: Served):
    case_id = hold(console.ledger, 101)
    sign_in(page, console)
    page.clock.install()
    page.goto(f"{console.home}/cases/{case_id}?q=101")
    page.keyboard.press("a")
    page.locator(".elsewhere .chip", has_text="On its way").wait_for()
    page.clock.run_for(61_000)  # no more to be taken back
    page.locator("[data-undo]").wait_for(state="detached")
    assert page.get_by_text("Approved. The reply is on its way.").is_visible()
    assert console.ledger.cases.advance(
        case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=["Not sent: the ticket was closed."]
    )
    come_back_to(page)
    page.get_by_text("Your approval on ticket 101 was not sent: the ticket was closed.").wait_for()
    assert page.locator(".done").count() == 0
    assert page.locator(".elsewhere .chip").all_inner_texts() == ["Not sent"]


@pytest.mark.parametrize("place", ["", "cases?status=sent", "numbers"])
def test_a_lead_on_any_page_hears_of_an_approval_that_did_not_leave(page, console: Served, place: str):
    case_id = opened(page, console)
    page.keyboard.press("a")
    page.wait_for_url(f"{console.home}/")
    page.goto(f"{console.home}/{place}")
    stopped = (case_id, Status.APPROVED, Status.SUPERSEDED, None)
    assert console.ledger.cases.advance(*stopped, reasons=["Not sent: the customer wrote again."])
    come_back_to(page)
    page.get_by_text("Your approval on ticket 1 was not sent: the customer wrote again.").wait_for()
    assert page.locator(".done").count() == 0
    page.reload()
    assert page.locator(".not-sent, .done").count() == 0
