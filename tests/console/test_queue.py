"""The lists that a lead starts the day with."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tests.builders import a_requester
from tests.console.seed import FINDINGS, PASSAGE, Lead, a_console, a_conversation, a_letter_draft, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.queue import PAGE
from worker.console.words import when
from worker.models import Status


def a_ticket_of(ticket_id: int, email: str, subject: str, priority: int = 1):
    requester = a_requester(ticket_id, email=email)
    return a_conversation(ticket_id, "<p>When?</p>", subject, requester=requester, priority=priority)


def test_the_queue_shows_what_a_lead_chooses_by_most_urgent_first(ledger: SqlLedger):
    hold(ledger, 1, thread=a_ticket_of(1, "rohan@example.com", "Interest"), draft=a_letter_draft(findings=()))
    hold(ledger, 2, thread=a_ticket_of(2, "asha@example.com", "Hacked", priority=4))

    page = words_of(Lead(a_console(ledger), ledger).get("/").text)

    assert "2 drafts, most urgent first" in page
    urgent, other = page.index("asha@example.com"), page.index("rohan@example.com")
    assert urgent < other
    for shown in ("Hacked", "Urgent", "verified", "IM", f"{len(FINDINGS)} findings", "Figures and names, Questions"):
        assert shown in page[urgent:other]
    assert "Interest just now #1 verified IM no findings im-withdrawal-time" in page[other:]


def test_every_folder_says_how_many_cases_it_holds_and_lists_them(ledger: SqlLedger):
    hold(ledger, 1)
    hold(ledger, 2, thread=a_ticket_of(2, "legal@example.com", "My lawyer"), status=Status.HANDED_OVER)
    hold(ledger, 3, status=Status.IGNORED)
    maya = Lead(a_console(ledger), ledger)

    page = words_of(maya.get("/cases?status=handed_over").text)

    for folder in ("Waiting for review 1", "Handed over 1", "Set aside 1", "Sent 0"):
        assert folder in page
    assert "legal@example.com My lawyer" in page
    assert maya.get("/cases?status=nonsense").status_code == 404
    assert "No reply has been sent yet." in maya.get("/cases?status=sent").text


def test_a_long_queue_comes_in_pages(ledger: SqlLedger):
    for ticket_id in range(1, PAGE + 2):
        hold(ledger, ticket_id, thread=a_ticket_of(ticket_id, f"customer{ticket_id}@example.com", "Hi"))
    maya = Lead(a_console(ledger), ledger)
    first, second = maya.get("/").text, maya.get("/?page=2").text
    assert first.count('class="mail"') == PAGE
    assert second.count('class="mail"') == 1
    assert f"Page 2 of 2, {PAGE + 1} in all" in words_of(second)
    for nonsense in ("0", "-1", "x", "9" * 5000, "٣"):
        assert maya.get("/", params={"page": nonsense}).text.count('class="mail"') == PAGE


def test_a_page_behind_the_last_one_is_the_last_one(ledger: SqlLedger):
    hold(ledger, 1)
    hold(ledger, 2, thread=a_ticket_of(2, "legal@example.com", "My lawyer"), status=Status.HANDED_OVER)
    maya = Lead(a_console(ledger), ledger)
    assert "My lawyer" in maya.get("/cases?status=handed_over&page=999").text
    assert maya.get("/?page=999").text.count('class="mail"') == 1


def test_what_customers_write_is_never_markup(ledger: SqlLedger):
    hostile = "<script>alert(1)</script>"
    hold(ledger, 1, thread=a_ticket_of(1, f"{hostile}@example.com", hostile))
    page = Lead(a_console(ledger), ledger).get("/").text
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_notice_stands_on_every_page(ledger: SqlLedger):
    maya = Lead(a_console(ledger, notice="the sandbox composer, no language model"), ledger)
    for path in ("/", "/login", f"/cases/{hold(ledger)}", "/nowhere"):
        assert "the sandbox composer, no language model" in maya.get(path).text


def test_a_draft_whose_article_has_changed_says_so_in_the_queue_and_as_its_page_opens(ledger: SqlLedger):
    case_id, other = hold(ledger, 1), hold(ledger, 2)
    ledger.reviews.mark_stale({ledger.cases.drafts(case_id)[-1][0]: [PASSAGE.source_id]})
    maya = Lead(a_console(ledger), ledger)
    assert words_of(maya.get("/").text).count("article changed") == 1
    page = maya.get(f"/cases/{case_id}").text
    assert f"“{PASSAGE.title}” changed since this draft was written." in words_of(page)
    assert "Approve all the same" in page
    assert "changed since this draft was written" not in words_of(maya.get(f"/cases/{other}").text)


def test_a_stop_of_automatic_sending_is_told_with_who_since_when_and_why(ledger: SqlLedger):
    maya, tom = Lead(a_console(ledger), ledger), Lead(a_console(ledger), ledger, login="tom", role="viewer")
    hold(ledger)
    assert "Automatic sending is off" not in words_of(maya.get("/").text)
    ledger.earning.stop("Odd replies <b>today</b>.", "maya")
    stop = ledger.earning.stopped()
    assert stop is not None
    for path in ("/", "/?q=nothing", "/?mine=1"):
        page = tom.get(path).text
        assert (
            "Automatic sending is off: every draft waits for one of you."
            f" maya stopped it {when(stop.at)} : Odd replies <b>today</b>. Gate" in words_of(page)
        ), path
        assert "<b>today" not in page
        line = BeautifulSoup(page, "html.parser").select_one("#stopped")
        assert line is not None
        assert [a["href"] for a in line("a")] == ["/gate"]
    ledger.earning.go_on("root")
    assert "Automatic sending is off" not in words_of(maya.get("/").text)
