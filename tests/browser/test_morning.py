"""A support lead's morning over the real running stack: sandbox, worker and console, as `make run` starts them."""

from __future__ import annotations

import pytest

from tests.browser.conftest import browsing
from tests.office import Office
from tests.stack.running import wait_until
from worker.models import Case, SendState, Status

pytestmark = [pytest.mark.browser, pytest.mark.stack]

FIELD = "The reply, without greeting and sign-off"


@pytest.fixture
def page(chromium, office: Office):
    with browsing(chromium) as opened:
        yield opened


def look_at(page, office: Office, case) -> None:
    page.goto(f"{office.home}/cases/{case.case_id}")
    page.get_by_role("heading", name=case.subject, level=1).wait_for()


def at_a_draft(page, office: Office, subject: str) -> Case:
    """A customer has written, and maya has the draft before her."""
    case = office.mail(subject)
    office.sign_in(page)
    look_at(page, office, case)
    return case


def test_ten_drafts_by_keyboard_alone(page, office: Office):
    """The link that `make run` prints signs in; from there no pointer is touched."""
    held = office.ledger.reviews.held_count
    office.samples_are_drafted()
    before, answered = held(), office.journal()
    page.goto(office.link)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office.home}/")
    page.keyboard.press("n")
    approved: list[str] = []
    for _ in range(10):
        page.locator("[data-watch]").wait_for()
        page.locator(".done[data-fresh]").wait_for(state="detached")  # until then, no key approves
        case_id = page.url.split("/cases/")[1].split("?")[0]
        if page.locator("[data-approve]").count():
            approved.append(case_id)
            page.keyboard.press("a")
        else:  # a template with gaps, which a person has to fill in
            page.keyboard.press("x")
            page.keyboard.type("Somebody who knows the account should answer.")
            page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, case_id=case_id: case_id not in url.split("?")[0])
    assert held() == before - 10
    assert len(approved) >= 5
    for case_id in approved:
        case = office.ledger.cases.get(case_id)
        assert case is not None
        office.becomes(case, Status.SENT)
        assert len(office.replies(case)) == sum(e["ticket_id"] == case.ticket_id for e in answered) + 1


def test_an_edit_is_sent_as_its_preview_showed_it(page, office: Office):
    case = at_a_draft(page, office, "An edit")
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("It is on its way.\n\n- First item\n- Second item")
    preview = page.locator("[data-preview-page]")
    preview.locator("li", has_text="Second item").wait_for()
    shown = preview.locator(".letter").inner_text()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Not sent yet").wait_for()  # the checks have something against her words: she reads it first
    page.keyboard.press("Control+Enter")
    page.get_by_text("Approved. The reply is on its way.").wait_for()
    office.becomes(case, Status.SENT)
    [reply] = office.replies(case)
    [send] = [s for s in office.ledger.sends.of_case(case.case_id) if s.remote_id and s.kind == "reply"]
    assert "<ul><li>First item</li><li>Second item</li></ul>" in send.body_html
    page.goto("about:blank")  # or what the case still asks for would come to a page that it knows nothing of
    page.set_content(send.body_html)
    assert page.locator("body").inner_text().split() == shown.split()
    assert reply["ticket_id"] == case.ticket_id


def test_a_redraft_with_a_hint_keeps_what_was_typed(page, office: Office):
    case = at_a_draft(page, office, "A redraft")
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My own careful words.")
    page.get_by_text("This will be sent").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("Mention the working days")
    page.keyboard.press("Enter")
    page.get_by_text("Another draft was asked for.").wait_for()
    drafts = office.ledger.cases.drafts
    wait_until(lambda: len(drafts(case.case_id)) == 3 and office.status(case) is Status.HELD, "another draft", 60)

    look_at(page, office, case)
    assert "My own careful words." not in page.locator(".draft > .letter").inner_text()
    page.get_by_role("link", name="Take these words").first.click()
    assert page.get_by_label(FIELD).input_value() == "My own careful words."
    hints = [entry["detail"] for entry in office.ledger.reviews.audit_log(20) if entry["action"] == "redraft"]
    assert hints[0] == "Mention the working days"


def test_a_rejected_draft_sends_nothing_and_says_why(page, office: Office):
    case = at_a_draft(page, office, "A rejection")
    page.keyboard.press("x")
    page.keyboard.type("It misses the point.")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Rejected. Nothing was sent.").wait_for()
    found = office.ledger.cases.get(case.case_id)
    assert found is not None
    assert (found.status, found.reasons) == (Status.REJECTED, ("It misses the point.",))
    assert office.replies(case) == []


