"""The card and the page of an incident in a real browser: axe has nothing against them, and the way through works."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.browser.conftest import Served, complaints
from tests.browser.test_console import sign_in
from tests.console.seed import hold
from tests.support.incident.cases import a_brake
from worker.models import Brake, Topic

WORDS = "We know that withdrawals are late."


def braked(console: Served) -> Brake:
    """One that is on, over two tickets."""
    topic = Topic(template_id="im-withdrawal-time", segment="IM")
    brake = console.ledger.incidents.put_on(a_brake(datetime.now(UTC), topic, since=datetime(2020, 1, 1, tzinfo=UTC)))
    assert brake is not None
    for ticket_id in (7, 8):
        hold(console.ledger, ticket_id)
    return brake


def test_a_lead_goes_from_the_card_to_the_holding_reply_and_axe_finds_nothing(page, console: Served):
    brake = braked(console)
    page.goto(console.link("maya"))
    page.get_by_role("button", name="Sign in").click()
    assert complaints(page) == []
    page.get_by_role("link", name="Incident 1: tickets and holding reply").click()
    page.get_by_label("Your words, plain text").fill("We know that withdrawals are late.\n\nWe will write again.")
    page.get_by_role("button", name="Preview").click()
    assert complaints(page) == []
    page.get_by_role("button", name="Send to 2 tickets").click()
    page.get_by_text("On its way to 2 tickets.").wait_for()
    page.emulate_media(color_scheme="dark")
    assert complaints(page) == []
    sent = console.ledger.incidents.holding(brake.brake_id)
    assert "<p>We know that withdrawals are late.</p><p>We will write again.</p>" in sent[7].body_html
    page.get_by_role("link", name="All incidents").click()
    assert complaints(page) == []


def test_the_words_of_a_holding_reply_are_not_lost_by_walking_away_or_being_signed_out(page, console: Served):
    brake = braked(console)
    sign_in(page, console)
    page.goto(f"{console.home}/incidents/{brake.brake_id}")
    page.get_by_label("Your words, plain text").fill(WORDS)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="← Queue").click()
    page.wait_for_url(f"{console.home}/")
    assert asked == ["beforeunload"]
    page.goto(f"{console.home}/incidents/{brake.brake_id}")
    put_back = page.get_by_text("Words that you typed here are put back")
    put_back.wait_for()
    assert page.get_by_label("Your words, plain text").input_value() == WORDS
    assert complaints(page) == []

    page.context.clear_cookies(name="deskhand_session")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="Your form is kept").wait_for()
    sign_in(page.context.new_page(), console)
    page.get_by_role("button", name="I have signed in in another tab").click()
    page.get_by_role("heading", name="Please confirm").wait_for()
    assert complaints(page) == []
    page.get_by_role("button", name="Preview the holding reply").click()
    page.get_by_role("heading", name="This will be sent").wait_for()
    page.reload()  # leads to the incident, and not to the form's answer
    assert page.url == f"{console.home}/incidents/{brake.brake_id}"
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Send to 2 tickets").click()
    page.get_by_text("On its way to 2 tickets.").wait_for()
    page.goto(f"{console.home}/incidents/{brake.brake_id}")
    assert put_back.is_hidden()
    assert page.evaluate("sessionStorage.length") == 0


def test_words_for_an_incident_that_a_colleague_let_go_can_be_copied_from_and_forgotten(page, console: Served):
    brake = braked(console)
    sign_in(page, console)
    page.goto(f"{console.home}/incidents/{brake.brake_id}")
    page.get_by_label("Your words, plain text").fill(WORDS)
    console.ledger.incidents.let_go(brake.brake_id, "tom", false_alarm=False)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    kept = page.get_by_label("What you typed, to copy from")
    kept.wait_for()
    assert kept.input_value() == WORDS
    page.get_by_role("button", name="Forget it").click()
    page.reload()
    assert kept.is_hidden()
