"""What the checks found stands where the reading begins: on the screen together with the button that sends it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served, complaints
from tests.browser.test_console import sign_in
from tests.browser.test_reading import FIELD, opened
from tests.builders import a_finding
from tests.console.seed import FINDINGS, a_letter_draft

pytestmark = pytest.mark.browser

MANY = (
    *FINDINGS,
    *(a_finding("exact", f"The amount “Rs {n}” does not stand in the source.", sentence=2) for n in range(1, 6)),
)


def test_what_was_found_is_seen_without_scrolling_beside_the_button(page, console: Served):
    opened(page, console, draft=a_letter_draft(findings=MANY))
    approve = page.get_by_role("button", name="Approve and send", exact=True).bounding_box()
    glance = page.get_by_role("list", name="What the checks found")
    lines = glance.get_by_role("listitem")
    assert lines.all_inner_texts()[1] == (
        "Questions: Question 3 of the message is not answered by anything that was found."
    )
    assert lines.count() == 5
    more = page.get_by_role("link", name="and 2 more, with what to do about each")
    for one in (*lines.all(), more):
        box = one.bounding_box()
        assert box["y"] + box["height"] <= approve["y"]
    assert (page.evaluate("scrollY"), approve["y"] + approve["height"] <= 900) == (0, True)


def test_a_line_leads_to_its_sentence_and_the_last_one_to_what_to_do(page, console: Served):
    opened(page, console)
    page.get_by_role("list", name="What the checks found").get_by_role("link", name="sentence 1").click()
    assert page.locator("#s1").evaluate("line => line.matches(':target')")
    page.get_by_role("link", name="What to do about each").click()
    assert page.locator("#findings").evaluate("all => all.matches(':target')")
    assert page.locator("#findings .todo").first.is_visible()


def test_while_one_types_the_stored_drafts_findings_are_out_of_sight(page, console: Served):
    opened(page, console)
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My careful words.")
    page.get_by_role("list", name="What the checks found").wait_for(state="hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_stop_is_seen_on_the_queue_and_leads_to_the_gate(page, console: Served, scheme: str):
    console.ledger.earning.stop("Odd replies " + "y" * 280, "tom")
    page.emulate_media(color_scheme=scheme)
    sign_in(page, console)
    assert complaints(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#stopped").get_by_role("link", name="Gate").click()
    page.get_by_text("Automatic sending is off.").wait_for()
