"""What was promised, where a lead sees it: on the case, and in a list by the day; and the mark that it is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import NOON, a_reply
from tests.console.seed import Lead, a_console, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.promises import in_words
from worker.models import MadePromise, Posted, Promise

REFUND = Promise(
    act="payment", words="We will refund Rs 10 within 5 working days.", due=date(2026, 11, 27), period="5 working days"
)
CALL = Promise(act="call", words="A colleague will call you.")
NOW = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)


def sent(ledger: SqlLedger, ticket_id: int, *promises: Promise) -> str:
    """A case whose reply, approved by tom, went out with these promises; its id."""
    case_id = hold(ledger, ticket_id)
    draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
    reply = a_reply(body_hash=draft.body_hash)
    send_id = ledger.reviews.approve(case_id, draft_id, draft.body_hash, reply, "tom")
    assert send_id is not None
    send = ledger.sends.claim(send_id, timedelta(seconds=60))
    assert send is not None
    ledger.sends.intend(send_id, send.epoch)
    assert ledger.sends.posted(send_id, send.epoch, Posted(remote_id=str(ticket_id), at=NOON), promises)
    return case_id


def test_a_case_says_what_was_promised_and_by_when(ledger: SqlLedger) -> None:
    case_id = sent(ledger, 1234, REFUND, CALL)
    page = words_of(Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text)
    assert "We promised refund by 27 Nov (5 working days) , #1234" in page
    assert "call, no day named , #1234" in page
    assert "“We will refund Rs 10 within 5 working days.”" in page
    assert "by tom" in page
    assert "Before you close the ticket" in page


def test_a_case_without_a_promise_says_nothing_of_promises(ledger: SqlLedger) -> None:
    case_id = hold(ledger, 7)
    assert "We promised" not in Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text


def test_the_list_has_the_first_due_first_and_says_what_is_late(ledger: SqlLedger) -> None:
    sent(ledger, 3, CALL)
    sent(ledger, 2, REFUND)
    sent(ledger, 1, REFUND.model_copy(update={"due": date(2026, 11, 26)}))
    page = words_of(Lead(a_console(ledger, now=lambda: NOW), ledger).get("/promises").text)
    assert "3 not kept yet" in page
    assert page.index("26 Nov 2026 overdue") < page.index("27 Nov 2026 today") < page.index("no day")
    assert page.index("#1") < page.index("#2") < page.index("#3")


def test_a_long_list_comes_in_pages(ledger: SqlLedger) -> None:
    sent(ledger, 1, *[CALL.model_copy(update={"words": f"We will call you {n} times."}) for n in range(51)])
    lead = Lead(a_console(ledger), ledger)
    assert "Page 1 of 2, 51 in all" in words_of(lead.get("/promises").text)
    assert "We will call you 50 times." in words_of(lead.get("/promises?page=9").text)


def test_a_reviewer_marks_it_as_kept_once_and_it_is_audited(ledger: SqlLedger) -> None:
    case_id = sent(ledger, 1234, REFUND, CALL)
    refund, call = ledger.promises.of_ticket(1234)
    maya = Lead(a_console(ledger), ledger)
    on_case = maya.submit(f"/cases/{case_id}", f"/promises/{refund.promise_id}/kept")
    assert on_case.headers["location"] == f"/cases/{case_id}#promised"
    assert ledger.reviews.audit_log(1)[0]["action"] == "promise kept"
    assert "kept: maya" in words_of(maya.get(f"/cases/{case_id}").text)
    fields = {"csrf": "x"}
    assert maya.send(f"/promises/{refund.promise_id}/kept", fields).status_code in (403, 409)
    assert maya.submit("/promises", f"/promises/{call.promise_id}/kept").headers["location"] == "/promises"
    assert "Nothing that was promised is open." in maya.get("/promises").text


def test_a_viewer_sees_promises_and_cannot_mark_them(ledger: SqlLedger) -> None:
    case_id = sent(ledger, 1234, REFUND)
    [refund] = ledger.promises.of_ticket(1234)
    viewer = Lead(a_console(ledger), ledger, role="viewer")
    for page in ("/promises", f"/cases/{case_id}"):
        assert f"/promises/{refund.promise_id}/kept" not in viewer.get(page).text
    assert ledger.promises.count_open() == 1


@pytest.mark.parametrize(
    ("promise", "told"),
    [
        (REFUND, "refund by 27 Nov (5 working days)"),
        (REFUND.model_copy(update={"words": "We will pay it by Friday.", "period": "Friday"}), "payment by 27 Nov"),
        (REFUND.model_copy(update={"due": None}), "refund, 5 working days after something else"),
        (CALL, "call, no day named"),
    ],
)
def test_a_promise_in_a_few_words(promise: Promise, told: str) -> None:
    made = MadePromise(
        **promise.model_dump(), promise_id="p", case_id="c", send_id="s", ticket_id=1, made_at=NOON, made_by=""
    )
    assert in_words(made) == told
