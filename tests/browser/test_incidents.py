"""The card and the page of an incident in a real browser: axe has nothing against them, and the way through works."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.browser.conftest import Served, complaints
from tests.console.seed import hold
from tests.support.incident.cases import a_brake
from worker.models import Topic


def test_a_lead_goes_from_the_card_to_the_holding_reply_and_axe_finds_nothing(page, console: Served):
    topic = Topic(template_id="im-withdrawal-time", segment="IM")
    brake = console.ledger.incidents.put_on(a_brake(datetime.now(UTC), topic, since=datetime(2020, 1, 1, tzinfo=UTC)))
    assert brake is not None
    for ticket_id in (7, 8):
        hold(console.ledger, ticket_id)
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
