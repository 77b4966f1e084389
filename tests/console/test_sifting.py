"""Finding the drafts that matter: filters, search, neighbours, and counts that a page asks for."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tests.builders import a_requester, an_identity
from tests.console.seed import (
    ASHA,
    Lead,
    a_console,
    a_conversation,
    a_full_trace,
    a_letter_draft,
    fields_of,
    hold,
    words_of,
)
from worker.adapters.store.ledger import SqlLedger
from worker.console.queue import PAGE
from worker.models import Status, Strength


def a_held(ledger: SqlLedger, ticket_id: int, subject: str, priority: int = 1, **draft: object) -> str:
    requester = a_requester(ticket_id, email=f"customer{ticket_id}@example.com")
    thread = a_conversation(ticket_id, "<p>When?</p>", subject, requester=requester, priority=priority)
    return hold(ledger, ticket_id, thread=thread, draft=a_letter_draft(**draft))


def subjects(page: str) -> list[str]:
    return [found.get_text() for found in BeautifulSoup(page, "html.parser").select("a.mail .subject")]


def test_the_queue_is_sifted_by_choices_in_its_address(ledger: SqlLedger):
    a_held(ledger, 1, "One", findings=())
    a_held(ledger, 2, "Two", template_id="fees")
    maya = Lead(a_console(ledger), ledger)
    assert subjects(maya.get("/?finding=-").text) == ["One"]
    assert subjects(maya.get("/?template=fees").text) == ["Two"]
    assert subjects(maya.get("/?sure=verified&segment=IM").text) == ["One", "Two"]
    assert subjects(maya.get("/?sure=nonsense&page=1").text) == ["One", "Two"]
    page = words_of(maya.get("/?template=fees").text)
    assert "1 draft chosen" in page
    assert "Template: fees" in page


def test_a_menu_tells_how_many_drafts_each_choice_has_and_keeps_the_other_choices(ledger: SqlLedger):
    a_held(ledger, 1, "One", findings=())
    a_held(ledger, 2, "Two")
    page = BeautifulSoup(Lead(a_console(ledger), ledger).get("/?sure=verified&q=when").text, "html.parser")
    menu = next(m for m in page.select(".menu") if m.summary.get_text(strip=True).startswith("Finding"))
    choices = {" ".join(a.get_text(" ").split()): a["href"] for a in menu.select("a")}
    assert choices == {
        "no findings 1": "/?sure=verified&q=when&finding=-",
        "Questions 1": "/?sure=verified&q=when&finding=answered",
        "Figures and names 1": "/?sure=verified&q=when&finding=exact",
    }


def test_a_menu_counts_only_what_the_other_choices_leave(ledger: SqlLedger):
    a_held(ledger, 1, "One", findings=(), template_id="fees")
    a_held(ledger, 2, "Two")
    maya = Lead(a_console(ledger), ledger)

    def options(path: str, title: str) -> list[str]:
        menus = BeautifulSoup(maya.get(path).text, "html.parser").select(".menu")
        menu = next(m for m in menus if m.summary.get_text(strip=True).startswith(title))
        return [" ".join(a.get_text(" ").split()) for a in menu.select("a")]

    assert options("/?template=fees", "Finding") == ["no findings 1"]
    assert options("/?template=fees", "Template") == ["All", "fees 1", "im-withdrawal-time 1"]
    assert options("/?template=fees&finding=exact", "Finding") == ["All", "no findings 1", "Figures and names 0"]
    assert options("/?q=nothing+such", "Product") == []


def test_a_search_finds_by_ticket_sender_and_words_and_says_what_does_not_wait(ledger: SqlLedger):
    a_held(ledger, 4711, "My money")
    a_held(ledger, 12, "Other")
    hold(ledger, 99, status=Status.HANDED_OVER)
    maya = Lead(a_console(ledger), ledger)
    for words in ("4711", "#4711", "customer4711@example.com", "MY MONEY"):
        assert subjects(maya.get("/", params={"q": words}).text) == ["My money"]
    assert "No draft that waits is like that." in maya.get("/?q=nothing+such").text
    page = words_of(maya.get("/?q=99").text)
    assert "Ticket 99, not waiting" in page
    assert "Handed over" in page


def test_a_ticket_is_found_as_pages_name_it_and_each_row_says_which_one_it_is(ledger: SqlLedger):
    a_held(ledger, 18, "About 99")
    a_held(ledger, 21, "My money")
    hold(ledger, 99, status=Status.HANDED_OVER)
    maya = Lead(a_console(ledger), ledger)
    for words in ("21", "#21", "ticket 21"):
        assert subjects(maya.get("/", params={"q": words}).text) == ["My money"]
    page = BeautifulSoup(maya.get("/?q=ticket+99").text, "html.parser")
    assert [row.get_text() for row in page.select("a.mail .ticket")] == ["#99", "#18"]
    assert "Ticket 99, not waiting" in words_of(str(page))
    assert "#99" in words_of(maya.get("/cases?status=handed_over").text)


def test_a_lead_keeps_a_draft_for_herself_and_finds_it_among_hers(ledger: SqlLedger):
    first, second = a_held(ledger, 1, "One"), a_held(ledger, 2, "Two")
    app = a_console(ledger)
    maya, tom = Lead(app, ledger, "maya"), Lead(app, ledger, "tom")
    maya.submit(f"/cases/{second}", f"/cases/{second}/mind")
    assert subjects(maya.get("/?mine=1").text) == ["Two"]
    assert subjects(tom.get("/?mine=1").text) == []
    assert "maya" in words_of(tom.get("/").text)
    maya.submit(f"/cases/{second}", f"/cases/{second}/mind")
    assert subjects(maya.get("/?mine=1").text) == []
    assert [e["action"] for e in ledger.reviews.audit_log() if e["subject"] in (first, second)] == ["mind", "mind"]


def test_after_a_decision_the_next_draft_of_the_chosen_ones_is_shown(ledger: SqlLedger):
    first, _, third = (a_held(ledger, n, f"No {n}", template_id=t) for n, t in ((1, "a"), (2, "b"), (3, "a")))
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{first}?template=a"
    page = maya.get(there).text
    assert "1 of 2 chosen" in words_of(page)
    assert f'href="/cases/{third}?template=a"' in page
    onward = maya.submit(there, f"/cases/{first}/approve").headers["location"]
    assert onward == f"/cases/{third}?template=a"
    assert maya.submit(onward, f"/cases/{third}/reject", reason="No.").headers["location"] == "/?template=a"
    assert "Rejected. Nothing was sent." in maya.get("/?template=a").text
    assert maya.get("/next?template=b").headers["location"].endswith("?template=b")
    assert maya.get("/next?template=a").headers["location"] == "/?template=a"


def test_only_a_case_of_the_queue_has_a_place_in_it(ledger: SqlLedger):
    waiting = [a_held(ledger, n, f"No {n}") for n in (1, 2)]
    elsewhere = hold(ledger, 3, status=Status.HANDED_OVER)
    maya = Lead(a_console(ledger), ledger)
    assert "1 of 2 Next" in words_of(maya.get(f"/cases/{waiting[0]}").text)
    page = BeautifulSoup(maya.get(f"/cases/{elsewhere}").text, "html.parser")
    assert [a.get_text() for a in page.select(".crumb a")] == ["← Queue"]
    assert page.select(".place") == []


def test_the_last_draft_of_the_queue_leads_to_its_top(ledger: SqlLedger):
    first, last = a_held(ledger, 1, "One"), a_held(ledger, 2, "Two")
    maya = Lead(a_console(ledger), ledger)
    assert maya.submit(f"/cases/{last}", f"/cases/{last}/approve").headers["location"] == f"/cases/{first}"


def test_counts_tell_an_open_queue_what_came_in_since_it_was_made(ledger: SqlLedger):
    a_held(ledger, 1, "One")
    maya = Lead(a_console(ledger), ledger)
    since = BeautifulSoup(maya.get("/").text, "html.parser").select_one("[data-since]")["data-since"]
    assert maya.get(f"/counts?since={since}").json()["new"] == 0
    a_held(ledger, 2, "Two", template_id="fees")
    told = maya.get(f"/counts?since={since}").json()
    assert (told["counts"]["held"], told["new"]) == (2, 1)
    assert maya.get(f"/counts?template=fees&since={since}").json()["new"] == 1
    assert maya.get(f"/counts?template=nothing&since={since}").json()["new"] == 0
    for nonsense in ("", "x", "-1", "nan", "1e9"):
        assert maya.get("/counts", params={"since": nonsense}).json()["new"] == 0


def test_a_draft_that_only_moved_up_is_not_new(ledger: SqlLedger):
    cases = [a_held(ledger, n, f"No {n}") for n in range(1, PAGE + 2)]
    app = a_console(ledger)
    maya, tom = Lead(app, ledger, "maya"), Lead(app, ledger, "tom")
    page = BeautifulSoup(maya.get("/").text, "html.parser")
    assert cases[-1] not in str(page)
    tom.submit(f"/cases/{cases[0]}", f"/cases/{cases[0]}/reject", reason="No.")
    assert cases[-1] in maya.get("/").text
    assert maya.get(f"/counts?since={page.select_one('[data-since]')['data-since']}").json()["new"] == 0


def test_somebody_who_wrote_before_is_shown_with_what_we_answered(ledger: SqlLedger):
    trace = a_full_trace(an_identity(Strength.VERIFIED, ASHA))
    earlier = hold(ledger, 1, thread=a_conversation(1, "<p>When?</p>", "The first time"), trace=trace)
    now = hold(ledger, 2, thread=a_conversation(2, "<p>And now?</p>", "The second time"), trace=trace)
    maya = Lead(a_console(ledger), ledger)
    maya.submit(f"/cases/{earlier}", f"/cases/{earlier}/approve")
    page = words_of(maya.get(f"/cases/{now}").text)
    assert "Earlier from the same person The first time on its way" in page
    csrf = fields_of(maya.get("/").text, "/logout")["csrf"]
    assert maya.send("/cases/nope/watch", {"csrf": csrf}).status_code == 404
