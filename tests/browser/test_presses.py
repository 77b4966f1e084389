"""Buttons stay where they are while one of them is pressed, whatever arrives meanwhile: a press that ends elsewhere
than it began is no click, and what was asked for is not done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.browser.conftest import Served, browsing
from tests.browser.test_reading import FIELD, opened

pytestmark = pytest.mark.browser

LATER = datetime(2100, 1, 1, tzinfo=UTC)
WORDS = "It takes three working days."
PREVIEW = "This will be sent"


class Editing:
    """She edits a draft, on a page whose clock only goes on when told; `answered` lets the preview that was asked for
    arrive."""

    def __init__(self, page, console: Served):
        self.page, self.asked = page, []
        page.clock.install()
        opened(page, console)
        page.clock.pause_at(LATER)
        page.route("**/preview", lambda route: self.asked.append(route))
        page.locator("summary[data-key=e]").click()
        self.field = page.get_by_label(FIELD)
        self.stored = self.field.input_value()

    def types(self) -> None:
        self.field.fill(WORDS)
        self.passes(0.3)

    def passes(self, seconds: float) -> None:
        self.page.clock.run_for(round(seconds * 1000))

    def types_and_waits(self) -> None:
        with self.page.expect_request("**/preview"):
            self.types()

    def answered(self) -> None:
        with self.page.expect_response("**/preview") as arrived:
            self.asked[0].continue_()
        arrived.value.finished()
        self.page.evaluate("fetch('/healthz').then((answer) => answer.text())")  # asked later, so answered later

    def middle_of(self, button: str) -> tuple[float, float]:
        found = self.page.locator("#edit").get_by_role("button", name=button, exact=True)
        found.scroll_into_view_if_needed()
        box = found.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def presses(self, button: str) -> None:
        self.page.mouse.move(*self.middle_of(button))
        self.page.mouse.down()

    def lets_go(self) -> None:
        self.page.mouse.up()
        self.passes(0.1)


@pytest.fixture
def editing(page, console: Served) -> Editing:
    return Editing(page, console)


def test_a_button_stays_under_the_pointer_that_presses_it(editing: Editing):
    editing.types_and_waits()
    editing.presses("Forget my words")
    editing.answered()
    editing.lets_go()
    assert editing.field.input_value() == editing.stored


def test_a_button_stays_under_the_finger_that_presses_it(chromium, console: Served):
    """A finger's click comes a moment after its release."""
    with browsing(chromium, has_touch=True) as page:
        editing = Editing(page, console)
        editing.types_and_waits()
        finger = page.context.new_cdp_session(page)
        x, y = editing.middle_of("Forget my words")
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        editing.answered()
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        editing.passes(0.02)
        page.wait_for_function(
            "stored => document.querySelector('#edit textarea').value === stored", arg=editing.stored
        )


def test_a_key_between_does_not_move_it_either(editing: Editing):
    editing.types_and_waits()
    editing.presses("Forget my words")
    editing.answered()
    editing.page.keyboard.press("Shift")
    editing.passes(0.1)
    editing.lets_go()
    assert editing.field.input_value() == editing.stored


def test_the_letter_gives_way_to_her_first_words_only_after_the_press(editing: Editing):
    editing.presses("Save")
    editing.types()
    with editing.page.expect_navigation():
        editing.page.mouse.up()
    assert editing.field.get_attribute("data-saved").startswith(WORDS)


def test_what_arrived_during_a_press_is_shown_after_it(editing: Editing):
    editing.types_and_waits()
    editing.presses("Forget my words")
    editing.answered()
    assert editing.page.get_by_text(PREVIEW).is_hidden()
    editing.page.get_by_role("heading", level=1).hover()  # she has thought better of it
    editing.lets_go()
    editing.page.get_by_text(PREVIEW).wait_for()
    assert editing.field.input_value() == WORDS


def test_a_press_of_whose_end_nothing_is_told_is_not_waited_for_for_ever(editing: Editing):
    editing.types_and_waits()
    pen = {"pointerId": 99, "pointerType": "pen", "bubbles": True}
    editing.page.locator("h1").dispatch_event("pointerdown", pen)
    editing.answered()
    editing.passes(1.9)
    assert editing.page.get_by_text(PREVIEW).is_hidden()
    editing.passes(0.2)
    editing.page.get_by_text(PREVIEW).wait_for()


def test_two_fingers_are_both_waited_for_and_the_click_of_the_last(editing: Editing):
    editing.types_and_waits()
    heading = editing.page.locator("h1")
    for finger in (7, 8):
        heading.dispatch_event("pointerdown", {"pointerId": finger, "pointerType": "touch", "bubbles": True})
    editing.answered()
    for finger in (7, 8):
        heading.dispatch_event("pointerup", {"pointerId": finger, "pointerType": "touch", "bubbles": True})
        editing.passes(0.04)
        assert editing.page.get_by_text(PREVIEW).is_hidden()
        editing.passes(0.02)
    editing.page.get_by_text(PREVIEW).wait_for()