def test_two_leads_who_approve_at_once_send_once(chromium, page, office: Office):
    case = office.mail("Two leads")
    office.sign_in(page)
    with browsing(chromium) as other:
        office.sign_in(other, "tom")
        for one in (page, other):
            look_at(one, office, case)
        page.get_by_text("tom has this open too").wait_for()
        other.get_by_text("maya has this open too").wait_for()
        # Both are on their way before either has an answer.
        for one in (page, other):
            one.evaluate("setTimeout(() => document.querySelector('[data-approve]').requestSubmit())")
        for one in (page, other):
            one.locator(".done, .refused").first.wait_for()
        told = sorted(one.locator(".refused").count() for one in (page, other))
        [late] = [one for one in (page, other) if one.locator(".refused").count()]
        assert told == [0, 1]
        assert "Already approved by" in late.locator(".refused").inner_text()
    office.becomes(case, Status.SENT)
    assert len(office.replies(case)) == 1


def test_a_message_that_arrives_while_editing_is_told_of_and_the_words_stay(page, office: Office):
    case = at_a_draft(page, office, "While editing")
    page.keyboard.press("e")
    page.get_by_label(FIELD).fill("My long answer.")
    page.get_by_role("button", name="Save, approve and send").wait_for()
    office.says(case, "<p>One more thing: what does it cost?</p>")

    page.locator("[data-stale]").wait_for()
    page.get_by_role("button", name="Save, approve and send").wait_for(state="hidden")
    assert page.get_by_label(FIELD).input_value() == "My long answer."
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".refused").wait_for()
    assert "My long answer." in page.get_by_label("What you typed, to copy from").input_value()
    assert office.replies(case) == []


def test_a_draft_that_a_colleague_has_overtaken_is_refused(page, office: Office):
    """The page is kept from learning of it by itself: then the server says so."""
    case = office.mail("Overtaken")
    office.sign_in(page)
    quiet = '{"others": [], "words": "", "over": false, "overtaken": false, "reload": false, "despite": ""}'
    page.route("**/watch", lambda route: route.fulfill(body=quiet, content_type="application/json"))
    look_at(page, office, case)
    office.says(case, "<p>I have answered this by hand.</p>", by="agent")
    page.keyboard.press("a")
    page.locator(".refused").wait_for()
    assert "Not sent: a colleague answered." in page.locator(".refused").inner_text()
    assert office.status(case) is Status.SUPERSEDED
    assert office.replies(case) == []


def test_an_approval_can_be_taken_back_before_the_reply_leaves(page, office: Office):
    case = at_a_draft(page, office, "Too fast")
    page.keyboard.press("a")
    page.get_by_role("button", name="Undo").wait_for()
    page.keyboard.press("z")
    page.get_by_text("Taken back. Nothing was sent.").wait_for()
    assert office.status(case) is Status.HELD
    assert [s.state for s in office.ledger.sends.of_case(case.case_id) if s.kind == "reply"] == [SendState.DROPPED]
    assert page.locator("[data-approve]").is_visible()
    assert office.replies(case) == []


def test_nothing_is_sent_any_more_on_a_ticket_that_was_taken_over(page, office: Office):
    case = at_a_draft(page, office, "Mine now")
    page.keyboard.press("t")
    page.get_by_role("button", name="Take the ticket over").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("This ticket is yours.").wait_for()
    office.says(case, "<p>And what is the minimum?</p>")

    def cases():
        return office.ledger.cases.of_ticket(case.ticket_id)

    wait_until(lambda: len(cases()) == 2 and cases()[-1].status is Status.IGNORED, "the next message is set aside", 60)
    assert cases()[-1].reasons == ("maya answers this ticket: nothing more is sent by Deskhand.",)
    assert office.replies(case) == []


def test_a_new_draft_is_announced_without_moving_the_list(page, office: Office):
    office.sign_in(page)
    first = page.locator("a.mail").first.get_attribute("href")
    count = int(page.locator("[data-count=held]").inner_text())
    case = office.mail("News for the queue")
    page.get_by_role("link", name="One new draft: show it").wait_for()
    assert int(page.locator("[data-count=held]").inner_text()) == count + 1
    assert page.locator("a.mail").first.get_attribute("href") == first
    assert page.locator("a.mail", has_text=case.subject).count() == 0
    page.get_by_role("link", name="One new draft: show it").click()
    page.locator("a.mail", has_text=case.subject).wait_for()


def test_a_script_in_a_mail_does_not_run(page, office: Office):
    subject = "</title><script>document.title = 'owned'</script>Late"
    html = (
        "<p>When will my IM withdrawal reach my bank account?</p><script>document.title = 'owned'</script>"
        "<img src=x onerror=\"document.title = 'owned'\"><svg onload=\"document.title = 'owned'\"></svg>"
    )
    case = office.mail(subject, html)
    office.sign_in(page)
    for path in ("/?q=late", f"/cases/{case.case_id}"):
        page.goto(office.home + path)
        page.get_by_text("document.title = 'owned'").first.wait_for()
        assert page.title() != "owned"
        assert page.locator("main img, main svg").count() == 0
