"""Replies of a word or two: the server wants the box ticked, whatever a page let through."""

from __future__ import annotations

import pytest

from tests.console.seed import Lead, a_console, a_letter_draft, fields_of, hold, status_of, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.scrap import scrap
from worker.models import Part, Sentence, Status

SAYS_T = (Part(question="", sentences=(Sentence(text="t"),)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t", "t"),
        ("s a x t", "s a x t"),
        (" Hi  Ravi, \n\n t", "Hi Ravi, t"),
        ("It is done.", ""),
        ("In 2 days.", ""),
        ("My careful words.", ""),
        (" \n ", ""),
    ],
)
def test_a_word_or_two_is_a_scrap_and_single_letters_are_no_words(text: str, said: str):
    assert scrap(text) == said


def test_the_same_request_twice_sends_no_scrap_and_the_box_does(ledger: SqlLedger):
    case_id = hold(ledger, draft=a_letter_draft(()))
    maya = Lead(a_console(ledger), ledger)
    save = f"/cases/{case_id}/edit"
    fields = fields_of(maya.get(f"/cases/{case_id}").text, save) | {"text": "t", "then": "approve"}
    csrf = fields["csrf"]
    preview = maya.send(f"/cases/{case_id}/preview", {"csrf": csrf, "text": "t"}).json()
    fields["shown"] = preview["hash"]
    assert "The whole reply is “t”." in words_of(preview["page"])
    for _ in range(2):
        refused = maya.send(save, fields)
        assert refused.status_code == 409
        assert "Not sent: the reply says only “t”." in words_of(refused.text)
    assert (status_of(ledger, case_id), ledger.sends.of_case(case_id)) == (Status.HELD, [])
    assert len(ledger.cases.drafts(case_id)) == 1

    assert maya.send(save, fields | {"whole": "1"}).status_code == 303
    assert len(ledger.sends.of_case(case_id)) == 1


def test_a_stored_scrap_is_not_approved_without_the_box(ledger: SqlLedger):
    case_id = hold(ledger, draft=a_letter_draft(SAYS_T))
    maya = Lead(a_console(ledger), ledger)
    action = f"/cases/{case_id}/approve"
    fields = fields_of(maya.get(f"/cases/{case_id}").text, action)
    bare = {name: value for name, value in fields.items() if name != "whole"}
    assert [maya.send(action, bare).status_code for _ in range(2)] == [409, 409]
    assert ledger.sends.of_case(case_id) == []
    assert maya.send(action, bare | {"whole": "1"}).status_code == 303
    assert len(ledger.sends.of_case(case_id)) == 1


def test_a_whole_reply_is_asked_for_nothing(ledger: SqlLedger):
    case_id = hold(ledger)
    page = Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text
    assert "whole" not in fields_of(page, f"/cases/{case_id}/approve")
