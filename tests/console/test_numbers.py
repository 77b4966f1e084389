"""The page of numbers and its downloads: what they say, and that a spreadsheet computes nothing in them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

from tests.builders import NOON
from tests.console.history import GUARDS, write_history
from tests.console.seed import Lead, a_console, a_letter_draft, fields_of, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.charts import columns, pieces
from worker.console.numbers import lasting
from worker.console.period import chosen, last_days
from worker.console.sheets import Sheet, csv_of
from worker.models import Part, Status

KOLKATA = ZoneInfo("Asia/Kolkata")
SHEETS = ("days", "times", "templates", "findings", "questions", "lessons")


def rows_of(lead: Lead, name: str, days: int = 7) -> list[dict[str, str]]:
    answer = lead.get(f"/numbers/{name}.csv?days={days}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_an_empty_ledger_has_a_page_of_its_own_kind_of_calm(ledger: SqlLedger):
    page = Lead(a_console(ledger), ledger, role="viewer").get("/numbers")
    assert page.status_code == 200
    shown = words_of(page.text)
    assert "No draft has been decided on in this time" in shown
    assert "there was no question without an answer" in shown
    assert "nan" not in shown.lower()


def test_the_numbers_call_what_came_of_the_mail_as_the_folders_do(ledger: SqlLedger):
    maya = Lead(a_console(ledger), ledger)
    folders = BeautifulSoup(maya.get("/").text, "html.parser").select_one(".folders").get_text(" ")
    page = BeautifulSoup(maya.get("/numbers").text, "html.parser").find(id="days").find_parent("section")
    pictures = [one.get_text() for one in page.select("figcaption b")]
    assert [name for name in pictures if name not in folders] == []
    assert [one.get_text() for one in page.select("p b")] == pictures  # and each is explained by that name
    assert pictures == [one.get_text() for one in page.select("thead th")][1:]


def test_a_morning_shows_up_in_every_number(ledger: SqlLedger):
    app = a_console(ledger)
    maya = Lead(app, ledger)
    approved, edited, rejected = (hold(ledger, n) for n in (1, 2, 3))
    hold(ledger, 4, status=Status.HANDED_OVER)
    maya.submit(f"/cases/{approved}", f"/cases/{approved}/approve")
    fields = fields_of(maya.get(f"/cases/{edited}").text, f"/cases/{edited}/edit")
    text = fields["text"].replace("3 working", "2 working")
    assert maya.send(f"/cases/{edited}/edit", fields | {"text": text}).status_code == 303
    maya.submit(f"/cases/{edited}", f"/cases/{edited}/approve")
    maya.submit(f"/cases/{rejected}", f"/cases/{rejected}/reject", reason="@home, not our product")

    days = rows_of(maya, "days")
    assert len(days) == 7
    assert (days[-1]["Waiting for review"], days[-1]["Handed over"], days[-2]["Waiting for review"]) == ("3", "1", "0")
    [template] = rows_of(maya, "templates")
    assert template["Template"] == "im-withdrawal-time"
    assert [template[name] for name in ("Decided", "Untouched", "Lightly edited", "Rewritten", "Rejected")] == [
        *("3", "1", "1", "0", "1")
    ]
    assert template["Lightly edited, %"] == "33.3"
    findings = {row["Check"]: row for row in rows_of(maya, "findings")}
    assert findings["exact"]["Overruled"] == "2"
    assert findings["exact"]["Draft rejected"] == "1"
    asked = rows_of(maya, "questions")
    assert {row["Question"] for row in asked} == {"Can I have a call?"}
    assert {row["Ticket"] for row in asked} == {"1", "2", "3"}
    lessons = rows_of(maya, "lessons")
    assert {row["Reason"] for row in lessons} == {"", "'@home, not our product"}
    assert any("[-3-] {+2+}" in row["Difference"] for row in lessons)
    assert {row["Seconds"] for row in lessons} != {""}

    shown = words_of(maya.get("/numbers").text)
    assert "Can I have a call?" in shown
    assert "of 3 decided" in shown
    links = BeautifulSoup(maya.get("/numbers").text, "html.parser").select(".groups a")
    assert {link["href"] for link in links} == {f"/cases/{one}" for one in (approved, edited, rejected)}


def test_what_a_customer_wrote_is_shown_as_words(ledger: SqlLedger):
    evil = "<script>alert(1)</script><b>Can I?</b>"
    hold(ledger, draft=a_letter_draft((Part(question=evil),)))
    page = Lead(a_console(ledger), ledger).get("/numbers").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("first", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n@x"])
def test_a_cell_that_a_spreadsheet_would_compute_is_led_by_an_apostrophe(first: str):
    sheet = Sheet("x", ("Question", "n"), ((first, -1), ("a - b", 2)))
    [_, cell, harmless] = csv.reader(io.StringIO(csv_of(sheet).removeprefix("\ufeff"), newline=""))
    assert cell == [f"'{first}", "-1"]
    assert harmless == ["a - b", "2"]


def test_a_formula_in_a_question_is_defused_in_the_download(ledger: SqlLedger):
    hold(ledger, draft=a_letter_draft((Part(question='=HYPERLINK("https://evil.example","my statement")'),)))
    [row] = rows_of(Lead(a_console(ledger), ledger), "questions")
    assert row["Question"].startswith("'=HYPERLINK")
    assert row["Group's question"].startswith("'=HYPERLINK")


def test_downloads_are_named_files_and_others_do_not_exist(ledger: SqlLedger):
    lead = Lead(a_console(ledger, now=lambda: NOON), ledger)
    for name in SHEETS:
        answer = lead.get(f"/numbers/{name}.csv?days=7")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert f'"deskhand-{name}-2026-02-24-to-2026-03-02.csv"' in answer.headers["content-disposition"]
    assert lead.get("/numbers/secrets.csv").status_code == 404


def test_a_year_of_fifty_two_templates_is_counted(ledger: SqlLedger):
    now = datetime.now(UTC)
    write_history(ledger, now, days=365, per_day=12, templates=52)
    lead = Lead(a_console(ledger, zone=KOLKATA), ledger)
    page = lead.get("/numbers?days=90").text
    soup = BeautifulSoup(page, "html.parser")
    assert len(soup.select(".small-ones .columns-picture")) == 6
    assert all(picture.title and picture.desc for picture in soup.select(".columns-picture"))
    assert len(soup.select("#templates ~ .scroll tbody tr")) == len(rows_of(lead, "templates", 90)) > 40
    assert {row["Check"] for row in rows_of(lead, "findings", 90)} == set(GUARDS)
    assert len(rows_of(lead, "days", 90)) == 90
    assert sum(int(row["Sent"]) for row in rows_of(lead, "days", 90)) > sum(
        int(row["Sent"]) for row in rows_of(lead, "days", 28)
    )


def test_only_the_offered_ranges_can_be_asked_for(ledger: SqlLedger):
    lead = Lead(a_console(ledger), ledger)
    assert [chosen(given) for given in ("7", "90", "", "365", "-1", "7;drop")] == [7, 90, 28, 28, 28, 28]
    current = BeautifulSoup(lead.get("/numbers?days=9999").text, "html.parser").select_one(".ranges [aria-current]")
    assert current is not None
    assert current.text == "28 days"


def test_days_are_those_of_the_stated_zone_also_when_the_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    found = last_days(7, datetime(2026, 3, 30, 22, 30, tzinfo=UTC), berlin)
    assert (found.days[0], found.days[-1], found.zone) == (date(2026, 3, 25), date(2026, 3, 31), "Europe/Berlin")
    seconds = [end.timestamp() - start.timestamp() for start, end in found.spans]
    lengths = {day: timedelta(seconds=one) for day, one in zip(found.days, seconds, strict=True)}
    assert lengths[date(2026, 3, 29)] == timedelta(hours=23)
    assert lengths[date(2026, 3, 30)] == timedelta(hours=24)
    assert all(one[1] == two[0] for one, two in zip(found.spans, found.spans[1:], strict=False))
    assert last_days(7, datetime(2026, 3, 1, 19, 0, tzinfo=UTC), KOLKATA).days[-1] == date(2026, 3, 2)


def test_the_page_says_whose_days_it_counts(ledger: SqlLedger):
    lead = Lead(a_console(ledger, zone=KOLKATA, now=lambda: datetime(2026, 3, 1, 19, 0, tzinfo=UTC)), ledger)
    assert "to today, 02 Mar 2026. Days begin at midnight in the time zone Asia/Kolkata" in words_of(
        lead.get("/numbers").text
    )


def test_columns_reach_up_to_the_most_and_what_is_not_nothing_can_be_seen():
    picture = columns("Sent", "", [0, 1, 1000, None], ["a", "b", "c", "d"])
    assert [round(column.height, 1) for column in picture.columns] == [0, 1.5, 100, 0]
    assert picture.columns[2].y == 0


def test_the_pieces_of_a_bar_fill_it():
    drawn = pieces([("untouched", "sent untouched", 2), ("light", "lightly edited", 0), ("rejected", "rejected", 1)])
    assert [(piece.name, piece.words) for piece in drawn] == [
        ("untouched", "sent untouched: 2 of 3"),
        ("rejected", "rejected: 1 of 3"),
    ]
    assert drawn[-1].x + drawn[-1].width == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (0.2, "0 s"), (59.6, "1 min"), (61, "1 min"), (3600, "1 h"), (7800, "2 h 10 min"),
     (86400, "1 day"), (190000, "2 days 4 h")],
)  # fmt: skip
def test_durations_are_said_in_at_most_two_units(seconds: float | None, said: str):
    assert lasting(seconds) == said


def test_every_number_has_its_definition_and_its_csv_beside_it(ledger: SqlLedger):
    write_history(ledger, datetime.now(UTC), days=8, per_day=4, templates=3)
    lead = Lead(a_console(ledger), ledger)
    soup = BeautifulSoup(lead.get("/numbers?days=7").text, "html.parser")
    sections = soup.select("main section")
    assert [section.h2["id"] for section in sections] == ["days", "times", "templates", "findings", "questions"]
    for section in sections:
        assert len(section.select_one("h2 + p.small").get_text().split()) > 30, section.h2
        links = [str(a["href"]) for a in section.select("a[download]")]
        assert f"/numbers/{section.h2['id']}.csv?days=7" in links
        assert all(lead.get(link).status_code == 200 for link in links)


def test_the_page_holds_no_style_and_no_script_of_its_own(ledger: SqlLedger):
    write_history(ledger, datetime.now(UTC), days=8, per_day=4, templates=3)
    page = Lead(a_console(ledger), ledger).get("/numbers").text
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page)
