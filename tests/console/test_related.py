"""What the page of a case says of other ones: the customer's newer message, and what was written before."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from tests.builders import NOON, a_message
from tests.console.seed import Lead, a_console, a_conversation, hold, status_of, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.models import Status, Thread
from worker.support.review import what_happened

QUESTION = a_conversation(1, "<p>When will it arrive?</p>", subject="Withdrawal")
MORE = a_message("It says failed now!", key="c5", at=NOON + timedelta(hours=5), from_email="asha@example.com")


def written_again() -> Thread:
    return QUESTION.model_copy(update={"messages": (*QUESTION.messages, MORE)})


def test_a_case_whose_customer_wrote_again_shows_the_newer_message_and_where_it_is_answered(ledger: SqlLedger):
    earlier = hold(ledger, 9, thread=a_conversation(9, "<p>Hello</p>", subject="Long ago"))
    old = hold(ledger, 1, thread=QUESTION)
    newer = hold(ledger, 1, thread=written_again())
    assert status_of(ledger, old) is Status.SUPERSEDED
    assert what_happened(ledger, old) == "The customer wrote again: this draft was put away."

    page = BeautifulSoup(Lead(a_console(ledger), ledger).get(f"/cases/{old}").text, "html.parser")

    said = words_of(str(page.select_one(".put-away")))
    assert "The customer wrote again: this draft was put away. The newer message is answered in: Withdrawal" in said
    assert "It says failed now!" in said
    assert page.select_one(".put-away a")["href"] == f"/cases/{newer}"
    lists = {h.get_text(): [a["href"] for a in h.find_next("ul").select("a")] for h in page.select(".person h3")}
    assert lists == {
        "Later on this ticket": [f"/cases/{newer}"],
        "Earlier from the same person": [f"/cases/{earlier}"],
    }
    there = words_of(Lead(a_console(ledger), ledger, "tom").get(f"/cases/{newer}").text)
    assert "Later on this ticket" not in there
    assert "put away" not in there


def test_a_draft_that_was_put_away_for_another_reason_says_which_and_who_did(ledger: SqlLedger):
    case_id = hold(ledger)
    reasons = ["Not sent: a colleague answered."]
    assert ledger.cases.advance(case_id, Status.HELD, Status.SUPERSEDED, None, reasons=reasons, by="maya")
    assert what_happened(ledger, case_id) == "Put away by maya: a colleague answered."
    page = words_of(Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text)
    assert "Put away by maya: a colleague answered." in page
    assert "newer message" not in page
