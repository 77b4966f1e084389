"""A message that Freshdesk shows only after a newer one was worked on: it stands before that one, and nobody saw it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, a_thread, minutes
from tests.desk import Office
from worker.adapters.store.schema import cases as case_rows
from worker.adapters.store.schema import doorbells
from worker.errors import Retryable
from worker.models import Author, Case, Message, Ring, SendKind, Status, Thread, TicketState
from worker.support.deliver import deliver
from worker.support.fresh import overtaken
from worker.support.outgoing import Tags
from worker.support.overtaken import Overtaken
from worker.support.render import Letter
from worker.support.reviewdesk import ReviewDesk
from worker.support.threads import wrote_after
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

    ring(office)

    assert cases(office)["c10"].status is Status.IGNORED
    assert notes(office) == 0


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


def test_one_whose_worker_died_half_way_still_goes_to_a_person(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, LATE)
    with monkeypatch.context() as broken:
        broken.setattr(type(office.ledger.cases), "conclude", locked)
        ring(office)
    with office.ledger.writing() as connection:
        connection.execute(update(doorbells).values(due_at=0.0))
        connection.execute(update(case_rows).where(case_rows.c.status == "open").values(lease_until=0.0))

    answer_all(office)

    assert cases(office)["c10"].status is Status.HANDED_OVER
    assert notes(office) == 1


def test_one_that_shows_together_with_the_next_question_is_not_taken_for_read(office: Office) -> None:
    """The question's draft begins behind our reply, before which the late one stands."""
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, LATE)
    comes(office, a_message(QUESTION, key="c30", at=NOON + minutes(9)))

    ring(office)

    assert cases(office)["c10"].status is Status.HANDED_OVER


def test_one_with_a_higher_number_and_an_earlier_time_is_late_too(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    shows(office, LATE.model_copy(update={"key": "c12"}))

    ring(office)

    assert cases(office)["c12"].status is Status.HANDED_OVER


def test_the_note_about_a_late_one_does_not_stand_for_the_stopped_reply(office: Office) -> None:
    """It names the late message only; whoever reads it would think that the newer one is being answered."""
    assert ring(office) == "send"
    shows(office, LATE)
    ring(office)
    [about_the_late] = office.ledger.sends.of_case(cases(office)["c10"].case_id)
    assert deliver(about_the_late.send_id, office.desk) == "done"
    office.helpdesk.ticket_becomes(tags=("deskhand-handed-over",))

    assert deliver_all(office) == ["dropped"]
    answer_all(office)

    assert cases(office)[SECOND].status is Status.HANDED_OVER


def test_a_stopped_reply_whose_next_worker_keeps_dying_goes_to_a_person(office: Office) -> None:
    assert ring(office) == "send"
    shows(office, LATE)
    assert deliver_all(office) == ["dropped"]
    with office.ledger.writing() as connection:
        connection.execute(update(doorbells).where(doorbells.c.state == "waiting").values(deaths=5))

    answer_all(office)

    assert cases(office)[SECOND].status is Status.HANDED_OVER
    assert notes(office) == 1


def test_one_on_a_ticket_that_is_closed_by_now_is_left_alone_with_its_reason(office: Office) -> None:
    assert ring(office) == "send"
    assert deliver_all(office) == ["done"]
    office.helpdesk.ticket_becomes(state=TicketState.CLOSED)
    shows(office, LATE)

    ring(office)

    assert cases(office)["c10"].status is Status.IGNORED
    assert cases(office)["c10"].reasons


def test_a_draft_kept_through_a_redraft_that_nobody_could_read_is_not_overtaken_by_its_own_message() -> None:
    thread = a_thread(1, a_message(QUESTION))
    unread = Thread(ticket=thread.ticket, messages=())

    assert not wrote_after(thread, "ticket", read=unread)


def locked(*_: object, **__: object) -> None:
    raise Retryable("database is locked", part="ledger")


def comes(office: Office, message: Message) -> None:
    now = office.helpdesk.thread_now
    office.helpdesk.thread_now = Thread(ticket=now.ticket, messages=(*now.messages, message))


def answer_all(office: Office) -> None:
    for _ in range(5):
        for doorbell in office.ledger.doorbells.due(10):
            draft_doorbell(doorbell, office.desk, lambda *_: None)
