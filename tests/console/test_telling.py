"""What a lead is told of her own decisions: of what really happened, and of what came to nothing afterwards."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from tests.builders import a_finding
from tests.console.seed import Lead, a_console, fields_of, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.models import Status
from worker.ports import MAY_BE_THERE
from worker.support.compose import Judged
from worker.support.desk import Policy
from worker.support.keptback import CALM, IN_SHADOW

MINUTE = Policy(undo=timedelta(minutes=1))
APPROVED = "Approved. The reply is on its way."


def approved(lead: Lead, case_id: str) -> str:
    """Where she comes to after the approval."""
    return str(lead.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").headers["location"])


def stopped(ledger: SqlLedger, case_id: str, reason: str) -> None:
    assert ledger.cases.advance(case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=[reason])


def test_an_approval_is_told_as_long_as_it_can_be_taken_back_and_never_after_that(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger, policy=MINUTE), ledger)
    onward = approved(maya, case_id)
    assert onward == "/"
    for _ in range(2):  # the page may be loaded again
        assert APPROVED in maya.get(onward).text
    back = maya.submit(onward, f"/cases/{case_id}/undo").headers["location"]
    assert "Taken back. Nothing was sent." in maya.get(back).text
    for path in (back, onward):
        assert maya.get(path).text.count('class="done"') == 0


def test_without_time_to_take_it_back_an_approval_is_told_once(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    onward = approved(maya, case_id)
    assert [APPROVED in maya.get(onward).text for _ in range(2)] == [True, False]


def test_an_approval_that_is_stopped_while_its_page_is_made_is_not_told_both_ways(ledger: SqlLedger, monkeypatch):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger, policy=MINUTE), ledger)
    onward = approved(maya, case_id)
    leaves_in = ledger.reviews.leaves_in

    def then_stopped(one: str) -> timedelta | None:
        found = leaves_in(one)
        if ledger.cases.get(case_id).status is Status.APPROVED:
            stopped(ledger, case_id, "Not sent: the ticket was closed.")
        return found

    monkeypatch.setattr(ledger.reviews, "leaves_in", then_stopped)
    first = maya.get(onward).text
    assert (APPROVED in first, "was not sent" in first) == (True, False)
    second = maya.get(onward).text
    assert "was not sent: the ticket was closed." in second


def undos(page: str) -> list[str]:
    return [str(form["action"]) for form in BeautifulSoup(page, "html.parser").select("form[data-undo]")]


def test_each_of_two_approvals_can_be_taken_back_where_it_is_named(ledger: SqlLedger):
    first, second = hold(ledger, 101), hold(ledger, 102)
    app = a_console(ledger, policy=MINUTE)
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    approved(maya, first)
    onward = approved(maya, second)
    assert undos(maya.get(onward).text) == [f"/cases/{second}/undo"]
    assert f"{APPROVED} Ticket 102 , asha@example.com: Withdrawal not here yet" in words_of(maya.get(onward).text)
    assert undos(maya.get(f"/cases/{first}").text) == [f"/cases/{first}/undo"]
    assert "Approved by maya. The reply is on its way. Ticket 101" in words_of(tom.get(f"/cases/{first}").text)
    assert undos(tom.get("/").text) == []

    back = str(maya.submit(onward, f"/cases/{second}/undo").headers["location"])
    page = maya.get(back).text
    assert "Taken back. Nothing was sent." in page
    assert undos(page) == undos(maya.get("/").text) == [f"/cases/{first}/undo"]


def test_no_address_says_that_something_was_done(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    for path in ("/?done=rejected", f"/cases/{case_id}?done=approved&of={case_id}"):
        assert 'class="done"' not in maya.get(path).text
    for forged in ("approved:nope:", "approved", f"approved:{case_id}:", "robbed::"):
        maya.browser.cookies.set("deskhand_done", forged)
        assert 'class="done"' not in maya.get("/").text


def two_who_approved(ledger: SqlLedger) -> tuple[Lead, Lead, str, str]:
    """Maya and Tom, and the cases that each of them has just approved."""
    first, second = hold(ledger, 101), hold(ledger, 102)
    app = a_console(ledger, policy=MINUTE)
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    approved(maya, first)
    approved(tom, second)
    maya.get("/")
    return maya, tom, first, second


def test_an_approval_that_did_not_leave_is_told_to_whoever_gave_it_once(ledger: SqlLedger):
    maya, tom, first, second = two_who_approved(ledger)
    stopped(ledger, first, "Not sent: the customer wrote again.")
    page = tom.get("/").text
    assert "was not sent" not in page
    told = maya.get("/told").json()
    assert told["login"] == "maya"
    assert "Your approval on ticket 101 was not sent: the customer wrote again." in words_of(told["page"])
    assert f"/cases/{first}" in told["page"]
    assert maya.get("/told").json()["page"] == ""
    stopped(ledger, second, "Not sent: a colleague answered.")
    assert "ticket 102 was not sent: a colleague answered." in words_of(tom.get(f"/cases/{first}").text)
    assert "was not sent" not in tom.get("/").text


def test_what_did_not_arrive_is_told_again_and_on_a_shared_browser_to_whom_it_concerns(ledger: SqlLedger):
    maya, tom, first, second = two_who_approved(ledger)
    stopped(ledger, first, "Not sent: the customer wrote again.")
    stopped(ledger, second, "Not sent: a colleague answered.")
    before = dict(maya.browser.cookies)
    for path in ("/told", "/", f"/cases/{first}"):
        assert "ticket 101 was not sent" in words_of(maya.get(path).text)
        [heard] = set(maya.browser.cookies) - set(before)
        arrived = maya.browser.cookies[heard]
        carries(maya, before)  # she had gone on when the answer came
    carries(tom, dict(tom.browser.cookies) | {heard: arrived})
    assert "ticket 102 was not sent" in words_of(tom.get("/told").text), "maya heard of hers there, and he did not"
    for forged in ("9999999999999999", "9999999999999999-0000000000000000", "nonsense"):
        carries(maya, before | {heard: forged})
        assert "ticket 101 was not sent" in words_of(maya.get("/told").text)
    carries(maya, before | {heard: arrived})
    assert maya.get("/told").json()["page"] == ""
    assert set(maya.browser.cookies) == set(before)


def carries(lead: Lead, cookies: dict[str, str]) -> None:
    lead.browser.cookies.clear()
    for name, value in cookies.items():
        lead.browser.cookies.set(name, value, domain="localhost.local", path="/")


def test_a_draft_of_which_another_one_was_asked_for_says_so_and_what_approving_means(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    there = f"/cases/{case_id}"
    assert "asked for another draft" not in maya.get(there).text
    maya.submit(there, f"{there}/redraft", hint="Mention the fee")
    assert "You asked for another draft" in words_of(maya.get(there).text)
    page = words_of(tom.get(there).text)
    assert "maya asked for another draft" in page
    assert "“Mention the fee”" in page
    assert "If you approve now, this draft is sent, and the other one is not written." in page


def test_refused_words_cannot_take_the_place_of_a_draft_that_nobody_has_read(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    there, save = f"/cases/{case_id}", f"/cases/{case_id}/edit"
    mine = fields_of(maya.get(there).text, save) | {"text": "My words."}
    tom.submit(there, save, text="By Tom.")
    refused = maya.send(save, mine)
    for _ in range(2):  # what its form sends by itself is refused again
        assert refused.status_code == 409
        assert "Newer draft by tom" in words_of(refused.text)
        assert "/approve" not in refused.text
        again = fields_of(refused.text, save)
        assert again["text"] == "My words."
        refused = maya.send(save, again | {"then": "approve"})
    [button] = BeautifulSoup(refused.text, "html.parser").select("button[name=draft_id]")
    [reload] = BeautifulSoup(refused.text, "html.parser").select("[data-reload]")
    assert maya.get(str(reload["href"])).status_code == 200
    assert maya.send(save, again | {"draft_id": str(button["value"])}).status_code == 303
    assert "My words." in ledger.cases.drafts(case_id)[-1][1].body_text


def test_a_preview_speaks_of_its_own_sentences(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{case_id}"
    page = maya.get(there).text
    text = "One sentence before. " + fields_of(page, f"{there}/edit")["text"]
    fields = {"csrf": fields_of(page, f"{there}/edit")["csrf"], "text": text}
    preview = BeautifulSoup(maya.send(f"{there}/preview", fields).json()["page"], "html.parser")
    stored = BeautifulSoup(page, "html.parser")
    own = {str(tag["id"]) for tag in preview.select("[id]")}
    assert own.isdisjoint({str(tag["id"]) for tag in stored.select("[id]")})
    led = {str(a["href"]).removeprefix("#") for a in preview.select(".findings a")}
    assert led == {"preview-s2"}  # the sentence that was the first one
    assert {str(said["aria-describedby"]) for said in preview.select("[aria-describedby]")} <= own
    assert led <= own
    assert "3 working days" in words_of(str(preview.select_one("#preview-s2")))


def test_a_preview_with_more_findings_than_it_lists_says_how_many_there_are(ledger: SqlLedger):
    case_id = hold(ledger)
    found = [a_finding("exact", f"Finding {n}.") for n in range(1861)]
    maya = Lead(a_console(ledger, judge=lambda *_: Judged(tuple(found))), ledger)
    fields = fields_of(maya.get(f"/cases/{case_id}").text, f"/cases/{case_id}/edit") | {"text": "Another text."}
    preview = words_of(maya.send(f"/cases/{case_id}/preview", fields).json()["page"])
    assert "1,861 findings" in preview
    assert "and 1,811 more, which are not listed" in preview


def an_attempt(ledger: SqlLedger, case_id: str, *, nothing_left: bool) -> None:
    """A worker begins to post the reply; how that ends is uncertain, or certain."""
    [send_id] = [send.send_id for send in ledger.sends.of_case(case_id)]
    send = ledger.sends.claim(send_id, timedelta(minutes=1))
    assert send is not None
    ledger.sends.intend(send_id, send.epoch)
    ledger.sends.park(send_id, send.epoch, timedelta(0), "Cut.", failed=False, nothing_left=nothing_left)


def queued_after_doubt(ledger: SqlLedger, maya: Lead, case_id: str) -> str:
    """Approved, one attempt in doubt, queued again; where she came to after the approval."""
    onward = approved(maya, case_id)
    an_attempt(ledger, case_id, nothing_left=False)
    an_attempt(ledger, case_id, nothing_left=True)
    return onward


def test_a_reply_that_may_have_arrived_cannot_be_undone_and_nobody_says_that_nothing_was_sent(ledger: SqlLedger):
    case_id = hold(ledger, 101)
    maya = Lead(a_console(ledger), ledger)
    onward = queued_after_doubt(ledger, maya, case_id)
    assert undos(maya.get(onward).text) == undos(maya.get(f"/cases/{case_id}").text) == []
    [csrf, *_] = BeautifulSoup(maya.get(onward).text, "html.parser").select("input[name=csrf]")
    answer = maya.send(f"/cases/{case_id}/undo", {"csrf": str(csrf["value"])})  # as a page that was open would
    assert "Nothing was sent" not in answer.text
    assert f"Too late: Already approved by maya.{MAY_BE_THERE}" in words_of(answer.text)


def test_a_colleague_who_stops_a_reply_that_may_have_arrived_is_told_so_and_so_is_who_approved_it(ledger: SqlLedger):
    case_id = hold(ledger, 101)
    app = a_console(ledger)
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    maya.get(queued_after_doubt(ledger, maya, case_id))
    assert ledger.reviews.take_over(case_id, "tom", "Tom answers.")
    assert f"Tom answers.{MAY_BE_THERE}" in words_of(tom.get(f"/cases/{case_id}").text)
    told = words_of(maya.get("/told").json()["page"])
    assert f"Your approval on ticket 101 was stopped: tom answers.{MAY_BE_THERE}" in told


def test_a_rejection_after_an_attempt_in_doubt_does_not_say_that_nothing_was_sent(ledger: SqlLedger):
    case_id = hold(ledger, 101)
    maya = Lead(a_console(ledger), ledger)
    queued_after_doubt(ledger, maya, case_id)
    [send] = ledger.sends.of_case(case_id)
    claimed = ledger.sends.claim(send.send_id, timedelta(minutes=1))
    assert claimed is not None
    ledger.sends.drop(send.send_id, claimed.epoch, f"Not sent: paused.{MAY_BE_THERE}", case_to=Status.HELD)
    back = maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/reject", reason="Wrong.").headers["location"]
    page = words_of(maya.get(str(back)).text)
    assert f"Rejected.{MAY_BE_THERE}" in page
    assert "Nothing was sent" not in page
    note = ledger.sends.of_case(case_id)[-1]
    assert MAY_BE_THERE in note.body_html, "whoever answers by hand would answer twice"


def test_an_approval_that_shadow_mode_keeps_back_is_not_said_to_be_on_its_way(ledger: SqlLedger):
    case_id = hold(ledger, 101)
    maya = Lead(a_console(ledger), ledger)
    approved(maya, case_id)
    [send] = ledger.sends.of_case(case_id)
    claimed = ledger.sends.claim(send.send_id, timedelta(minutes=1))
    assert claimed is not None
    ledger.sends.park(send.send_id, claimed.epoch, CALM, IN_SHADOW, failed=False, nothing_left=False)
    page = words_of(maya.get(f"/cases/{case_id}").text)
    assert "Approved. The reply waits until shadow mode ends." in page
    assert f"queued {IN_SHADOW}" in page
    assert undos(maya.get(f"/cases/{case_id}").text) == [f"/cases/{case_id}/undo"]
