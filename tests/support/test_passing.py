"""A message that was left alone for where its ticket stood: once that is otherwise, a person is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, a_requester, a_thread
from tests.desk import TAGS, Office
from worker.models import Author, Case, Channel, Message, Ring, Status, Thread, TicketState
from worker.support.deliver import deliver
from worker.support.passing import RECENT
from worker.support.takeover import taken_words
from worker.tasks import draft_doorbell

STOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # how a ticket stood when it was looked at, and stands now
    "closed, then reopened": ({"state": TicketState.CLOSED}, {"state": TicketState.OPEN}),
    "spam, then not": ({"spam": True}, {"spam": False}),
    "in the trash, then restored": ({"deleted": True}, {"deleted": False}),
    "assigned, then let go": ({"assigned_to_person": True}, {"assigned_to_person": False}),
}
CLOSED, OPEN = STOOD["closed, then reopened"]
NOW = NOON + timedelta(minutes=2)
THREAT = "I will take legal action against you if my money is not back by Friday."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        opened.helpdesk.thread_now = a_thread(1, a_message(QUESTION, at=NOW), subject="Withdrawal")
        yield opened


def ring(office: Office, why: Ring = Ring.POLLER) -> str:
    """What came of it; whatever it queued leaves at once."""
    sends: list[str] = []
    outcome = draft_doorbell(office.ledger.doorbells.ring(why, 1), office.desk, lambda _, row: sends.append(row))
    for send_id in sends:
        assert deliver(send_id, office.desk) == "done"
    return outcome


def set_aside(office: Office, **stood: Any) -> Case:
    """The newest message, looked at while the ticket stood so."""
    office.helpdesk.ticket_becomes(**stood)
    assert ring(office, Ring.WEBHOOK) == "ignore"
    return newest(office)


def newest(office: Office) -> Case:
    return office.ledger.cases.of_ticket(1)[-1]


def says(office: Office, text: str, key: str, author: Author = Author.CUSTOMER, **how: Any) -> None:
    said: Message = a_message(text, key=key, author=author, at=NOW + timedelta(seconds=30), **how)
    now = office.helpdesk.thread_now
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, said))


def notes(office: Office) -> list[str]:
    return [body for kind, body in office.helpdesk.posted if kind == "note"]


def replies(office: Office) -> list[str]:
    return [body for kind, body in office.helpdesk.posted if kind == "reply"]


@pytest.mark.parametrize("stood", STOOD)
def test_a_person_is_told_of_the_message_once_and_nothing_is_sent(office: Office, stood: str) -> None:
    then, now = STOOD[stood]
    reason = " ".join(set_aside(office, **then).reasons)
    assert ring(office) == "nothing new", "the ticket stands as it did"
    office.helpdesk.ticket_becomes(**now)

    assert [ring(office), ring(office)] == ["left to a person", "nothing new"]

    [case] = office.ledger.cases.of_ticket(1)
    assert case.status is Status.HANDED_OVER
    [note] = notes(office)
    assert reason in note
    assert "nobody has answered it" in note
    assert reason in " ".join(case.reasons)
    assert not replies(office), "who closed the ticket may have dealt with it by telephone"
    assert TAGS.handed_over in office.helpdesk.thread_now.ticket.tags


def test_a_reply_to_a_closed_ticket_that_is_reopened_only_after_it_was_read_reaches_a_person(office: Office) -> None:
    assert ring(office, Ring.WEBHOOK) == "send"
    says(office, "When will my IM withdrawal reach my bank? It is not there.", "c9")
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == "left to a person"

    assert (newest(office).message_key, newest(office).status) == ("c9", Status.HANDED_OVER)
    assert len(replies(office)) == 1


def test_a_question_behind_an_absence_note_is_not_forgotten(office: Office) -> None:
    set_aside(office, **CLOSED)
    says(office, "This is an automatic reply: I am out of the office.", "c9")
    set_aside(office)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == "left to a person"

    status = {case.message_key: case.status for case in office.ledger.cases.of_ticket(1)}
    assert status == {"ticket": Status.HANDED_OVER, "c9": Status.IGNORED}


FOR_GOOD: dict[str, dict[str, Any]] = {
    "thanks": {"text": "Thank you, that helped."},
    "an absence note": {"text": "This is an automatic reply: I am out of the office."},
    "a bounce": {"text": QUESTION, "from_email": "mailer-daemon@mail.example"},
    "from one of our own mailboxes": {"text": QUESTION, "from_email": "support@peerwell.example"},
    "by Deskhand": {"text": QUESTION, "author": Author.DESKHAND},
    "by a colleague": {"text": QUESTION, "author": Author.PERSON},
}


@pytest.mark.parametrize("what", FOR_GOOD)
def test_what_is_set_aside_for_itself_stays_so_on_a_reopened_ticket(office: Office, what: str) -> None:
    said = a_message(**{"at": NOW, **FOR_GOOD[what]})
    office.helpdesk.thread_now = a_thread(1, said, subject="Hello")
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == "nothing new"

    assert newest(office).status is Status.IGNORED
    assert not office.helpdesk.posted


MEANWHILE: dict[str, Any] = {
    "a colleague answered": lambda office: says(office, "By Friday.", "c5", Author.PERSON),
    "a colleague wrote a note": lambda office: says(office, "Called him.", "c5", Author.PERSON, public=False),
    "Deskhand answered": lambda office: says(office, "By Friday.", "c5", Author.DESKHAND),
    "the ticket was handed over": lambda office: office.helpdesk.ticket_becomes(tags=(TAGS.handed_over,)),
    "the ticket was merged": lambda office: office.helpdesk.ticket_becomes(merged=True),
    "it was closed once more": lambda office: office.helpdesk.ticket_becomes(**CLOSED),
    "it was assigned": lambda office: office.helpdesk.ticket_becomes(assigned_to_person=True),
    "a lead took the ticket over": lambda office: office.ledger.reviews.take_over(
        newest(office).case_id, "maya", taken_words("maya")
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_nobody_is_called_where_somebody_has_seen_to_it(office: Office, what: str) -> None:
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)
    MEANWHILE[what](office)

    assert ring(office) == "nothing new"

    assert not office.helpdesk.posted


LEFT_TO_SOMEBODY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a person had been called before": (CLOSED | {"tags": (TAGS.handed_over,)}, OPEN | {"tags": ()}),
    "it was merged": (CLOSED | {"merged": True}, OPEN | {"merged": False}),
    "a colleague had opened it": (
        {"requester": a_requester(email="meera@peerwell.example")},
        {"requester": a_requester()},
    ),
}


@pytest.mark.parametrize("what", LEFT_TO_SOMEBODY)
def test_other_reasons_than_where_the_ticket_stands_are_not_taken_back(office: Office, what: str) -> None:
    then, now = LEFT_TO_SOMEBODY[what]
    set_aside(office, **then)
    office.helpdesk.ticket_becomes(**now)

    assert ring(office) == "nothing new"

    assert not office.helpdesk.posted


def test_a_reason_that_another_rule_gives_too_is_not_taken_back(office: Office) -> None:
    """A rulebook may say one thing of two rules, and nobody can tell then which of them it was."""
    routing = office.desk.rulebook.routing
    closed = next(rule for rule in routing.ignore if rule.id == "closed")
    alike = [r.model_copy(update={"reason": closed.reason}) if r.id == "other-channel" else r for r in routing.ignore]
    said = routing.model_copy(update={"ignore": tuple(alike)})
    office.desk = replace(office.desk, rulebook=replace(office.desk.rulebook, routing=said))
    set_aside(office, channel=Channel.PHONE)
    office.helpdesk.ticket_becomes(channel=Channel.EMAIL)

    assert ring(office) == "nothing new"


def test_what_came_while_a_lead_had_the_ticket_stays_hers_when_she_gives_it_back(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    assert ring(office, Ring.WEBHOOK) == "hold"
    office.ledger.reviews.take_over(newest(office).case_id, "maya", taken_words("maya"))
    says(office, "And what is the minimum?", "c9")
    set_aside(office)
    assert office.ledger.reviews.give_back(1, "maya", taker="maya", case_id=newest(office).case_id, note=None, moot="")

    assert ring(office) == "nothing new"

    assert newest(office).status is Status.IGNORED


@pytest.mark.parametrize(("age", "outcome"), [(-1, "left to a person"), (1, "nothing new")])
def test_old_tickets_that_are_touched_again_call_nobody(office: Office, age: int, outcome: str) -> None:
    wrote = NOW - RECENT - timedelta(hours=age)
    office.helpdesk.thread_now = a_thread(1, a_message(QUESTION, at=wrote), subject="Withdrawal")
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == outcome


def test_in_shadow_mode_nothing_is_noted_and_what_waits_is_told_of_once_it_ends(office: Office) -> None:
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)
    before, office.desk = office.desk, office.with_policy(delivery="shadow")

    assert ring(office) == "nothing new"
    assert not office.ledger.sends.due(9)

    office.desk = before
    assert ring(office) == "left to a person"


def test_in_shadow_mode_too_a_question_is_drafted_for_that_shows_only_after_the_absence_note(office: Office) -> None:
    question = office.helpdesk.thread_now.messages
    says(office, "This is an automatic reply: I am out of the office.", "c9")
    both = office.helpdesk.thread_now
    office.helpdesk.thread_now = both.saying(m for m in both.messages if m not in question)
    set_aside(office)
    office.helpdesk.thread_now = both
    office.desk = office.with_policy(delivery="shadow")

    assert ring(office) == "hold"


def test_a_topic_for_a_person_gives_the_note_its_group_and_urgency(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(THREAT, at=NOW), subject="My money", group_id=4)
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == "left to a person"

    topic = next(t for t in office.desk.rulebook.routing.hand_over if t.id == "legal-threat")
    [change] = office.helpdesk.changes
    assert (change.group, change.priority) == (topic.group, topic.urgency)
    assert topic.reason in notes(office)[0]


def test_what_a_colleague_gave_to_a_group_stays_there_though_a_topic_has_another(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(THREAT, at=NOW), subject="My money", group_id=4)
    set_aside(office, assigned_to_person=True)
    office.helpdesk.ticket_becomes(assigned_to_person=False)

    assert ring(office) == "left to a person"

    topic = next(t for t in office.desk.rulebook.routing.hand_over if t.id == "legal-threat")
    [change] = office.helpdesk.changes
    assert (change.group, change.priority) == (None, topic.urgency)
    assert topic.reason in notes(office)[0]


@pytest.mark.parametrize("line", ["Thanks", "Please see below."])
def test_a_threat_that_was_forwarded_is_seen_like_one_that_was_written(office: Office, line: str) -> None:
    mail = f"{line}\n\n---------- Forwarded message ---------\nFrom: A <a@x.example>\nSubject: Money\n\n{THREAT}"
    office.helpdesk.thread_now = a_thread(1, a_message(mail, html="", at=NOW), subject="My money")
    set_aside(office, **CLOSED)
    office.helpdesk.ticket_becomes(**OPEN)

    assert ring(office) == "left to a person"

    topic = next(t for t in office.desk.rulebook.routing.hand_over if t.id == "legal-threat")
    assert topic.reason in notes(office)[0]


@pytest.mark.parametrize(("group_id", "routed"), [(4, False), (None, True)])
def test_a_ticket_that_has_a_group_keeps_it(office: Office, group_id: int | None, routed: bool) -> None:
    """Whoever let it go may have sent it to other colleagues with that."""
    office.helpdesk.ticket_becomes(group_id=group_id)
    set_aside(office, assigned_to_person=True)
    office.helpdesk.ticket_becomes(assigned_to_person=False)

    assert ring(office) == "left to a person"

    [change] = office.helpdesk.changes
    assert ((change.group, change.priority) != (None, None)) is routed
