"""Addresses that lead nowhere, forms that hold too much, and what a page says of them: always a page of ours."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from structlog.testing import capture_logs

from tests.console.seed import Lead, a_console, fields_of, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.access import MOST
from worker.console.app import HEADERS, MAX_BYTES
from worker.console.mishaps import KEEP
from worker.models import Status
from worker.support import review
from worker.support.review import LONGEST

PLACES = ["Queue", "Promises", "Numbers", "Service", "Gate", "Second look"]  # of a reviewer


def navigation(page: str) -> list[str]:
    return [a.get_text() for a in BeautifulSoup(page, "html.parser").select("nav.places a")]


def test_an_unknown_address_says_so_with_the_way_to_everything_else(ledger: SqlLedger):
    app = a_console(ledger)
    answer = Lead(app, ledger).get("/nonsense")
    assert (answer.status_code, navigation(answer.text)) == (404, PLACES)
    stranger = Lead(app, ledger, role=None).get("/nonsense")
    assert (stranger.status_code, navigation(stranger.text)) == (404, [])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_an_address_that_only_takes_forms_leads_on_to_its_case(ledger: SqlLedger, method: str):
    case_id = hold(ledger)
    answer = Lead(a_console(ledger), ledger).browser.request(method, f"/cases/{case_id}/edit")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    if method != "HEAD":  # whose answer has no page
        assert navigation(answer.text) == PLACES
        assert f'href="/cases/{case_id}">To the case' in answer.text


def test_a_form_that_is_too_long_is_answered_by_a_page_with_the_words_in_it(ledger: SqlLedger):
    case_id, maya, fields = editing(ledger)
    answer = maya.send(f"/cases/{case_id}/edit", fields | {"text": "Word. " * (MOST // 6 + 1)})
    assert answer.status_code == 413
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert navigation(answer.text) == PLACES
    assert "What you typed stands below." in answer.text
    assert answer.text.count("Word. ") > MOST // 6
    assert len(ledger.cases.drafts(case_id)) == 1


def test_what_is_too_long_to_be_read_is_still_answered_by_a_page(ledger: SqlLedger):
    answer = Lead(a_console(ledger), ledger).send("/cases/c1/edit", {"text": "x" * (MAX_BYTES + 1)})
    assert (answer.status_code, navigation(answer.text)) == (413, PLACES)
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert "Go back in your browser to what you typed." in answer.text


def test_a_form_is_called_kept_only_where_it_is(ledger: SqlLedger):
    stranger = Lead(a_console(ledger), ledger, role=None)
    short, long = ("x" * n for n in (LONGEST, KEEP + 1))
    kept = stranger.send("/cases/c1/edit", {"text": short})
    assert "What you typed is kept" in kept.text
    assert fields_of(kept.text, "/cases/c1/edit")["text"] == short
    lost = stranger.send("/cases/c1/edit", {"text": long})
    assert lost.status_code == 401
    assert "kept" not in words_of(lost.text)
    assert "then do it once more" in lost.text


def test_an_edit_that_is_longer_than_a_reply_is_refused_with_the_words_in_the_editor(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    save = f"/cases/{case_id}/edit"
    page = BeautifulSoup(maya.get(f"/cases/{case_id}").text, "html.parser")
    field = page.select_one("#text")
    assert "maxlength" not in field.attrs  # a paste would be cut without a word
    assert field["data-longest"] == str(LONGEST)
    fields = fields_of(str(page), save) | {"text": "x" * (LONGEST + 1)}
    told = f"a reply has at most {LONGEST:,} characters, and this one has {LONGEST + 1:,}"
    assert told in maya.send(f"/cases/{case_id}/preview", fields).json()["words"]
    refused = maya.send(save, fields)
    assert (refused.status_code, fields_of(refused.text, save)["text"]) == (409, fields["text"])
    assert told in refused.text
    assert len(ledger.cases.drafts(case_id)) == 1
    assert maya.send(save, fields | {"text": "\r\n\r\n".join(["x" * 98] * (LONGEST // 100))}).status_code == 303
    assert ledger.cases.get(case_id).status is Status.HELD


def editing(ledger: SqlLedger) -> tuple[str, Lead, dict[str, str]]:
    """A held case, a lead who has its page open, and the fields of its editor."""
    case_id, maya = hold(ledger), Lead(a_console(ledger), ledger)
    return case_id, maya, fields_of(maya.get(f"/cases/{case_id}").text, f"/cases/{case_id}/edit")


@pytest.mark.parametrize("link", ["https://[your bank]/login", "https://help.peerwell.example:99999/tax"])
def test_a_link_that_is_none_is_found_and_never_made_one(ledger: SqlLedger, link: str):
    case_id, maya, fields = editing(ledger)
    typed = fields | {"text": f"Please read {link} and write again."}
    assert maya.send(f"/cases/{case_id}/preview", typed).status_code == 200
    assert maya.send(f"/cases/{case_id}/edit", typed).status_code == 303
    draft = ledger.cases.drafts(case_id)[-1][1]
    assert link in draft.body_text
    assert "<a" not in draft.body_html


def fails(*_: object, **__: object) -> None:
    raise ZeroDivisionError("Asha's words")


def test_what_nobody_foresaw_is_answered_by_a_page_with_the_words_in_it(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
):
    case_id, maya, fields = editing(ledger)
    monkeypatch.setattr(review, "edit", fails)
    with capture_logs() as logged:
        answer = maya.send(f"/cases/{case_id}/edit", fields | {"text": "My own words, which took a while."})
    assert (answer.status_code, navigation(answer.text)) == (500, PLACES)
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert "My own words, which took a while." in answer.text
    assert "please look before you do it again" in words_of(answer.text)
    assert f'href="/cases/{case_id}">To the case' in answer.text
    [told] = [entry for entry in logged if entry["event"] == "console_broken"]
    assert told["reason"].startswith("ZeroDivisionError at fails")
    assert "Asha" not in str(logged)


def test_a_page_that_fails_to_show_says_so_and_no_other_site_gets_its_words_into_it(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
):
    case_id, maya, fields = editing(ledger)
    monkeypatch.setattr(review, "current", fails)
    monkeypatch.setattr(review, "edit", fails)
    shown = maya.get(f"/cases/{case_id}")
    assert (shown.status_code, navigation(shown.text)) == (500, PLACES)
    assert "it again" not in words_of(shown.text)
    typed = fields | {"text": "Their words."}
    sent = maya.browser.post(f"/cases/{case_id}/edit", data=typed, headers={"Origin": "http://["})
    assert sent.status_code == 500
    assert "Their words." not in sent.text
