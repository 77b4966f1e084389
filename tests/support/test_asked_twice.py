"""One customer, the same words, two tickets: a form sent twice, a mail to two addresses, a message split off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, a_requester, a_thread
from tests.desk import Office
from worker.adapters.store.schema import sends
from worker.models import Ring, Status
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

TWICE = (
    "Not sent: this customer asked the same on another ticket, where a reply left or was on its way: look there first."
)
OTHERWISE = "How long does an IM withdrawal take to reach my bank?"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def asks(
    office: Office,
    ticket_id: int,
    words: str = QUESTION,
    requester_id: int = 5,
    at: datetime = NOON,
    subject: str = "Withdrawal",
) -> str:
    """The reply to it, drafted and queued."""
    said = a_message(words, at=at)
    who = a_requester(requester_id)
    office.helpdesk.thread_now = a_thread(ticket_id, said, subject=subject, requester=who)
    rung = office.ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
    assert draft_doorbell(rung, office.desk, lambda *_: None) == "send"
    (case,) = office.ledger.cases.of_ticket(ticket_id)
    (send,) = office.ledger.sends.of_case(case.case_id)
    return send.send_id


def status(office: Office, ticket_id: int) -> Status:
    return office.ledger.cases.of_ticket(ticket_id)[0].status


def replies(office: Office) -> int:
    return sum(kind == "reply" for kind, _ in office.helpdesk.posted)


def test_the_same_words_on_a_second_ticket_wait_for_a_lead(office: Office) -> None:
    assert deliver(asks(office, 1), office.desk) == "done"
    assert deliver(asks(office, 2, f"  {QUESTION.upper()}\n"), office.desk) == "dropped"
    assert (status(office, 1), status(office, 2), replies(office)) == (Status.SENT, Status.HELD, 1)
    (case,) = office.ledger.cases.of_ticket(2)
    assert case.reasons == (TWICE,)


@pytest.mark.parametrize("turn", [(0, 1), (1, 0)], ids=["in their order", "the other way round"])
def test_of_two_that_wait_at_once_the_first_leaves(office: Office, turn: tuple[int, int]) -> None:
    queued = [(asks(office, ticket_id), office.helpdesk.thread_now) for ticket_id in (1, 2)]
    became = {}
    for place in turn:
        send_id, office.helpdesk.thread_now = queued[place]
        became[place] = deliver(send_id, office.desk)
    assert became == {0: "done", 1: "dropped"}
    assert replies(office) == 1


@pytest.mark.parametrize(("seconds", "outcome"), [(-2, "dropped"), (300, "dropped"), (900, "done"), (86_400, "done")])
def test_who_asks_again_after_the_answer_is_answered(office: Office, seconds: int, outcome: str) -> None:
    first = asks(office, 1)
    assert deliver(first, office.desk) == "done"
    (case,) = office.ledger.cases.of_ticket(1)
    left = office.ledger.sends.of_case(case.case_id)[0].intended_at
    assert left is not None
    assert deliver(asks(office, 2, at=left + timedelta(seconds=seconds)), office.desk) == outcome


def test_another_question_of_the_same_customer_is_answered(office: Office) -> None:
    assert deliver(asks(office, 1), office.desk) == "done"
    assert deliver(asks(office, 2, OTHERWISE), office.desk) == "done"


def test_the_same_words_under_another_subject_ask_something_else(office: Office) -> None:
    assert deliver(asks(office, 1, "How long does it take?", subject=QUESTION), office.desk) == "done"
    assert deliver(asks(office, 2, "How long does it take?", subject=OTHERWISE), office.desk) == "done"
    assert deliver(asks(office, 3, "How long does it take?", subject=QUESTION), office.desk) == "dropped"


def test_two_that_waited_for_days_for_a_key_get_one_reply(office: Office) -> None:
    queued = [(asks(office, ticket_id), office.helpdesk.thread_now) for ticket_id in (1, 2)]
    with office.ledger.writing() as connection:
        connection.execute(update(sends).values(queued_at=sends.c.queued_at - 2.5 * 86_400))
    became = []
    for send_id, office.helpdesk.thread_now in queued:
        became.append(deliver(send_id, office.desk))
    assert became == ["done", "dropped"]


@pytest.mark.parametrize(("days", "outcome"), [(2.9, "done"), (7, "dropped")])
def test_a_reply_that_has_waited_for_a_week_is_read_by_a_person_first(
    office: Office, days: float, outcome: str
) -> None:
    send_id = asks(office, 1)
    (case,) = office.ledger.cases.of_ticket(1)
    office.desk = replace(office.desk, now=lambda: case.moved_at + timedelta(days=days))
    assert deliver(send_id, office.desk) == outcome
    (case,) = office.ledger.cases.of_ticket(1)
    if outcome == "dropped":
        assert case.status is Status.HELD
        assert case.reasons == ("Not sent: it has waited for days, so a person should look.",)
    assert replies(office) == (outcome == "done")


def test_the_same_question_of_another_customer_is_answered(office: Office) -> None:
    assert deliver(asks(office, 1), office.desk) == "done"
    assert deliver(asks(office, 2, requester_id=6), office.desk) == "done"


def test_a_reply_that_never_left_answered_nobody(office: Office) -> None:
    first = asks(office, 1)
    office.helpdesk.ticket_becomes(spam=True)
    assert deliver(first, office.desk) == "dropped"
    assert deliver(asks(office, 2), office.desk) == "done"
