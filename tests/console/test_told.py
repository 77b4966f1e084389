"""What was done, in words: on the page of a case for everybody, in the audit log for admins."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tests.builders import a_verdict
from tests.console.seed import Lead, a_console, hold, words_of
from tests.contract.steps import conclude, opened
from tests.desk import TAGS
from worker.adapters.store.ledger import SqlLedger
from worker.models import Status, Step
from worker.support.desk import Policy
from worker.support.outgoing import handover_note, promise_note

LONG = "x" * 300


def test_the_history_names_edits_and_who_asked_for_another_draft_with_which_hint(ledger: SqlLedger):
    there = f"/cases/{hold(ledger, 7)}"
    app = a_console(ledger)
    maya, vera = Lead(app, ledger, "maya"), Lead(app, ledger, "vera", "viewer")
    maya.submit(there, f"{there}/edit", text="In 2 days.")
    maya.submit(there, f"{there}/redraft", hint="<b>shorter</b>")
    shown = BeautifulSoup(vera.get(there).text, "html.parser").select_one("ol.history")
    acts = [(li.b.get_text(), li.select_one(".muted").get_text()) for li in shown("li")]
    assert acts[-2:] == [("edited", "by maya"), ("asked for another draft", "by maya")]
    assert "“<b>shorter</b>”" in words_of(str(shown))


def test_a_rejected_case_says_so_of_its_note_and_lists_its_reason_whole(ledger: SqlLedger):
    there = f"/cases/{hold(ledger, 7)}"
    maya = Lead(a_console(ledger), ledger, role="admin")
    maya.submit(there, f"{there}/mind")
    maya.submit(there, f"{there}/mind")
    maya.submit(there, f"{there}/reject", reason=LONG)
    page = words_of(maya.get(there).text)
    assert "Private note: rejected" in page
    assert "Private note: handed over" not in page
    assert LONG in page

    log = BeautifulSoup(maya.get("/audit").text, "html.parser").select("table.audit tbody tr")
    rows = [[td.get_text().strip() for td in row("td")][1:] for row in log[:3]]
    assert rows == [
        ["maya", "rejected", "ticket 7", LONG],
        ["maya", "let it go", "ticket 7", ""],
        ["maya", "kept for herself", "ticket 7", ""],
    ]
    assert log[0].a["href"] == there


def test_a_message_that_was_set_aside_and_then_handed_over_tells_both_and_why(ledger: SqlLedger):
    case = opened(ledger, 7)
    conclude(ledger, case, Status.IGNORED, verdict=a_verdict(Step.IGNORE, "The ticket is closed."))
    why = "The ticket is open again."
    note = handover_note(a_verdict(Step.HAND_OVER, why), TAGS)
    ledger.sends.add_note(case.case_id, note, hand_over=why)

    page = Lead(a_console(ledger), ledger).get(f"/cases/{case.case_id}").text
    told = [words_of(str(li)) for li in BeautifulSoup(page, "html.parser").select("ol.history li")]
    assert "set aside" in told[0]
    assert "The ticket is closed." in told[0]
    assert "handed over" in told[1]
    assert why in told[1]
    assert "Private note: handed over" in words_of(page)


def test_a_reminder_of_a_promise_is_not_called_a_hand_over(ledger: SqlLedger):
    case_id = hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/take-over")
    ledger.sends.add_note(case_id, promise_note(["We will call you."], Policy()))
    page = words_of(maya.get(f"/cases/{case_id}").text)
    assert page.count("Private note: handed over") == 1
    assert "Private note: a promise is still open" in page


def test_characters_that_turn_text_round_are_taken_out_of_what_leads_type(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger, 7))}"
    maya = Lead(a_console(ledger), ledger, role="admin")
    maya.submit(there, f"{there}/edit", text="In \u202e2 da\u200bys\u2066.")
    assert "In 2 days." in ledger.cases.drafts(case_id)[-1][1].body_text
    maya.submit(there, f"{there}/redraft", hint="\u202eshorter\ufeff")
    assert ledger.reviews.done_on(case_id)[-1]["detail"] == "shorter"
    nothing = maya.submit(there, f"{there}/reject", reason="\u200b\u202e")
    assert "Please give a reason" in nothing.text
    maya.submit(there, f"{there}/reject", reason="Wrong \u202efund\u2069.")
    case = ledger.cases.get(case_id)
    assert case is not None
    assert case.reasons == ("Wrong fund.",)
    assert not set(maya.get("/audit").text + maya.get("/cases?status=rejected").text) & set("\u202e\u2069\u200b\ufeff")
