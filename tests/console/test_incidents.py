"""The card, the page of an incident and its one holding reply: what they show, who may do what, and the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from tests.builders import a_message, a_reply, a_thread
from tests.console.seed import Lead, a_console, fields_of, hold, words_of
from tests.contract.steps import held, posting
from tests.support.incident.cases import a_brake
from worker.adapters.store.ledger import SqlLedger
from worker.models import Brake, SendState, Status, Topic
from worker.support.desk import Policy

TOPIC = Topic(template_id="im-withdrawal-time", segment="IM")
TEXT = "We know that withdrawals are late.\n\n- We look into it\n- <b>We write</b> again"
PAGE = "/incidents/1"


def braked(ledger: SqlLedger, topic: Topic = TOPIC) -> Brake:
    brake = ledger.incidents.put_on(a_brake(datetime.now(UTC), topic, since=datetime(2020, 1, 1, tzinfo=UTC)))
    assert brake is not None
    return brake


def pressed(lead: Lead, text: str = TEXT) -> str:
    """Previews and sends; the words of the page after it."""
    shown = lead.submit(PAGE, f"{PAGE}/preview", text=text)
    assert shown.status_code == 200
    return words_of(lead.send(f"{PAGE}/send", fields_of(shown.text, f"{PAGE}/send")).text)


def test_the_queue_shows_one_card_for_each_brake_that_is_on(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    assert "Many customers" not in maya.get("/").text
    brake = braked(ledger)
    for ticket_id in (7, 8):
        hold(ledger, ticket_id)
    shown = words_of(maya.get("/").text)
    assert "Many customers, one topic: im-withdrawal-time IM" in shown
    assert "12 different customers within 60 minutes, where 1.5 are usual" in shown
    assert "Newest tickets: 8, 7" in shown
    assert f'href="/incidents/{brake.brake_id}"' in maya.get("/").text
    ledger.incidents.let_go(brake.brake_id, "maya")
    assert "Many customers" not in maya.get("/").text


def test_the_page_shows_its_tickets_and_the_list_knows_it_when_it_is_over(ledger: SqlLedger):
    assert "There has been none" in Lead(a_console(ledger), ledger, login="root").get("/incidents").text
    brake, case_id = braked(ledger), hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    page = maya.get(PAGE).text
    assert f'href="/cases/{case_id}">7</a>' in page
    assert "1 ticket waits without one" in words_of(page)
    assert maya.submit(PAGE, f"{PAGE}/let-go", why="false alarm").status_code == 303
    off = ledger.incidents.get(brake.brake_id)
    assert off is not None
    assert (off.off_by, off.false_alarm) == ("maya", True)
    assert "maya let it go, a false alarm" in words_of(maya.get(PAGE).text)
    assert "by maya, a false alarm" in words_of(maya.get("/incidents").text)
    assert maya.get("/incidents/2").status_code == 404


def test_a_lead_reads_the_preview_and_sends_it_to_every_ticket_once(ledger: SqlLedger):
    brake, first, second = braked(ledger), hold(ledger, 7), hold(ledger, 8)
    app = a_console(ledger)
    maya = Lead(app, ledger)
    preview = maya.submit(PAGE, f"{PAGE}/preview", text=TEXT)
    assert "Hello Asha," in words_of(preview.text)
    assert "<li>We look into it</li>" in preview.text
    assert "&lt;b&gt;We write" in preview.text
    assert "Send to 2 tickets" in words_of(preview.text)
    assert ledger.incidents.holding(brake.brake_id) == {}

    assert "On its way to 2 tickets." in pressed(maya)
    sent = ledger.incidents.holding(brake.brake_id)
    assert sorted(one.case_id for one in sent.values()) == sorted([first, second])
    assert sorted(app.state.enqueued) == sorted(("deliver", one.send_id) for one in sent.values())
    again = maya.submit(PAGE, f"{PAGE}/preview", text=TEXT)
    assert (again.status_code, "has one already" in again.text) == (409, True)
    joined = hold(ledger, 9)
    assert "On its way to 1 ticket." in pressed(maya, "Still late.")
    assert ledger.incidents.holding(brake.brake_id)[9].case_id == joined
    assert len(ledger.sends.of_case(first)) == 1
    entries = [entry for entry in ledger.reviews.audit_log() if entry["action"] == "send holding reply"]
    assert [(one["user"], one["subject"], one["detail"]) for one in entries] == [
        ("maya", "incident 1", "to 1 ticket"),
        ("maya", "incident 1", "to 2 tickets"),
    ]


def test_what_was_not_previewed_is_not_sent(ledger: SqlLedger):
    brake = braked(ledger)
    hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.submit(PAGE, f"{PAGE}/preview", text=TEXT).text, f"{PAGE}/send")
    answer = maya.send(f"{PAGE}/send", fields | {"text": "Something else."})
    assert (answer.status_code, "preview was not up to date" in answer.text) == (409, True)
    assert maya.submit(PAGE, f"{PAGE}/preview", text="Dear {{ name }}").status_code == 400
    assert ledger.incidents.holding(brake.brake_id) == {}


def test_a_holding_reply_holds_no_characters_that_nobody_sees(ledger: SqlLedger):
    brake = braked(ledger)
    hold(ledger, 7)
    assert "On its way to 1 ticket." in pressed(Lead(a_console(ledger), ledger), "We look\u202e into\u2066 it.")
    assert "<p>We look into it.</p>" in ledger.incidents.holding(brake.brake_id)[7].body_html


def test_the_words_for_an_incident_that_is_over_meanwhile_can_be_copied_from(ledger: SqlLedger):
    brake = braked(ledger)
    hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.get(PAGE).text, f"{PAGE}/preview") | {"text": TEXT}
    ledger.incidents.let_go(brake.brake_id, "tom", false_alarm=False)
    page = BeautifulSoup(maya.send(f"{PAGE}/preview", fields).text, "html.parser")
    assert page.select_one("[data-left] textarea").get_text().strip() == TEXT
    assert "hidden" in BeautifulSoup(maya.get(PAGE).text, "html.parser").select_one("[data-left]").attrs


def wrote(ledger: SqlLedger, ticket_id: int, *keys: str) -> str:
    """A held case for all these messages of the customer."""
    messages = (a_message("", key=key, html="<p>When will my withdrawal reach my bank?</p>") for key in keys)
    return hold(ledger, ticket_id, thread=a_thread(ticket_id, *messages))


def test_a_customer_who_writes_twice_on_a_ticket_is_one_ticket_with_one_holding_reply(ledger: SqlLedger):
    brake, maya = braked(ledger), Lead(a_console(ledger), ledger)
    wrote(ledger, 7, "c1")
    wrote(ledger, 8, "c3")
    pressed(maya)
    wrote(ledger, 7, "c1", "c2")
    assert [case.status for case in ledger.cases.of_ticket(7)] == [Status.SUPERSEDED, Status.HELD]
    shown = words_of(maya.get(PAGE).text)
    assert "3 cases" in shown
    assert "Holding replies 2 on their way or there; 0 tickets wait without one" in shown
    assert "Newest tickets: 7, 8 " in words_of(maya.get("/").text)

    queued = ledger.incidents.holding(brake.brake_id)[7]
    send = ledger.sends.claim(queued.send_id, timedelta(minutes=5))
    assert send is not None
    assert ledger.sends.drop(send.send_id, send.epoch, "The customer wrote again.", case_to=None)
    shown = words_of(maya.get(PAGE).text)
    assert "Holding replies 1 on their way or there; 1 ticket waits without one" in shown


def test_a_ticket_of_which_two_cases_wait_waits_once(ledger: SqlLedger):
    first = posting(ledger, 7)
    held(ledger, 7, "c1")
    assert ledger.sends.drop(first.send_id, first.epoch, "Many write about this.", case_to=Status.HELD)
    [seen, _] = ledger.incidents.sightings(datetime(2020, 1, 1, tzinfo=UTC))
    braked(ledger, Topic(template_id=seen.template_id, segment=seen.segment))
    assert [case.status for case in ledger.cases.of_ticket(7)] == [Status.HELD, Status.HELD]
    maya = Lead(a_console(ledger), ledger)
    assert "1 ticket waits without one" in words_of(maya.get(PAGE).text)
    assert "Send to 1 ticket " in words_of(maya.submit(PAGE, f"{PAGE}/preview", text=TEXT).text)
    assert "On its way to 1 ticket." in pressed(maya)


def test_a_ticket_that_has_the_holding_reply_of_another_incident_does_not_wait_for_one(ledger: SqlLedger):
    braked(ledger)
    other = braked(ledger, TOPIC.model_copy(update={"template_id": "another"}))
    case_id, maya = hold(ledger, 7), Lead(a_console(ledger), ledger)
    assert ledger.incidents.hold_with(other.brake_id, {case_id: a_reply()}, "We look.", "ravi")
    shown = words_of(maya.get(PAGE).text)
    assert "Holding replies 0 on their way or there; 0 tickets wait without one" in shown
    assert "queued, for another incident" in shown
    answer = maya.submit(PAGE, f"{PAGE}/preview", text=TEXT)
    assert (answer.status_code, "has one already" in answer.text, "Send to" in answer.text) == (409, True, False)


@pytest.mark.parametrize("act", ["preview", "send", "let-go"])
def test_a_viewer_looks_and_changes_nothing(ledger: SqlLedger, act: str):
    brake = braked(ledger)
    hold(ledger, 7)
    viewer = Lead(a_console(ledger), ledger, role="viewer")
    assert viewer.get(PAGE).status_code == 200
    assert f'action="{PAGE}/' not in viewer.get(PAGE).text
    csrf = fields_of(viewer.get("/").text, "/logout")["csrf"]
    assert viewer.send(f"{PAGE}/{act}", {"csrf": csrf, "text": TEXT}).status_code == 403
    maya = Lead(a_console(ledger), ledger)
    assert maya.send(f"{PAGE}/{act}", {"csrf": "forged", "text": TEXT}).status_code == 403
    assert [one.brake_id for one in ledger.incidents.on()] == [brake.brake_id]
    assert ledger.incidents.holding(brake.brake_id) == {}


@pytest.mark.parametrize("place", ["/service", "/gate"])
def test_the_incidents_are_found_while_no_brake_is_on(ledger: SqlLedger, place: str):
    maya = Lead(a_console(ledger), ledger, role="viewer")
    assert 'href="/incidents"' in maya.get(place).text
    assert "There has been none." in maya.get("/incidents").text


def test_nothing_is_sent_in_shadow_mode(ledger: SqlLedger):
    braked(ledger)
    hold(ledger, 7)
    maya = Lead(a_console(ledger, policy=Policy(delivery="shadow")), ledger)
    answer = maya.submit(PAGE, f"{PAGE}/preview", text=TEXT)
    assert (answer.status_code, "shadow mode" in answer.text) == (400, True)


def test_the_case_tells_of_its_holding_reply_and_still_waits(ledger: SqlLedger):
    braked(ledger)
    case_id = hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    pressed(maya)
    assert "Holding reply to the customer" in words_of(maya.get(f"/cases/{case_id}").text)
    case = ledger.cases.get(case_id)
    assert case is not None
    assert case.status is Status.HELD
    assert ledger.incidents.holding(1)[7].state is SendState.QUEUED
