"""Keys that were meant for the page and not for the letter: none of them is typed into it, and none sends a scrap."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served, complaints
from tests.browser.test_reading import FIELD, opened
from tests.console.seed import a_letter_draft, hold, status_of
from worker.models import Part, Sentence, Status

pytestmark = pytest.mark.browser

SAYS_T = (Part(question="", sentences=(Sentence(text="t"),)),)


# What a browser does with a panel that is open from the start, sometimes only after the page's scripts have run.
OPENED_BY_ITSELF = """
async () => {
  const panel = document.getElementById("edit");
  const told = new Promise((done) => panel.addEventListener("toggle", done, { once: true }));
  panel.open = false;
  panel.open = true;
  await told;
}
"""


def focused(page) -> str:
    return page.evaluate("document.activeElement.tagName")


def test_an_empty_draft_opens_at_its_message_and_keys_are_keys(page, console: Served):
    case_id, letter = opened(page, console, draft=a_letter_draft(())), page.get_by_label(FIELD)
    page.wait_for_load_state("networkidle")
    page.evaluate(OPENED_BY_ITSELF)
    assert letter.is_visible()
    assert (focused(page), page.evaluate("scrollY")) == ("BODY", 0)
    for key in ("s", "a", "s", "t"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Take the ticket over").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.type("It asks for a call.")
    assert page.get_by_label("Why?").input_value() == "It asks for a call."
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.type("It takes two days.")
    assert letter.input_value() == "It takes two days."
    assert console.ledger.sends.of_case(case_id) == []


def test_a_panel_that_she_opens_herself_takes_what_she_types(page, console: Served):
    opened(page, console)
    page.get_by_text("Reject", exact=True).click()
    page.keyboard.type("It misses the point.")
    assert page.get_by_label("Why?").input_value() == "It misses the point."


def test_a_reply_of_one_word_does_not_leave_on_the_same_key_twice(page, console: Served):
    case_id = opened(page, console, draft=a_letter_draft(()))
    page.keyboard.press("e")
    page.keyboard.type("t")
    box = page.get_by_role("checkbox", name="The whole reply is “t”. Send it like that.")
    for _ in range(3):
        page.keyboard.press("Control+Enter")
        page.get_by_text("Not sent: this reply is a word or two.").wait_for()
    assert not box.is_checked()
    assert complaints(page) == []
    assert (status_of(console.ledger, case_id), console.ledger.sends.of_case(case_id)) == (Status.HELD, [])

    box.check()
    page.get_by_label(FIELD).press("End")
    page.keyboard.type("ea")  # the box was ticked for other words
    page.get_by_role("checkbox", name="The whole reply is “tea”.").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Not sent: this reply is a word or two.").wait_for()
    page.get_by_role("checkbox", name="The whole reply is “tea”.").check()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    [send] = console.ledger.sends.of_case(case_id)
    assert "<p>tea</p>" in send.body_html


def test_a_stored_reply_of_one_word_needs_the_box_as_well(page, console: Served):
    case_id = opened(page, console, draft=a_letter_draft(SAYS_T))
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("Control+Enter")  # with nothing changed it approves the draft as it is
    page.keyboard.press("Control+Enter")
    assert page.url.endswith(case_id)
    page.keyboard.press("Escape")
    box = page.get_by_role("checkbox", name="The whole reply is “t”.")
    box.check()
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).click()  # out of the box, where keys are typed
    page.keyboard.press("e")
    page.keyboard.type("ea")
    page.get_by_role("button", name="Approve and send", exact=True).wait_for(state="hidden")
    page.get_by_role("button", name="Forget my words").click()
    page.get_by_role("button", name="Approve and send", exact=True).click()
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    assert len(console.ledger.sends.of_case(case_id)) == 1


def test_a_ticked_box_is_no_word_that_could_be_lost(page, console: Served):
    opened(page, console, draft=a_letter_draft(SAYS_T))
    other = hold(console.ledger, 2)
    page.get_by_role("checkbox", name="The whole reply is “t”.").check()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{console.home}/cases/{other}")
    assert (asked, page.url.endswith(other)) == ([], True)


def test_a_pointer_that_is_about_to_save_does_not_send(page, console: Served):
    """The button that sends appears a moment after the last key: not where the one that saves has been."""
    opened(page, console)
    page.keyboard.press("e")
    save = page.get_by_role("button", name="Save", exact=True)
    before = save.bounding_box()
    page.get_by_label(FIELD).fill("It takes three working days.")
    page.get_by_role("button", name="Save, approve and send").wait_for()
    assert save.bounding_box()["x"] == before["x"]
