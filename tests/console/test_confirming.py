"""A form that an ended session interrupted: whoever signs in again reads what it is about before she confirms it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from httpx import Response

from tests.console.seed import Lead, a_console, a_letter_draft, fields_of, hold, words_of
from tests.console.test_incidents import PAGE, TEXT, braked
from worker.adapters.store.ledger import SqlLedger
from worker.console.people import add_user
from worker.errors import Retryable

PASSWORD = "correct horse battery"
LETTER = "Your withdrawal reaches your bank within 3 working days."


def signed_out(lead: Lead, ledger: SqlLedger) -> None:
    add_user(ledger.users, lead.login, "reviewer", PASSWORD)
    lead.browser.cookies.clear()


def signed_in_again(lead: Lead, page: Response) -> Response:
    """As the sign-in page asks for it, with the form that it carries."""
    assert page.status_code == 401
    answer = lead.send("/login", fields_of(page.text, "/login") | {"login": lead.login, "password": PASSWORD})
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize(
    ("act", "typed", "shown"),
    [
        ("approve", {}, LETTER),
        ("take-over", {}, LETTER),
        ("reject", {"reason": "It misses."}, LETTER),
        ("edit", {"text": "My careful words."}, "My careful words."),
    ],
)
def test_a_confirmation_names_the_ticket_its_sender_and_the_letter_and_leads_back(
    ledger: SqlLedger, act: str, typed: dict[str, str], shown: str
):
    there = f"/cases/{hold(ledger, 21)}"
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.get(there).text, f"{there}/{act}") | typed
    signed_out(maya, ledger)
    refused = maya.send(f"{there}/{act}", fields)
    assert "asha@example.com" not in refused.text, "nobody is signed in yet"
    page = signed_in_again(maya, refused)
    assert "ticket 21 , asha@example.com: Withdrawal not here yet" in words_of(page.text)
    assert shown in words_of(page.text)
    assert (LETTER in page.text) == (shown == LETTER)
    assert [a["href"] for a in BeautifulSoup(page.text, "html.parser").select("main .row a")] == [there, "/"]
    assert maya.send(f"{there}/{act}", fields_of(page.text, f"{there}/{act}")).status_code == 303


def test_the_letter_that_is_confirmed_is_the_one_that_was_on_the_page(ledger: SqlLedger):
    there = f"/cases/{(case_id := hold(ledger, 21))}"
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.get(there).text, f"{there}/approve") | {"csrf": "of an earlier session"}
    ledger.reviews.edit(case_id, fields["draft_id"], a_letter_draft(body_text="By Tom."), "tom")
    page = maya.send(f"{there}/approve", fields)
    assert (page.status_code, LETTER in page.text, "By Tom." in page.text) == (403, True, False)


def test_a_ledger_that_does_not_answer_takes_no_form_away(ledger: SqlLedger, monkeypatch):
    def away(*_: object) -> None:
        raise Retryable("the database does not answer", part="ledger")

    there = f"/cases/{hold(ledger, 21)}"
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.get(there).text, f"{there}/approve")
    monkeypatch.setattr(ledger.cases, "get", away)
    stale = maya.send(f"{there}/approve", fields | {"csrf": "of an earlier session"})
    down = maya.send(f"{there}/approve", fields)
    assert (stale.status_code, down.status_code) == (403, 503)
    for page in (stale.text, down.text):
        assert f'href="{there}">Back to the case' in page
        assert fields_of(page, f"{there}/approve")["draft_id"] == fields["draft_id"]


@pytest.mark.parametrize("act", ["preview", "send"])
def test_the_words_of_a_holding_reply_outlive_a_session_and_are_read_again_before_they_are_sent(
    ledger: SqlLedger, act: str
):
    brake = braked(ledger)
    hold(ledger, 7)
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.submit(PAGE, f"{PAGE}/preview", text=TEXT).text, f"{PAGE}/{act}") | {"text": TEXT}
    signed_out(maya, ledger)
    page = signed_in_again(maya, maya.send(f"{PAGE}/{act}", fields))
    assert "Preview the holding reply : incident 1 ," in words_of(page.text)
    assert fields_of(page.text, f"{PAGE}/preview")["text"].replace("\r\n", "\n") == TEXT
    assert f'href="{PAGE}">Back to the incident' in page.text
    assert "Send to 1 ticket" in maya.send(f"{PAGE}/preview", fields_of(page.text, f"{PAGE}/preview")).text
    assert ledger.incidents.holding(brake.brake_id) == {}
