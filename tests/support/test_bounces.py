"""A reply of ours that comes back from a mail server: a person hears of it once, and nobody is written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answering import Copyist, an_answering_office
from tests.builders import a_message, a_thread, minutes
from tests.desk import Office
from tests.support.test_pipeline import notes, replies, ring
from worker.models import Author, Case, Status, Thread

SERVER = "Mail Delivery System <MAILER-DAEMON@mx.example>"
GONE = "I'm sorry to have to inform you that your message could not be delivered. User unknown."
LATE = "This is a warning only. You do not need to resend your message."
CAME_BACK = "A mail server sent our last reply back"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def comes_in(office: Office, text: str, key: str, **fields: Any) -> None:
    now = office.helpdesk.thread_now
    at = max(m.at for m in now.messages) + minutes(1)
    said = a_message(text, **({"key": key, "at": at, "html": ""} | fields))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, said))


def reports(office: Office, text: str, key: str, server: str = SERVER) -> None:
    comes_in(office, text, key, from_email=server)


def asks_on(office: Office, key: str) -> None:
    """A question whose answer repeats nothing and would be sent."""
    assert isinstance(office.desk.writer, Copyist)
    office.desk.writer.sentence = "An IM withdrawal of more than Rs 2,00,000 in a day takes up to 3 working days."
    comes_in(office, "When will an IM withdrawal of 3 lakh reach my bank?", key)


def cases(office: Office) -> dict[str, Case]:
    return {case.message_key: case for case in office.ledger.cases.of_ticket(1)}


def untagged(office: Office) -> None:
    """A lead takes our tag off, so that Deskhand answers on the ticket again; or it is not on it yet."""
    office.helpdesk.ticket_becomes(tags=())


@pytest.fixture
def answered(office: Office) -> Office:
    assert ring(office) == "send"
    assert len(replies(office)) == 1
    return office


@pytest.mark.parametrize(
    "server",
    [
        SERVER,
        "postmaster@exmaple.com",
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109E@peerwell.example>",
    ],
)
def test_a_person_hears_that_our_reply_came_back(answered: Office, server: str) -> None:
    reports(answered, GONE, "c8", server)

    assert ring(answered) == "hand_over"

    [note] = notes(answered)
    assert CAME_BACK in note
    assert "Meant for the group Customer care." in note
    assert answered.helpdesk.changes[-1].add_tags == ("deskhand-handed-over",)
    assert len(replies(answered)) == 1
    assert {key: case.status for key, case in cases(answered).items()} == {
        "ticket": Status.SENT,
        "c8": Status.HANDED_OVER,
    }


def test_a_report_on_a_ticket_that_we_did_not_reply_on_is_left_alone(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(GONE, from_email=SERVER))
    assert ring(office) == "ignore"
    assert not notes(office)


def test_a_note_for_colleagues_is_no_reply_that_could_come_back(office: Office) -> None:
    comes_in(office, "Deskhand has a draft for this ticket.", "c2", author=Author.DESKHAND, public=False)
    reports(office, GONE, "c8")
    ring(office)
    assert cases(office)["c8"].status is Status.IGNORED


def test_a_report_after_a_colleagues_reply_is_the_colleagues(office: Office) -> None:
    comes_in(office, "Within two days.", "c2", author=Author.PERSON)
    reports(office, GONE, "c8")
    assert ring(office) == "ignore"


@pytest.mark.parametrize(
    "text",
    [
        LATE,
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after 24 hours.",
        "Delivery incomplete\nThere was a temporary problem. Gmail will retry for 46 more hours.",
        "Delivery is delayed to these recipients or groups:\n\nasha@example.com\n\nSubject: Withdrawal",
        "Warning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old",
        "Your message has been delivered to the following recipients:\n\nasha@example.com",
    ],
)
def test_what_is_only_late_or_has_arrived_came_not_back(answered: Office, text: str) -> None:
    reports(answered, text, "c8")
    assert ring(answered) == "ignore"
    assert not notes(answered)


def test_the_warning_that_came_first_hides_no_failure(answered: Office) -> None:
    reports(answered, LATE, "c8")
    assert ring(answered) == "ignore"
    reports(answered, GONE, "c9")
    assert ring(answered) == "hand_over"
    assert len(notes(answered)) == 1


@pytest.mark.parametrize("rung_between", [True, False])
def test_a_reply_that_comes_back_twice_is_told_once(answered: Office, rung_between: bool) -> None:
    reports(answered, GONE, "c8")
    if rung_between:
        ring(answered)
    reports(answered, GONE, "c9")
    ring(answered)
    ring(answered)
    assert len(notes(answered)) == 1


def test_the_report_of_another_server_tells_it_no_second_time_either(answered: Office) -> None:
    reports(answered, GONE, "c8")
    reports(answered, GONE, "c9", "postmaster@other.example")
    ring(answered)
    untagged(answered)
    ring(answered)
    assert len(notes(answered)) == 1


def test_a_report_of_one_server_is_told_though_another_one_warned_before(answered: Office) -> None:
    reports(answered, LATE, "c8")
    ring(answered)
    reports(answered, GONE, "c9", "postmaster@other.example")
    assert ring(answered) == "hand_over"


def test_an_answer_to_a_newer_question_waits_until_somebody_has_heard_that_the_last_one_came_back(
    answered: Office,
) -> None:
    """Both came in before anybody looked: the next reply would go to the same wrong address."""
    reports(answered, GONE, "c8")
    asks_on(answered, "c9")

    assert ring(answered) == "hold"

    case = cases(answered)["c9"]
    assert [reason for reason in case.reasons if CAME_BACK in reason]
    assert len(replies(answered)) == 1


@pytest.mark.parametrize("why", ["every reply is reviewed", "a person is wanted"])
def test_whoever_gets_the_newer_question_is_told_of_it_as_well(answered: Office, why: str) -> None:
    if why == "every reply is reviewed":
        answered.desk = answered.with_policy(delivery="review")
        asked = "When will an IM withdrawal of 3 lakh reach my bank?"
    else:
        asked = "I will take legal action against you."
    reports(answered, GONE, "c8")
    comes_in(answered, asked, "c9")

    ring(answered)

    first, *others = cases(answered)["c9"].reasons
    assert CAME_BACK not in first
    assert [reason for reason in others if CAME_BACK in reason]
    assert CAME_BACK in notes(answered)[-1]


@pytest.mark.parametrize("heard", [True, False])
def test_what_is_no_report_or_was_heard_of_holds_no_answer(answered: Office, heard: bool) -> None:
    reports(answered, GONE if heard else LATE, "c8")
    if heard:
        ring(answered)
        untagged(answered)
    asks_on(answered, "c9")
    assert ring(answered) == "send"


def test_a_report_is_no_part_of_the_question_that_follows_it(answered: Office) -> None:
    reports(answered, GONE, "c8")
    ring(answered)
    untagged(answered)
    comes_in(answered, "Is there a lock-in for IM?", "c9")

    assert ring(answered) in ("send", "hold")

    assert isinstance(answered.desk.writer, Copyist)
    assert "lock-in" in answered.desk.writer.prompts[-1]
    assert "User unknown" not in answered.desk.writer.prompts[-1]


def test_thanks_after_a_report_do_not_hide_it(answered: Office) -> None:
    reports(answered, GONE, "c8")
    comes_in(answered, "Thanks", "c9")
    ring(answered)
    assert cases(answered)["c8"].status is Status.HANDED_OVER
    assert len(notes(answered)) == 1


def test_a_report_behind_a_newer_question_does_not_throw_its_answer_away(answered: Office) -> None:
    answered.desk = answered.with_policy(delivery="review")
    comes_in(answered, "Is there a lock-in for IM?", "c8")
    assert ring(answered) == "hold"
    reports(answered, GONE, "c9")
    assert ring(answered) == "ignore"
    assert cases(answered)["c8"].status is Status.HELD
    trace = answered.ledger.cases.trace(cases(answered)["c9"].case_id)
    assert trace is not None
    assert [asked.rule for asked in trace.asked if asked.hit and asked.of_words] == ["bounce"]
