"""A page that has stood open while a colleague worked: what is hers stays hers, and whoever presses is told."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from tests.console.seed import Lead, a_console, fields_of, hold, status_of, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.models import Case, SendState, Status
from worker.support.desk import Policy


def leads(ledger: SqlLedger, **given: object) -> tuple[Lead, Lead]:
    app = a_console(ledger, **given)
    return Lead(app, ledger, "maya"), Lead(app, ledger, "tom")


def case_of(ledger: SqlLedger, case_id: str) -> Case:
    case = ledger.cases.get(case_id)
    assert case is not None
    return case


def take(lead: Lead, there: str) -> None:
    """What a colleague keeps takes two steps: the second by the name of whoever keeps it."""
    asked = lead.submit(there, f"{there}/mind")
    assert asked.status_code == 409
    assert lead.send(f"{there}/mind", fields_of(asked.text, f"{there}/mind")).status_code == 303


def test_what_a_colleague_keeps_is_taken_only_on_asking_twice_and_her_open_page_says_so(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    tom.submit(there, f"{there}/mind")
    toms_page = BeautifulSoup(tom.get(there).text, "html.parser").select_one("[data-watch]")
    watched = {"csrf": fields_of(tom.get("/").text, "/logout")["csrf"], "draft_id": str(toms_page["data-draft"])}
    address = f"{toms_page['data-watch']}{toms_page['data-mine']}"
    assert "Take it from tom" in maya.get(there).text

    asked = maya.submit(there, f"{there}/mind")

    assert "tom keeps this draft." in words_of(asked.text)
    assert case_of(ledger, case_id).minder == "tom"
    assert tom.send(address, watched).json()["words"] == ""
    maya.send(f"{there}/mind", fields_of(asked.text, f"{there}/mind"))
    assert case_of(ledger, case_id).minder == "maya"
    told = tom.send(address, watched).json()
    assert (told["minder"], told["words"], told["over"]) == ("maya", "maya has taken this draft.", False)


def test_letting_go_on_an_old_page_leaves_a_colleague_what_she_has_kept_since(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    tom.submit(there, f"{there}/mind")
    let_go = fields_of(tom.get(there).text, f"{there}/mind")
    take(maya, there)

    told = tom.send(f"{there}/mind", let_go)

    assert told.status_code == 409
    assert "maya has kept this draft meanwhile: it stays hers." in told.text
    assert case_of(ledger, case_id).minder == "maya"


def test_keeping_on_an_old_page_takes_nothing_from_a_colleague_who_was_quicker(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    keep = fields_of(tom.get(there).text, f"{there}/mind")
    maya.submit(there, f"{there}/mind")
    assert tom.send(f"{there}/mind", keep).status_code == 409
    assert case_of(ledger, case_id).minder == "maya"
    maya.submit(there, f"{there}/mind")  # lets it go
    assert tom.send(f"{there}/mind", keep).status_code == 303
    maya.submit(there, f"{there}/approve")
    assert "Already approved by maya." in tom.send(f"{there}/mind", keep).text


def test_a_redraft_from_an_old_page_does_not_write_over_a_colleagues_words(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    again = fields_of(tom.get(there).text, f"{there}/redraft") | {"hint": "shorter"}
    maya.submit(there, f"{there}/edit", text="In 2 days.")
    told = tom.send(f"{there}/redraft", again)
    assert told.status_code == 409
    assert "There is a newer draft by maya." in told.text
    assert fields_of(told.text, f"{there}/redraft")["hint"] == "shorter"
    assert (list(ledger.doorbells.due(5)), case_of(ledger, case_id).minder) == ([], "maya")


def test_rejecting_from_an_old_page_keeps_the_reason_and_changes_nothing(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    reject = fields_of(tom.get(there).text, f"{there}/reject") | {"reason": "Wrong fund."}
    maya.submit(there, f"{there}/edit", text="In 2 days.")
    told = tom.send(f"{there}/reject", reject)
    assert (told.status_code, status_of(ledger, case_id)) == (409, Status.HELD)
    assert fields_of(told.text, f"{there}/reject")["reason"] == "Wrong fund."


def test_giving_back_from_an_old_page_leaves_a_colleague_the_ticket_she_answers_by_now(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger)
    tom.submit(there, f"{there}/take-over")
    give = fields_of(tom.get(there).text, f"{there}/give-back")
    maya.submit(there, f"{there}/give-back")
    ledger.reviews.take_over(case_id, "maya", "maya answers this ticket.")
    told = tom.send(f"{there}/give-back", give)
    assert told.status_code == 409
    assert "maya answers this ticket by now." in told.text
    assert ledger.reviews.taken_by(1) == "maya"


def test_taking_over_stops_what_a_colleague_has_approved_meanwhile_and_says_so(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger))}"
    maya, tom = leads(ledger, policy=Policy(undo=timedelta(minutes=1)))
    take = fields_of(tom.get(there).text, f"{there}/take-over")
    maya.submit(there, f"{there}/approve")
    onward = tom.send(f"{there}/take-over", take).headers["location"]
    assert "Somebody had decided on this draft before you" in words_of(tom.get(onward).text)
    assert ledger.sends.of_case(case_id)[0].state is SendState.DROPPED


def test_an_approval_says_that_the_redraft_that_was_asked_for_is_moot(ledger: SqlLedger):
    there = f"/cases/{hold(ledger)}"
    maya, tom = leads(ledger, policy=Policy(undo=timedelta(minutes=1)))
    approve = fields_of(tom.get(there).text, f"{there}/approve")
    maya.submit(there, f"{there}/redraft", hint="name the exit load")
    page = tom.get(tom.send(f"{there}/approve", approve).headers["location"]).text
    assert "The other draft that was asked for is not written any more." in words_of(page)
    assert f"{there}/undo" in page
    assert "Another draft had been asked for (“name the exit load”)" in words_of(tom.get(there).text)
