"""What the checks found stands where the reading begins: on the screen together with the button that sends it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served, complaints
from tests.browser.test_console import sign_in
from tests.browser.test_reading import FIELD, opened
from tests.builders import a_finding
from tests.console.seed import FINDINGS, TEMPLATE, a_letter_draft, hold
from worker.models import Draft, Finding, Part, Sentence
from worker.support.compose import Judged

pytestmark = pytest.mark.browser

MANY = (
    *FINDINGS,
    *(a_finding("exact", f"The amount “Rs {n}” does not stand in the source.", sentence=2) for n in range(1, 6)),
)
FAST = Sentence(text="A withdrawal takes two days.", sources=(TEMPLATE.source_id,))
NEVER = Sentence(text="It has never failed.")
UNSUPPORTED = "No source that was found says this."


def unsupported(draft: Draft, *_: object) -> Judged:
    said = [sentence for part in draft.parts for sentence in part.sentences]
    return Judged(
        tuple(a_finding("supported", UNSUPPORTED, sentence=n) for n, one in enumerate(said) if not one.sources)
    )


def findings_of(*said: Sentence) -> Draft:
    draft = a_letter_draft((Part(question="", sentences=said),), findings=())
    found: tuple[Finding, ...] = unsupported(draft).findings
    return draft.model_copy(update={"findings": found})


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


def test_while_one_types_no_heading_stands_over_nothing(page, console: Served):
    """Of a draft that waits for its findings alone; another reason stays, and its heading with it."""
    heading = page.get_by_role("heading", name="Why a person should look")
    sign_in(page, console)
    for why, stays in (("The checks found 2 things.", False), ("Review mode.", True)):
        case_id = hold(console.ledger, int(stays) + 1, why=why)
        page.goto(f"{console.home}/cases/{case_id}")
        heading.wait_for()
        page.keyboard.press("e")
        page.keyboard.type("One word more. ")
        page.get_by_text("This will be sent").wait_for()
        assert heading.is_visible() is stays


@pytest.mark.parametrize("console", [unsupported], indirect=True)
def test_each_sentence_that_nothing_supports_stops_her_once(page, console: Served):
    case_id = opened(page, console, draft=findings_of(FAST, NEVER))
    page.keyboard.press("e")
    for words in ("It costs nothing.", "It is insured."):
        page.get_by_label(FIELD).press("Control+End")
        page.keyboard.type(f" {words}")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Not sent yet: the checks found something").wait_for()
    assert console.ledger.sends.of_case(case_id) == []
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()


@pytest.mark.parametrize("console", [unsupported], indirect=True)
@pytest.mark.parametrize("before", [(FAST, NEVER), (Sentence(text=f"{FAST.text} {NEVER.text}"),)], ids=["two", "one"])
def test_what_was_found_in_the_draft_does_not_stop_her_where_its_sentence_has_moved(page, console: Served, before):
    case_id = opened(page, console, draft=findings_of(*before))
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill(NEVER.text)
    page.get_by_text("This will be sent").wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    assert NEVER.text in console.ledger.sends.of_case(case_id)[0].body_html


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
