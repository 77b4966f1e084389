"""The console in a real browser: a lead's way through it, hostile mail, accessibility, and a phone."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Served, complaints
from tests.console.seed import a_conversation, hold
from worker.models import Status

pytestmark = pytest.mark.browser

HOSTILE = (
    "<p>When will it come?</p><script>document.title = 'owned'</script>"
    "<img src=x onerror=\"document.title = 'owned'\"><svg onload=\"document.title = 'owned'\"></svg>"
    "<iframe srcdoc=\"<script>top.document.title = 'owned'</script>\"></iframe>"
)
SUBJECT = "</title><script>document.title = 'owned'</script><b onclick='1'>Late"


def sign_in(page, console: Served, role: str = "reviewer") -> None:
    page.goto(console.link("maya", role))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{console.home}/")


def test_a_lead_signs_in_by_link_edits_a_draft_and_approves_it(page, console: Served):
    case_id = hold(console.ledger)
    sign_in(page, console)
    page.get_by_role("link", name="Withdrawal not here yet").click()
    page.get_by_text("Edit", exact=True).click()
    reply = page.get_by_label("The reply, without greeting and sign-off")
    assert reply.evaluate("field => field === document.activeElement")
    reply.fill(reply.input_value().replace("3 working days", "2 working days"))
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved. Read it once more, then approve it.").wait_for()
    page.get_by_role("button", name="Approve and send", exact=True).click()
    page.get_by_text("Approved. The reply is on its way.").wait_for()

    (send,) = console.ledger.sends.of_case(case_id)
    assert "within 2 working days" in send.body_html
    assert page.get_by_role("button", name="Undo").is_visible()


def test_a_script_in_a_ticket_does_not_run(page, console: Served):
    case_id = hold(console.ledger, thread=a_conversation(1, HOSTILE, SUBJECT))
    sign_in(page, console)
    for path in ("/", f"/cases/{case_id}"):
        page.goto(console.home + path)
        page.wait_for_load_state("networkidle")
        assert "owned'</script>" in page.content() or "owned'&lt;/script&gt;" in page.content()
        assert page.title() != "owned"
        assert page.locator("main img, main svg, main iframe, main b[onclick]").count() == 0


def test_words_are_not_lost_by_walking_away(page, console: Served):
    case_id = hold(console.ledger)
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_text("Reject", exact=True).click()
    page.get_by_label("Why?").fill("It misses")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="← Queue").click()
    assert asked == ["beforeunload"]
    assert page.get_by_label("Why?").input_value() == "It misses"


def test_an_expired_session_gives_back_what_was_typed(page, console: Served):
    case_id = hold(console.ledger)
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("The reply, without greeting and sign-off").fill("My careful words.\n\nAnd more.")
    page.context.clear_cookies(name="deskhand_session")
    with page.expect_response(lambda r: r.url.endswith("/edit")) as refused:
        page.get_by_role("button", name="Save", exact=True).click()
    assert refused.value.status == 401

    other_tab = page.context.new_page()
    sign_in(other_tab, console)
    page.get_by_role("button", name="I have signed in in another tab").click()
    page.get_by_role("button", name="Save the edited reply").click()
    page.get_by_text("Saved.").wait_for()
    assert "My careful words.\n\nAnd more." in console.ledger.cases.drafts(case_id)[-1][1].body_text


def test_a_link_in_a_ticket_note_leads_to_the_case_without_signing_in_again(page, console: Served):
    case_id = hold(console.ledger)
    sign_in(page, console)
    link = f"{console.home}/cases/{case_id}"
    # An icon of its own: the browser would ask the real acme.example for one, past the route.
    body = f'<link rel="icon" href="data:,"><a href="{link}">Review the draft</a>'
    page.route("https://acme.example/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("https://acme.example/a/tickets/1")
    page.get_by_role("link", name="Review the draft").click()
    page.get_by_role("heading", name="Withdrawal not here yet").wait_for()


def previewed(page, console: Served, case_id: str) -> None:
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("e")
    page.keyboard.type("One word more. ")
    page.get_by_text("This will be sent").wait_for()


def lit(page, console: Served, case_id: str) -> None:
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("s")
    page.locator("[data-support]").wait_for()


def stale(page, console: Served, case_id: str) -> None:
    console.index["im-withdrawal-time"] = "another"
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_role("button", name="Approve all the same").wait_for()
    console.index.clear()


def told_of_keys(page, console: Served, case_id: str) -> None:
    page.goto(f"{console.home}/cases/{case_id}")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()


def approved(page, console: Served, case_id: str) -> None:
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_role("button", name="Forget them").click()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_role("button", name="Undo").wait_for()


def taken(page, console: Served, case_id: str) -> None:
    console.ledger.reviews.take_over(case_id, "maya", "maya answers this ticket.")
    page.goto(f"{console.home}/cases/{case_id}")
    page.get_by_role("button", name="Give it back").wait_for()


STATES = {
    "a sentence lit": lit,
    "a stale draft": stale,
    "the list of keys": told_of_keys,
    "an edit previewed": previewed,
    "an approval that can be undone": approved,
    "a ticket taken over": taken,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(page, console: Served, scheme: str):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    case_id = hold(console.ledger)
    hold(console.ledger, 2, status=Status.HANDED_OVER)

    def look(path: str) -> None:
        page.goto(console.home + path)
        for fold in page.locator("summary").all():
            fold.click()
        judge(path)

    def judge(path: str) -> None:
        found = Axe().run(page).response["violations"]
        assert [(path, v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []

    look("/login")
    look(console.link("maya", "admin").removeprefix(console.home))
    page.get_by_role("button", name="Sign in").click()
    by_day = ("/", "/cases?status=handed_over", "/audit", "/nowhere")
    # test_every_page.py looks at every address in the dark, and by day with nothing in it.
    for path in (*(by_day if scheme == "light" else ()), f"/cases/{case_id}"):
        look(path)
    for state, reach in STATES.items():
        reach(page, console, case_id)
        judge(state)


def test_nothing_is_wider_than_a_phone(page, console: Served):
    long_words = a_conversation(1, f"<p>{'x' * 400} https://example.com/{'y' * 300}</p>", "W" * 200)
    case_id = hold(console.ledger, thread=long_words)
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, console, "admin")
    for path in ("/login", "/", "/cases?status=sent", f"/cases/{case_id}", "/audit"):
        page.goto(console.home + path)
        for fold in page.locator("summary").all():
            fold.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    heights = page.locator(".places a").evaluate_all("links => links.map((link) => link.offsetHeight)")
    assert len(heights) == 7  # all of an admin
    assert max(heights) < 40, "a place's name is broken"


def test_the_lists_can_be_walked_by_keyboard(page, console: Served):
    for ticket_id in (1, 2, 3):
        hold(console.ledger, ticket_id)
    sign_in(page, console)
    addresses = [mail.get_attribute("href") for mail in page.locator("a.mail").all()]
    for key in ("j", "j", "j", "j", "k"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{console.home}{addresses[1]}")


def test_a_key_that_is_held_down_approves_one_draft_and_no_more(page, console: Served):
    ids = [hold(console.ledger, ticket_id) for ticket_id in (1, 2, 3)]
    sign_in(page, console)
    page.goto(f"{console.home}/cases/{ids[0]}")
    page.keyboard.down("a")
    page.get_by_role("button", name="Undo").wait_for()
    page.keyboard.down("a")  # what a keyboard sends again and again until the key is let go
    page.keyboard.up("a")
    page.keyboard.press("?")  # has its turn behind the other key
    page.get_by_role("dialog", name="Keys").wait_for()
    assert len([one for one in ids if console.ledger.sends.of_case(one)]) == 1


def test_what_was_done_is_read_on_a_phone_without_scrolling_sideways(page, console: Served):
    case_id = hold(console.ledger)
    console.ledger.reviews.audit("tom" * 20, "edit", case_id, "Rs 10 instead of Rs 12. " + "y" * 120)
    sign_in(page, console, "admin")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{console.home}/audit")
    log = page.get_by_role("region", name="Audit log")
    assert log.evaluate("one => one.scrollWidth <= one.clientWidth")
    done = page.get_by_role("row").filter(has_text="Rs 10 instead of Rs 12.")
    for cell in done.get_by_role("cell").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= 390
    assert page.get_by_role("columnheader").all_inner_texts() == ["When", "Who", "What", "On", "Detail"]
    assert complaints(page) == []
