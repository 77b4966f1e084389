"""A mail that was forwarded with a covering line: the rules see what was forwarded, and a person reads it first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answering import QUESTION, Copyist, an_answering_office
from tests.builders import NOON, a_message, a_thread, a_ticket, minutes
from tests.desk import Office
from tests.support.test_pipeline import notes, replies, ring, the_case
from worker.models import Thread
from worker.support.pipeline import words_of

MARKER = "---------- Forwarded message ---------"
HEAD = "From: Asha <asha@x.example>\nSent: Monday, 2 March 2026\nTo: Ravi\nSubject: Question"
PLEA = "Could you please have a look at this for me?"
THREAT = "I will sue Peerwell and complain to SEBI."
HELD = "A mail was forwarded with a covering line: the draft answers the line, and knows nothing of the mail."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def writes(office: Office, text: str, subject: str = "Withdrawal") -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(text, html=""), subject=subject)


def forwards(office: Office, line: str, mail: str) -> None:
    writes(office, f"{line}\n\n{MARKER}\n{HEAD}\n\n{mail}")


def found(office: Office) -> list[str]:
    _, draft, _ = office.ledger.cases.drafts(the_case(office).case_id)[-1]
    return [finding.what for finding in draft.findings]


def test_an_answer_to_the_covering_line_alone_waits_for_a_person(office: Office) -> None:
    forwards(office, f"Team, please just tell him: {QUESTION}", PLEA)

    assert ring(office) == "hold"

    assert found(office) == [HELD]
    assert not replies(office)
    assert HELD in notes(office)[0]
    assert isinstance(office.desk.writer, Copyist)
    assert PLEA not in office.desk.writer.prompts[0]


@pytest.mark.parametrize("line", [QUESTION, "FYI"])
def test_a_threat_that_was_forwarded_is_handed_over_like_one_that_was_written(office: Office, line: str) -> None:
    forwards(office, line, THREAT)
    assert ring(office) == "hand_over"
    forwarded = the_case(office).reasons

    office.helpdesk.thread_now = a_thread(1, a_message(THREAT, key="c9", at=NOON + minutes(9)))
    assert ring(office) == "hand_over"
    assert forwarded == the_case(office).reasons


def test_the_trace_tells_where_the_words_stood_and_not_what_they_were(office: Office) -> None:
    forwards(office, QUESTION, THREAT)
    assert ring(office) == "hand_over"
    trace = office.ledger.cases.trace(the_case(office).case_id)
    assert trace is not None
    assert {asked.why.endswith(", in what was forwarded") for asked in trace.asked if asked.hit} == {True}
    assert THREAT not in trace.model_dump_json()


def test_a_rule_that_looks_at_a_whole_message_still_knows_the_covering_line(office: Office) -> None:
    forwards(office, "Human please", PLEA)
    assert ring(office) == "hand_over"


def test_a_forwarded_absence_note_does_not_take_the_question_above_it_along(office: Office) -> None:
    forwards(office, QUESTION, "This is an automated reply. I am away.")
    assert ring(office) == "hold"


def test_thanks_above_a_forwarded_complaint_are_not_all_that_was_said(office: Office) -> None:
    forwards(office, "Thanks", THREAT)
    assert ring(office) == "hand_over"


def test_thanks_alone_are_left_alone(office: Office) -> None:
    writes(office, "Thanks")
    assert ring(office) == "ignore"


def test_a_forwarded_mail_before_a_question_is_not_left_out_though_only_thanks_stand_above_it(office: Office) -> None:
    forwards(office, "Thanks", PLEA)
    now = office.helpdesk.thread_now
    asks = a_message(QUESTION, key="c2", at=NOON + minutes(5))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, asks))
    assert ring(office) == "hold"
    assert HELD in found(office)


OUTLOOK = f"{QUESTION}\n\n{HEAD}\n\n{PLEA}"


def test_outlooks_forward_is_known_by_the_subject_of_the_mail_that_opened_the_ticket(office: Office) -> None:
    writes(office, OUTLOOK, subject="FW: Question")
    assert ring(office) == "hold"
    assert found(office) == [HELD]


@pytest.mark.parametrize("subject", ["RE: FW: Question", "Question"])
def test_outlooks_quote_below_an_answer_is_no_forward(office: Office, subject: str) -> None:
    writes(office, OUTLOOK, subject=subject)
    assert ring(office) == "send"


def test_what_follows_on_a_ticket_that_began_with_a_forward_passes_nothing_on_for_that(office: Office) -> None:
    later = a_message(OUTLOOK, key="c4", html="", at=NOON + minutes(4))
    office.helpdesk.thread_now = a_thread(1, later, subject="FW: Question")
    assert ring(office) == "send"


def test_numbers_that_nobody_should_keep_are_masked_in_what_was_forwarded() -> None:
    card = "4111 1111 1111 1111"
    mail = a_message(f"{QUESTION}\n\n{MARKER}\n{HEAD}\n\nMy card is {card}.", html="")
    forwarded = words_of([mail], a_ticket()).forwarded
    assert "My card is" in forwarded
    assert card not in forwarded
