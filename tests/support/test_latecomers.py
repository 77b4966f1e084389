"""A message that Freshdesk shows only after a newer one was worked on: it stands before that one, and nobody saw it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, minutes
from tests.desk import Office
from worker.models import Author, Case, Message, Ring, SendKind, Status, Thread
from worker.support.deliver import deliver
from worker.support.fresh import overtaken
from worker.support.outgoing import Tags
from worker.support.overtaken import Overtaken
from worker.support.render import Letter
from worker.support.reviewdesk import ReviewDesk
from worker.tasks import draft_doorbell

SECOND = "c11"
LATE = a_message("And please do not touch my IM+ money.", key="c10", at=NOON + minutes(1))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The customer wrote three times; the second message does not show yet."""
    with an_answering_office(tmp_path) as opened:
        opened.helpdesk.thread_now = Thread(
            ticket=opened.helpdesk.thread_now.ticket,
            messages=(a_message("Hello there!"), a_message(QUESTION, key=SECOND, at=NOON + minutes(2))),
        )
        yield opened


def ring(office: Office) -> str:
    return draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)


def shows(office: Office, late: Message) -> None:
    first, *others = office.helpdesk.thread_now.messages
    office.helpdesk.thread_now = Thread(ticket=office.helpdesk.thread_now.ticket, messages=(first, late, *others))


def cases(office: Office) -> dict[str, Case]:
    return {case.message_key: case for case in office.ledger.cases.of_ticket(1)}


def deliver_all(office: Office) -> list[str]:
    return [deliver(send_id, office.desk) for send_id in office.ledger.sends.due(10)]


def notes(office: Office) -> int:
    return sum(
        s.kind is SendKind.HANDOVER_NOTE for c in cases(office).values() for s in office.ledger.sends.of_case(c.case_id)
    )


def test_a_reply_that_was_written_without_it_does_not_leave(office: Office) -> None:
    assert ring(office) == "send"
    shows(office, LATE)

    assert deliver_all(office) == ["dropped"]

    assert not office.helpdesk.posted
    assert cases(office)[SECOND].status is Status.SUPERSEDED
    for doorbell in office.ledger.doorbells.due(10):
        draft_doorbell(doorbell, office.desk, lambda *_: None)
    assert cases(office)[SECOND].status is Status.HANDED_OVER
    assert notes(office) == 1, "one note is enough for one ticket"


def test_a_lead_is_told_before_she_approves_a_draft_that_was_written_without_it(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    assert ring(office) == "hold"
    held = cases(office)[SECOND]
    desk = ReviewDesk(
        office.ledger,
        office.desk.policy,
        Tags(),
        lambda *_: Letter("Hi,", "Bye", ()),
        lambda *_: None,
        helpdesk=office.helpdesk,
    )
    assert overtaken(desk, held, trusted=0.0) == ""

    shows(office, LATE)

    assert overtaken(desk, held, trusted=0.0) == Overtaken.WROTE_AGAIN


def test_one_that_shows_after_the_reply_has_left_goes_to_a_person(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, LATE)

    assert ring(office) == "hand_over"

    assert cases(office)["c10"].status is Status.HANDED_OVER
    assert notes(office) == 1
    assert ring(office) == "nothing new"


def test_an_absence_note_that_shows_late_needs_nobody(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, a_message("This is an automated reply. I am away.", key="c10", at=NOON + minutes(1)))

    assert ring(office) == "nothing new"

    assert "c10" not in cases(office)


def test_one_that_a_colleague_has_answered_since_needs_nobody(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, LATE)
    now = office.helpdesk.thread_now
    answered = a_message("Done for you.", key="c20", author=Author.PERSON, at=NOON + minutes(9))
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, answered))

    ring(office)

    assert "c10" not in cases(office)


def test_the_messages_that_one_reply_answers_together_are_not_late(office: Office) -> None:
    shows(office, LATE)

    assert ring(office) == "hold"

    assert ring(office) == "nothing new"
    assert list(cases(office)) == [SECOND]
