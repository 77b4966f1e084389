"""The card, the page of an incident and its one holding reply: what they show, who may do what, and the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.console.seed import Lead, a_console, fields_of, hold, words_of
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
