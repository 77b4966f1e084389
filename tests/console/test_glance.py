"""Why a person should look: with what the checks found in the draft as it is, and not with how much they once found."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.builders import a_verdict
from tests.console.seed import FINDINGS, Lead, a_console, a_letter_draft, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.view import reasons
from worker.models import Status, Step
from worker.support.verdict import held_instead

REVIEW = "Review mode: every reply is read by a person before it leaves."


def why(page: str) -> str:
    block = BeautifulSoup(page, "html.parser").select_one(".reasons")
    return words_of(str(block)) if block else ""


def test_each_finding_stands_in_place_of_their_number(ledger: SqlLedger):
    case_id = hold(ledger)
    case = ledger.cases.get(case_id)
    assert case is not None
    counted = held_instead(a_verdict(Step.HOLD, ""), [REVIEW, "The checks found 2 things."])
    told = case.model_copy(update={"reasons": counted.reasons})
    assert reasons(told, held=True) == (REVIEW,)
    assert reasons(told, held=False) == counted.reasons
    shown = why(Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text)
    assert shown.startswith("Why a person should look")
    for finding in FINDINGS:
        assert finding.what in shown
        assert finding.todo not in shown
    assert "sentence 1" in shown


@pytest.mark.parametrize(
    ("number", "last"), [(1, "What to do about it"), (5, "What to do about each"), (7, "and 2 more")]
)
def test_at_most_five_are_named_and_the_rest_is_counted(ledger: SqlLedger, number: int, last: str):
    found = tuple(FINDINGS[0].model_copy(update={"what": f"Finding number {n}."}) for n in range(1, number + 1))
    shown = why(
        Lead(a_console(ledger), ledger).get(f"/cases/{hold(ledger, draft=a_letter_draft(findings=found))}").text
    )
    assert shown.count("Finding number") == min(number, 5)
    assert last in shown


def test_where_nothing_was_found_or_the_case_has_ended_nothing_is_named(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    clean = hold(ledger, draft=a_letter_draft(findings=()))
    assert why(maya.get(f"/cases/{clean}").text) == f"Why a person should look {REVIEW}"
    ended = hold(ledger, 2)
    assert ledger.cases.advance(ended, Status.HELD, Status.REJECTED, None, reasons=["Wrong fund."])
    assert why(maya.get(f"/cases/{ended}").text) == "Reasons Wrong fund."
