"""What holds for every page and every act: read off the console's own routes, so that a new one cannot escape."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.builders import a_message
from tests.console.seed import Lead, a_console, a_conversation, fields_of, hold, words_of
from tests.desk import ScriptedHelpdesk
from worker.adapters.store.ledger import SqlLedger
from worker.console.audit import SHOWN
from worker.console.mishaps import ACTIONS
from worker.console.people import add_user
from worker.models import Author, Status
from worker.support.desk import Policy

LOOKING = {"watch", "preview"}  # they change nothing that a person did


def acts(app: FastAPI) -> set[str]:
    """What can be posted about a case."""
    paths = [r.path for r in app.routes if isinstance(r, APIRoute) and "POST" in (r.methods or ())]
    return {path.rsplit("/", 1)[1] for path in paths if path.startswith("/cases/{case_id}/")}


def csrf_of(lead: Lead) -> str:
    return fields_of(lead.get("/").text, "/logout")["csrf"]


def test_an_unknown_id_is_not_found_wherever_one_can_stand(ledger: SqlLedger):
    app = a_console(ledger)
    maya = Lead(app, ledger, role="admin")
    told = {"csrf": csrf_of(maya), "text": "x", "reason": "x", "hint": "x", "draft_id": "nope", "body_hash": "x"}
    walked = 0
    for route in app.routes:
        if isinstance(route, APIRoute) and "{" in route.path:
            path = route.path.replace("{case_id}", "nope").replace("{name}", "nope")
            answer = maya.get(path) if "GET" in (route.methods or ()) else maya.send(path, told)
            assert answer.status_code == 404, path
            walked += 1
    assert walked >= len(acts(app)) + 3
    assert ledger.reviews.audit_log(1)[0]["action"] == "signed in"


def test_every_act_stands_in_the_audit_log_with_who_did_it_and_on_what(ledger: SqlLedger):
    minute = Policy(undo=timedelta(minutes=1))
    app = a_console(ledger, policy=minute)
    maya = Lead(app, ledger, role="admin")
    answered = a_conversation(9, "<p>When?</p>")
    by_hand = a_message("Done.", key="c9", author=Author.PERSON)
    helpdesk = ScriptedHelpdesk(answered.model_copy(update={"messages": (*answered.messages, by_hand)}))
    overtaken = Lead(a_console(ledger, policy=minute, helpdesk=helpdesk), ledger, login="tom")
    done: dict[str, str] = {}
    for ticket_id, act in enumerate(sorted(acts(app) - LOOKING), 20):
        case_id = hold(ledger, ticket_id)
        there, lead = f"/cases/{case_id}", overtaken if act == "put-away" else maya
        if act == "undo":
            lead.submit(there, f"{there}/approve")
        if act == "give-back":
            lead.submit(there, f"{there}/take-over")
        known = ledger.cases.drafts(case_id)[-1]
        fields = {"csrf": csrf_of(lead), "draft_id": known[0], "body_hash": known[1].body_hash}
        answer = lead.send(f"{there}/{act}", fields | {"text": "In 2 days.", "reason": "No.", "hint": "shorter"})
        assert answer.status_code == 303, act
        entry = ledger.reviews.audit_log(1)[0]
        assert entry["user"] == lead.login
        assert entry["subject"] in (case_id, f"ticket {ticket_id}"), act
        done[act] = str(entry["action"])
    assert done == {
        "approve": "approve", "edit": "edit", "reject": "reject", "redraft": "redraft", "undo": "undo",
        "take-over": "take over", "give-back": "give back", "put-away": "superseded", "mind": "mind",
    }  # fmt: skip
    assert done.keys() == ACTIONS.keys() - {"logout"}  # each also has words for a form that is kept


def test_an_approval_that_comes_too_late_is_audited_as_what_it_did(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    case_id = hold(ledger, thread=thread)
    helpdesk = ScriptedHelpdesk(thread)
    helpdesk.customer_writes_again()
    maya = Lead(a_console(ledger, helpdesk=helpdesk), ledger)
    assert maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").status_code == 409
    entry = ledger.reviews.audit_log(1)[0]
    assert (entry["user"], entry["action"], entry["subject"]) == ("maya", "superseded", case_id)
    assert entry["detail"] == "Not sent: the customer wrote again."
    case = ledger.cases.get(case_id)
    assert case is not None
    assert case.status is Status.SUPERSEDED
    assert ledger.sends.of_case(case_id) == []


def test_signing_in_and_out_is_audited(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    maya.submit("/", "/logout")
    assert [entry["action"] for entry in ledger.reviews.audit_log()] == ["signed out", "signed in"]


def test_a_long_audit_log_comes_in_pages(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger, role="admin")
    for n in range(SHOWN):
        ledger.reviews.audit("tom", "mind", f"c{n}")
    first, second = words_of(maya.get("/audit").text), words_of(maya.get("/audit?page=2").text)
    assert f"c{SHOWN - 1}" in first
    assert "signed in" not in first
    assert "maya signed in" in second
    assert "Nothing further back." in maya.get("/audit?page=99").text
    for nonsense in ("0", "-1", "x", "9" * 5000):
        assert maya.get("/audit", params={"page": nonsense}).status_code == 200


def test_a_viewers_approval_is_refused_and_changes_nothing(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    viewer = Lead(app, ledger, "vera", "viewer")
    draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
    fields = {"csrf": csrf_of(viewer), "draft_id": draft_id, "body_hash": draft.body_hash}
    answer = viewer.send(f"/cases/{case_id}/approve", fields)
    assert answer.status_code == 403
    assert "This needs the role reviewer." in answer.text
    assert (ledger.sends.of_case(case_id), app.state.enqueued) == ([], [])


def test_a_lead_who_was_made_a_viewer_meanwhile_decides_no_more(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    ready = fields_of(maya.get(f"/cases/{case_id}").text, f"/cases/{case_id}/approve")
    add_user(ledger.users, "maya", "viewer", None)
    assert maya.send(f"/cases/{case_id}/approve", ready).status_code in (401, 403)
    assert ledger.sends.of_case(case_id) == []
