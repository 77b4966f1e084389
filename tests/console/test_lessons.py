"""What leads made of a template's drafts, as the console shows it: each difference with its class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bs4 import BeautifulSoup

from tests.console.history import write_history
from tests.console.seed import Lead, a_console, a_letter_draft, fields_of, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.taught import AROUND, PAGE, pieces
from worker.models import Change

THERE = "/lessons?template=im-withdrawal-time"


def a_morning(lead: Lead, ledger: SqlLedger) -> None:
    """One draft sent as it was, one touched lightly, one rejected; another template's draft beside them."""
    untouched, light, rejected, other = (
        hold(ledger, n, draft=a_letter_draft(template_id=template))
        for n, template in (
            (1, "im-withdrawal-time"),
            (2, "im-withdrawal-time"),
            (3, "im-withdrawal-time"),
            (4, "fees"),
        )
    )
    for case_id in (untouched, other):
        lead.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve")
    fields = fields_of(lead.get(f"/cases/{light}").text, f"/cases/{light}/edit")
    lead.send(f"/cases/{light}/edit", fields | {"text": fields["text"].replace("3 working", "2 <b>working")})
    lead.submit(f"/cases/{light}", f"/cases/{light}/approve")
    lead.submit(f"/cases/{rejected}", f"/cases/{rejected}/reject", reason="They <i>called</i> us.")


def cards(page: str) -> list[str]:
    found = BeautifulSoup(page, "html.parser").select(".lesson")
    return [" ".join(card.get_text(" ").split()) for card in found]


def test_each_decision_on_a_template_is_shown_with_its_class_and_its_difference(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    a_morning(maya, ledger)
    page = maya.get(THERE).text
    rejected, light, untouched = cards(page)
    assert rejected.startswith("rejected rejected with: Questions rejected with: Figures and names ticket 3")
    assert "Why: They <i>called</i> us." in rejected
    assert light.startswith("lightly edited")
    assert "% of the words changed" in light
    assert "overruled: Figures and names" in light
    assert untouched.startswith("sent untouched overruled: Questions")
    soup = BeautifulSoup(page, "html.parser")
    assert [(d.get_text(), i.get_text()) for d, i in zip(soup.select("del"), soup.select("ins"), strict=True)] == [
        ("3 working", "2 <b>working")
    ]
    assert soup.select(".lesson b, .lesson i") == soup.select(".reason > b")  # what was typed is text
    assert [a["href"] for a in soup.select(".lesson .where a")] == [
        f"/cases/{row.case_id}" for n in (3, 2, 1) for row in ledger.cases.of_ticket(n)
    ]
    assert "maya" not in words_of("".join(map(str, soup.select("main"))))  # it ranks templates, nobody's taste


def test_the_classes_can_be_looked_at_one_by_one(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    a_morning(maya, ledger)
    shown = words_of(maya.get(THERE).text)
    for said in ("All 3", "sent untouched 1", "lightly edited 1", "rewritten 0", "rejected 1", "fees 1"):
        assert said in shown
    assert len(cards(maya.get(f"{THERE}&kind=light").text)) == 1
    assert "No draft of this kind was decided on in this time." in maya.get(f"{THERE}&kind=rewritten").text
    assert len(cards(maya.get(f"{THERE}&kind=nonsense&days=x&page=-1").text)) == 3


def test_the_template_that_most_was_decided_about_comes_first_and_numbers_lead_here(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    assert "No draft of this kind was decided on in this time." in maya.get("/lessons").text
    a_morning(maya, ledger)
    assert len(cards(maya.get("/lessons").text)) == 3
    links = [
        a["href"]
        for a in BeautifulSoup(maya.get("/numbers?days=7").text, "html.parser").select("#templates ~ .scroll a")
    ]
    assert links == [f"{THERE}&days=7", "/lessons?template=fees&days=7"]
    assert len(cards(maya.get(links[1]).text)) == 1


def test_an_approval_that_was_taken_back_is_no_lesson(ledger: SqlLedger):
    app = a_console(ledger)
    maya = Lead(app, ledger)
    case_id = hold(ledger)
    maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve")
    assert len(cards(maya.get(THERE).text)) == 1
    csrf = fields_of(maya.get("/").text, "/logout")["csrf"]
    assert maya.send(f"/cases/{case_id}/undo", {"csrf": csrf}).status_code == 303
    assert cards(maya.get(THERE).text) == []


def test_years_of_lessons_come_in_pages(ledger: SqlLedger):
    write_history(ledger, datetime.now(UTC) - timedelta(hours=1), days=60, per_day=20, templates=2)
    lead = Lead(a_console(ledger), ledger, role="viewer")
    first = lead.get("/lessons?days=90")
    soup = BeautifulSoup(first.text, "html.parser")
    assert len(cards(first.text)) == PAGE
    older = soup.select_one(".pager [rel=next]")
    assert older is not None
    second = lead.get(str(older["href"])).text
    assert "Page 2" in words_of(second)
    tickets = [[a["href"] for a in BeautifulSoup(p, "html.parser").select(".where a")] for p in (first.text, second)]
    assert not set(tickets[0]) & set(tickets[1])


def test_of_a_long_text_only_the_words_beside_a_change_are_shown():
    words = " ".join(f"w{n}" for n in range(100))
    same = Change(kind="same", words=words)
    start, out, middle, put, end = pieces(
        (same, Change(kind="out", words=words), same, Change(kind="in", words="x"), same)
    )
    assert out.words == words  # what was changed is never cut
    assert put.words == "x"
    assert start.words.split()[0] == "…"
    assert len(start.words.split()) == AROUND + 1
    assert middle.words.split()[AROUND] == "…"
    assert len(middle.words.split()) == 2 * AROUND + 1
    assert end.words.split()[-1] == "…"
    assert pieces((Change(kind="same", words="just a few"),))[0].words == "just a few"
