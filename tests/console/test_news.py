"""What an open page is told, what is refused because of it, and how a decision is taken back or taken over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bs4 import BeautifulSoup

from tests.builders import a_message, a_requester
from tests.console.seed import (
    LETTER,
    PASSAGE,
    TEMPLATE,
    Lead,
    a_console,
    a_conversation,
    a_letter_draft,
    fields_of,
    hold,
    status_of,
    words_of,
)
from tests.desk import ScriptedHelpdesk
from worker.adapters.store.ledger import SqlLedger
from worker.errors import Retryable
from worker.models import Author, Part, SendKind, SendState, Sentence, Status, TicketState
from worker.support.desk import Policy
from worker.support.fresh import overtaken
from worker.support.outgoing import Tags
from worker.support.reviewdesk import ReviewDesk

AS_WRITTEN = {TEMPLATE.source_id: TEMPLATE.version, PASSAGE.source_id: PASSAGE.version}


def watch(lead: Lead, case_id: str, **more: str) -> dict[str, Any]:
    page = BeautifulSoup(lead.get(f"/cases/{case_id}").text, "html.parser")
    section = page.select_one("[data-watch]")
    fields = {"csrf": str(page.select_one("[name=csrf]")["value"]), "draft_id": str(section["data-draft"])} | more
    return lead.send(str(section["data-watch"]), fields).json()


def test_leads_are_told_who_else_has_the_case_open(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    maya, vera = Lead(app, ledger, "maya"), Lead(app, ledger, "vera", "viewer")
    assert watch(maya, case_id)["others"] == []
    assert watch(vera, case_id)["others"] == ["maya"]
    assert "maya has this open too" in vera.get(f"/cases/{case_id}").text  # before any script has asked
    assert "maya has this open too" not in maya.get(f"/cases/{case_id}").text
    assert watch(maya, case_id) == {
        "others": ["vera"], "minder": "", "words": "",
        "over": False, "overtaken": False, "reload": False, "despite": "",
    }  # fmt: skip


def test_a_colleagues_answer_is_told_before_anything_is_sent_and_the_draft_can_be_put_away(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    answered = (*thread.messages, a_message("Done.", key="c9", author=Author.PERSON))
    case_id = hold(ledger, thread=thread)
    helpdesk = ScriptedHelpdesk(thread.model_copy(update={"messages": answered}))
    maya = Lead(a_console(ledger, helpdesk=helpdesk), ledger)
    told = watch(maya, case_id, first="1")
    assert told["words"] == "This draft cannot be sent any more: a colleague answered."
    assert (told["over"], told["overtaken"], told["reload"]) == (True, True, False)
    assert status_of(ledger, case_id) is Status.HELD  # looking changes nothing
    there = f"/cases/{case_id}"
    assert "cannot be sent any more: a colleague answered." in words_of(maya.get(there).text)
    assert maya.submit(there, f"{there}/put-away").headers["location"] == "/"
    assert "Put away." in maya.get("/").text
    assert status_of(ledger, case_id) is Status.SUPERSEDED


def test_a_draft_for_a_tickets_former_requester_is_to_be_written_anew_and_not_put_away(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    case_id = hold(ledger, thread=thread)
    helpdesk = ScriptedHelpdesk(thread)
    helpdesk.ticket_becomes(requester=a_requester(99, email="ravi@else.example"))
    maya = Lead(a_console(ledger, helpdesk=helpdesk), ledger)
    told = watch(maya, case_id, first="1")
    assert told["words"].endswith("another requester now, for whom it was not written. Ask for another draft.")
    assert (told["over"], told["overtaken"]) == (True, False)
    refused = maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").text
    assert told["words"] in words_of(refused)
    assert "data-put-away hidden" in refused
    assert "data-approve hidden" in refused
    assert status_of(ledger, case_id) is Status.HELD


def test_what_a_colleague_decided_while_the_ticket_was_read_is_told_and_not_that_it_was_put_away(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    answered = (*thread.messages, a_message("Done.", key="c9", author=Author.PERSON))
    case_id = hold(ledger, thread=thread)

    class Slow(ScriptedHelpdesk):
        def thread(self, *given: Any, **more: Any) -> Any:
            draft_id = ledger.cases.drafts(case_id)[-1][0]
            ledger.reviews.reject(case_id, draft_id, "The wrong product.", "ravi")
            return super().thread(*given, **more)

    maya = Lead(a_console(ledger, helpdesk=Slow(thread.model_copy(update={"messages": answered}))), ledger)
    there = f"/cases/{case_id}"
    page = maya.send(f"{there}/put-away", fields_of(maya.get(there).text, f"{there}/put-away"))
    assert page.status_code == 409
    assert "Already rejected by ravi." in words_of(page.text)
    assert status_of(ledger, case_id) is Status.REJECTED


def test_a_draft_that_fits_cannot_be_put_away(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    refused = maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/put-away")
    assert (refused.status_code, status_of(ledger, case_id)) == (409, Status.HELD)
    assert "this draft can still be sent" in refused.text


def test_a_ticket_is_read_once_for_a_look_and_the_approval_that_follows(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    case_id = hold(ledger, thread=thread)

    class Counted(ScriptedHelpdesk):
        read = 0

        def thread(self, ticket_id: int, *, known=None, first=False):
            self.read += 1
            return super().thread(ticket_id)

    helpdesk = Counted(thread)
    maya = Lead(a_console(ledger, helpdesk=helpdesk), ledger)
    watch(maya, case_id, first="1")
    assert maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").status_code == 303
    assert helpdesk.read == 1


def test_another_leads_decision_is_told(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    maya, tom = Lead(app, ledger, "maya"), Lead(app, ledger, "tom")
    draft_id = ledger.cases.drafts(case_id)[-1][0]
    csrf = fields_of(maya.get("/").text, "/logout")["csrf"]

    def told() -> str:
        return maya.send(f"/cases/{case_id}/watch", {"csrf": csrf, "draft_id": draft_id}).json()["words"]

    tom.submit(f"/cases/{case_id}", f"/cases/{case_id}/edit", text="By Tom.")
    assert told() == "There is a newer draft by tom. Please look at that one first."
    tom.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve")
    assert told() == "Already approved by tom."


def test_an_article_that_changed_is_told_and_approved_only_knowingly(ledger: SqlLedger):
    case_id = hold(ledger)
    index = dict(AS_WRITTEN)
    maya = Lead(a_console(ledger, versions=lambda ids: {i: index[i] for i in ids if i in index}), ledger)
    there = f"/cases/{case_id}"
    unaware = fields_of(maya.get(there).text, f"{there}/approve")
    assert watch(maya, case_id)["words"] == ""
    index[PASSAGE.source_id] = "another"

    told = watch(maya, case_id)
    assert told["words"].startswith(f"“{PASSAGE.title}” changed since this draft was written.")
    assert not told["over"]
    refused = maya.send(f"{there}/approve", unaware)
    assert refused.status_code == 409
    assert f"Not sent: “{PASSAGE.title.replace('>', '&gt;')}” changed" in refused.text
    knowing = fields_of(refused.text, f"{there}/approve")
    assert knowing["despite"] == told["despite"]
    assert "Approve all the same" in refused.text
    del index[TEMPLATE.source_id]  # one more, which she has not been shown
    assert maya.send(f"{there}/approve", knowing).status_code == 409
    index[TEMPLATE.source_id] = TEMPLATE.version
    assert maya.send(f"{there}/approve", knowing).status_code == 303


def test_an_index_that_does_not_answer_holds_nobody_up(ledger: SqlLedger):
    case_id = hold(ledger)

    def down(_: object) -> dict[str, str]:
        raise Retryable("no answer", part="milvus")

    maya = Lead(a_console(ledger, versions=down), ledger)
    assert watch(maya, case_id)["words"] == ""
    assert maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").status_code == 303


def test_an_approval_waits_and_can_be_taken_back(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger, policy=Policy(undo=timedelta(seconds=60)))
    maya, tom = Lead(app, ledger), Lead(app, ledger, "tom")
    onward = maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").headers["location"]
    assert app.state.enqueued == []  # a hint now would find it not due
    assert maya.submit(onward, f"/cases/{case_id}/undo").headers["location"] == f"/cases/{case_id}"
    assert status_of(ledger, case_id) is Status.HELD
    [send] = ledger.sends.of_case(case_id)
    assert send.state is SendState.DROPPED
    again = tom.send(f"/cases/{case_id}/undo", {"csrf": fields_of(tom.get("/").text, "/logout")["csrf"]})
    assert again.status_code == 409
    assert "Too late:" in again.text
    assert maya.submit(f"/cases/{case_id}", f"/cases/{case_id}/approve").status_code == 303


def test_a_preview_shows_what_saving_would_make_and_stores_nothing(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{case_id}"
    fields = fields_of(maya.get(there).text, f"{there}/edit")
    text = "In <b>two</b> days.\n\n- See https://peerwell.example/help\n- Or https://evil.example"
    made = maya.send(f"{there}/preview", fields | {"text": text}).json()
    letter = BeautifulSoup(made["page"], "html.parser").select_one(".letter")
    assert letter.b is None
    assert [a["href"] for a in letter.select("a")] == ["https://peerwell.example/help"]
    assert [li.get_text() for li in letter.select("li")] == [line[2:] for line in text.splitlines() if line[:1] == "-"]
    assert len(ledger.cases.drafts(case_id)) == 1
    assert maya.send(f"{there}/preview", fields | {"text": " "}).json() == {"hash": "", "page": ""}


def test_an_edit_is_saved_and_approved_at_once_only_as_it_was_previewed(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{case_id}"
    fields = fields_of(maya.get(there).text, f"{there}/edit") | {"then": "approve"}
    shown = maya.send(f"{there}/preview", fields | {"text": "In 2 days."}).json()["hash"]
    refused = maya.send(f"{there}/edit", fields | {"text": "In 9 days.", "shown": shown})
    assert refused.status_code == 409
    assert "Saved, but not sent" in refused.text
    fields = fields_of(maya.get(there).text, f"{there}/edit") | {"then": "approve"}
    assert maya.send(f"{there}/edit", fields | {"text": "In 2 days.", "shown": shown}).status_code == 303
    assert "In 2 days." in ledger.sends.of_case(case_id)[0].body_html


def test_a_session_that_ends_before_save_and_approve_leads_to_saving_only(ledger: SqlLedger):
    case_id = hold(ledger)
    app = a_console(ledger)
    maya, again = Lead(app, ledger), Lead(app, ledger)
    save = f"/cases/{case_id}/edit"
    fields = fields_of(maya.get(f"/cases/{case_id}").text, save) | {"text": "In 2 days.", "then": "approve"}
    fields["shown"] = maya.send(f"/cases/{case_id}/preview", fields).json()["hash"]
    maya.browser.cookies.clear()
    kept = fields_of(maya.send(save, fields).text, save)
    confirm = fields_of(again.send(save, kept).text, save)
    assert again.send(save, confirm).headers["location"] == f"/cases/{case_id}"
    assert "Saved. Read it once more, then approve it." in again.get(f"/cases/{case_id}").text
    assert status_of(ledger, case_id) is Status.HELD


def test_a_ticket_that_was_opened_again_can_be_answered_again(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    case_id = hold(ledger, thread=thread)
    helpdesk = ScriptedHelpdesk(thread)
    desk = ReviewDesk(ledger, Policy(), Tags(), lambda *_: LETTER, lambda *_: None, helpdesk)
    case = ledger.cases.get(case_id)
    assert case is not None
    helpdesk.ticket_becomes(state=TicketState.CLOSED)
    assert overtaken(desk, case) == overtaken(desk, case, trusted=0) == "the ticket was closed"
    helpdesk.ticket_becomes(state=TicketState.OPEN)
    assert overtaken(desk, case) == "the ticket was closed"
    assert overtaken(desk, case, trusted=0) == ""


def test_a_draft_is_good_again_once_what_the_customer_wrote_since_is_gone(ledger: SqlLedger):
    thread = a_conversation(1, "<p>When?</p>")
    case = ledger.cases.get(hold(ledger, thread=thread))
    assert case is not None
    helpdesk = ScriptedHelpdesk(thread)
    desk = ReviewDesk(ledger, Policy(), Tags(), lambda *_: LETTER, lambda *_: None, helpdesk)
    helpdesk.customer_writes_again()
    assert overtaken(desk, case) == "the customer wrote again"
    helpdesk.thread_now = thread
    assert overtaken(desk, case) == ""


def test_words_that_were_typed_are_kept_through_a_redraft(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{case_id}"
    maya.submit(there, f"{there}/redraft", hint="shorter", text="My own words.")
    (_, machines, _), (mine, kept, _) = ledger.cases.drafts(case_id)
    assert "My own words." in kept.body_text
    ledger.reviews.edit(case_id, mine, machines, "maya")  # stands for the draft that comes back
    page = maya.get(there).text
    assert f"/cases/{case_id}?from={mine}#edit" in page
    assert fields_of(maya.get(f"{there}?from={mine}").text, f"{there}/edit")["text"] == "My own words."


def test_a_ticket_that_is_taken_over_is_out_of_our_hands_until_it_is_given_back(ledger: SqlLedger):
    case_id = hold(ledger)
    maya = Lead(a_console(ledger), ledger)
    there = f"/cases/{case_id}"
    assert maya.submit(there, f"{there}/take-over").headers["location"] == there
    assert "Deskhand sends nothing more on it." in words_of(maya.get(there).text)
    assert status_of(ledger, case_id) is Status.HANDED_OVER
    [note] = ledger.sends.of_case(case_id)
    assert (note.kind, note.change.remove_tags) == (SendKind.HANDOVER_NOTE, ("deskhand-held",))
    assert "You answer this ticket." in words_of(maya.get(there).text)
    assert maya.submit(there, f"{there}/give-back").headers["location"] == there
    assert "Deskhand answers this ticket again" in words_of(maya.get(there).text)
    assert ledger.reviews.taken_by(1) == ""


def test_each_sentence_of_the_letter_is_tied_to_the_words_that_it_rests_on(ledger: SqlLedger):
    link = "See https://peerwell.example/fees for details of it."
    parts = (
        Part(question="?", sentences=(Sentence(text="- A list item of 10 words", sources=(PASSAGE.source_id,)),)),
        Part(question="??", sentences=(Sentence(text=link, sources=(TEMPLATE.source_id,)), Sentence(text="By hand."))),
    )
    case_id = hold(ledger, draft=a_letter_draft(parts, findings=()))
    page = BeautifulSoup(Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text, "html.parser")
    letter = page.select_one(".letter")
    said = {n: "".join(p.get_text() for p in letter.select(f'[data-s="{n}"]')) for n in (1, 2, 3)}
    assert said == {1: "A list item of 10 words", 2: link, 3: "By hand."}
    assert letter.select_one("a")["href"] == "https://peerwell.example/fees"
    assert [p["aria-describedby"] for p in letter.select("[tabindex]")] == ["rests-1", "rests-2", "rests-3"]
    assert page.select_one("#rests-3").get_text(strip=True) == "names no source"


def test_the_words_of_a_source_light_up_for_the_sentences_that_rest_on_them(ledger: SqlLedger):
    page = BeautifulSoup(Lead(a_console(ledger), ledger).get(f"/cases/{hold(ledger)}").text, "html.parser")
    lit = {words["data-lit"]: words.get_text() for words in page.select("[data-lit]")}
    assert lit == {
        "1": "A withdrawal from IM reaches your registered bank account within 2 working days.",
        "2": "A request before 14:00 IST on a working day is processed the same working day.",
        "3": "The first 3 withdrawals from IM in a calendar month are free.",
    }
    assert [mark.get_text() for mark in page.select(".letter mark")] == ["3 working days"]
