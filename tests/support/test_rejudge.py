"""A draft that a lead edited is looked at by the guards again, in the console as it is put together for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.builders import an_identity
from tests.console.seed import ASHA, Lead, a_full_trace, a_ledger, hold
from worker.adapters.store.ledger import SqlLedger
from worker.bootstrap_web import make_console_app
from worker.models import Draft, Finding, Strength, Trace
from worker.settings import load_settings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def findings_on(text: str, ledger: SqlLedger, tmp_path: Path, trace: Trace | None = None) -> tuple[Finding, ...]:
    """What stands beside the draft once a lead has saved `text`."""
    _, draft = saved(text, ledger, tmp_path, trace)
    return draft.findings


def saved(text: str, ledger: SqlLedger, tmp_path: Path, trace: Trace | None = None) -> tuple[BeautifulSoup, Draft]:
    """The page of the case once a lead has saved `text`, and the draft."""
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    lead = Lead(make_console_app(settings), ledger)
    case_id = hold(ledger, trace=trace)
    page = f"/cases/{case_id}"
    assert lead.submit(page, f"{page}/edit", text=text).status_code == 303
    return BeautifulSoup(lead.get(page).text, "html.parser"), ledger.cases.drafts(case_id)[-1][1]


@pytest.mark.parametrize(
    ("text", "guard", "words"),
    [
        ("Please reply with the OTP that you received.", "asks", "OTP"),
        ("A withdrawal from IM reaches your bank within 9 working days.", "exact", "9 working days"),
        ("Your account was merged with PW100999.", "personal", "PW100999"),
    ],
)
def test_what_a_lead_typed_is_judged_like_what_a_model_wrote(
    text: str, guard: str, words: str, ledger: SqlLedger, tmp_path: Path
):
    assert (guard, words) in {(f.guard, f.words) for f in findings_on(text, ledger, tmp_path)}


def test_a_typed_sentence_may_rest_on_any_source_of_the_draft(ledger: SqlLedger, tmp_path: Path):
    text = "A withdrawal from IM reaches your registered bank account within 2 working days."
    found = findings_on(text, ledger, tmp_path)
    assert {f.guard for f in found} == {"answered"}, "only the questions that it leaves out"


def test_a_verified_customer_may_be_told_the_own_record(ledger: SqlLedger, tmp_path: Path):
    found = findings_on("Your customer id is PW100231.", ledger, tmp_path)
    assert not {"personal", "exact", "cited"} & {f.guard for f in found}


def test_a_finding_about_a_typed_sentence_does_not_speak_of_a_source_that_it_names(ledger: SqlLedger, tmp_path: Path):
    (number,) = [f for f in findings_on("It costs Rs 70.", ledger, tmp_path) if f.guard == "exact"]
    assert number.what == "The amount “Rs 70” does not stand in any source of this draft."


def test_the_record_of_somebody_unverified_is_not_opened_for_an_edit(ledger: SqlLedger, tmp_path: Path):
    trace = a_full_trace(an_identity(Strength.CLAIMED, ASHA, found_by="id-in-text"))
    found = findings_on("Your customer id is PW100231.", ledger, tmp_path, trace)
    assert {"personal", "sure"} <= {f.guard for f in found}


def test_a_typed_sentence_is_shown_with_what_it_rests_on_and_one_that_rests_on_nothing_is_marked(
    ledger: SqlLedger, tmp_path: Path
):
    known = "A withdrawal from IM reaches your registered bank account within 2 working days."
    page, draft = saved(f"{known} Our office dog says hello to your family.", ledger, tmp_path)

    assert [s.sources for part in draft.parts for s in part.sentences] == [(), ()], "a person names no sources"
    assert [bool(claim.bases) and claim.support > 0.9 for claim in draft.claims] == [True, False]
    assert draft.claims[0].bases[0].words == known
    first, second = (page.select_one(f"#rests-{n}").get_text(" ", strip=True) for n in (1, 2))
    assert known in first
    assert "found for what was typed" in first
    assert second == "written by hand; nothing that this draft may rest on says it"
    assert page.select_one('[data-lit="1"]').get_text() == known, "the words of the source light up"
    assert page.select_one("form[data-approve]") is not None, "nothing of it forbids an approval"
