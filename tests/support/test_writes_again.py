"""Somebody writes again on an answered ticket: what they wrote themselves is answered, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.answering import QUESTION, an_answering_office
from tests.builders import a_message
from tests.desk import Office
from tests.support.guard.test_guards import a_candidate
from tests.support.test_pipeline import replies, ring, the_case
from worker.intake.mailtext import read, seen_and_hidden
from worker.models import Author, Status, Thread
from worker.support.guard import GUARDS

OURS = "A withdrawal from IM reaches your bank within 2 working days."
QUOTED = {
    "as Gmail quotes": (
        '<div dir="ltr"><br></div><div class="gmail_quote"><div>On Mon, 2 Mar 2026 at 12:03, Peerwell'
        f" &lt;support@peerwell.example&gt; wrote:<br></div><blockquote><p>{OURS}</p></blockquote></div>",
        "",
    ),
    "with an attribution": ("", f"On Mon, 2 Mar 2026, Peerwell <support@peerwell.example> wrote:\n> {OURS}\n"),
    "as Outlook quotes": (
        "",
        "From: Peerwell <support@peerwell.example>\nSent: Monday, 2 March 2026 12:03\nTo: Asha\nSubject: Re: Fee\n\n"
        + OURS,
    ),
    "with marks alone": ("", f"> {OURS}\n> \n> Warm regards\n"),
    "from a phone": (
        "",
        f"Sent from my iPhone\n\nOn 2 Mar 2026, Peerwell <support@peerwell.example> wrote:\n\n> {OURS}\n",
    ),
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def writes_again(office: Office, html: str = "", text: str = "") -> None:
    """After our answer, which the ticket then holds."""
    assert ring(office) == "send"
    [answer] = replies(office)
    ours = a_message(key="c1", html=answer, author=Author.DESKHAND, at=datetime(2026, 3, 2, 12, 3, tzinfo=UTC))
    again = a_message(text, key="c2", html=html, at=datetime(2026, 3, 2, 12, 9, tzinfo=UTC))
    now = office.helpdesk.thread_now
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, ours, again))


def found(office: Office) -> list[str]:
    _, draft, _ = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    return [finding.what for finding in draft.findings]


@pytest.mark.parametrize("how", QUOTED)
def test_an_answer_that_comes_back_quoted_is_not_sent_a_second_time(office: Office, how: str) -> None:
    writes_again(office, *QUOTED[how])
    assert ring(office) == "hold"
    assert the_case(office).status is Status.HELD
    assert len(replies(office)) == 1
    assert any("nothing but what it quotes" in what for what in found(office))


def test_the_same_question_asked_again_is_not_given_the_same_answer_again(office: Office) -> None:
    writes_again(office, text=QUESTION)
    assert ring(office) == "hold"
    assert "All of this was replied on this ticket before." in found(office)


def test_another_question_is_answered_although_the_answer_is_quoted_below(office: Office) -> None:
    html, _ = QUOTED["as Gmail quotes"]
    writes_again(office, html=html.replace("<br></div>", "Is there a lock-in for IM?</div>", 1))
    ring(office)
    assert not any("quotes" in what for what in found(office))


@pytest.mark.parametrize("how", QUOTED)
def test_a_mail_of_quotes_alone_stays_readable_and_is_known_for_what_it_is(how: str) -> None:
    words = read(*QUOTED[how])
    assert OURS in words.written
    assert not words.own


def test_an_empty_mail_quotes_nothing() -> None:
    assert read("", " \n").own


def test_numbered_steps_that_were_replied_before_are_known_although_a_mail_shows_them_as_a_list() -> None:
    steps = ("1. Open the app and go to Withdraw.", "2. Enter the amount.")
    before = seen_and_hidden("<ol><li>Open the app and go to Withdraw.</li><li>Enter the amount.</li></ol>")[0]
    said = [finding.what for finding in GUARDS["answered"](a_candidate(*steps, before=(before,)))]
    assert said == ["All of this was replied on this ticket before."]
