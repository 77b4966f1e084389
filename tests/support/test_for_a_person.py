"""What could be sent by itself, and goes to a lead all the same: it is old, or who wrote would not get the reply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, a_requester, a_thread
from tests.desk import Office
from worker.models import Message, Requester, Ring
from worker.support.answer import answer
from worker.tasks import draft_doorbell

A_CUSTOMER = a_requester()
A_STRANGER = a_requester(77, name="Kim", email="kim@nowhere.example")
BOTH = pytest.mark.parametrize("whose", [A_CUSTOMER, A_STRANGER], ids=["a customer's ticket", "a stranger's ticket"])
COPIED = "Somebody else than the requester wrote this, and a reply goes to the requester only."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def comes_in(
    office: Office, *messages: Message, whose: Requester = A_CUSTOMER, rung: Ring = Ring.POLLER
) -> tuple[str, tuple[str, ...]]:
    """What became of it, and why."""
    now = NOON + timedelta(hours=1)  # by the office's clock
    office.helpdesk.thread_now = a_thread(1, *messages, subject="Withdrawal", requester=whose, updated_at=now)
    outcome = draft_doorbell(office.ledger.doorbells.ring(rung, 1), office.desk, lambda *_: None)
    return outcome, office.ledger.cases.of_ticket(1)[-1].reasons


def days_ago(days: float) -> datetime:
    return NOON + timedelta(hours=1) - timedelta(days=days)


def test_a_message_of_last_year_is_not_answered_because_somebody_tagged_its_ticket(office: Office) -> None:
    outcome, reasons = comes_in(office, a_message(QUESTION, at=days_ago(400.1)))
    assert outcome == "hold"
    assert reasons == ("The message has waited for 400 days: what it asks may have been settled otherwise.",)


def test_a_webhook_tells_of_what_was_just_written_whatever_the_helpdesks_clock_says(office: Office) -> None:
    assert comes_in(office, a_message(QUESTION, at=days_ago(400)), rung=Ring.WEBHOOK)[0] == "send"


def test_what_a_webhook_told_before_a_week_without_a_worker_is_shown_to_a_lead(office: Office) -> None:
    office.helpdesk.thread_now = a_thread(1, a_message(QUESTION, at=days_ago(7)), subject="Withdrawal")
    doorbell_id = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    claimed = office.ledger.doorbells.claim(doorbell_id, timedelta(minutes=5))
    assert claimed is not None
    outcome, _ = answer(claimed.model_copy(update={"waited": timedelta(days=7)}), office.desk)
    assert outcome == "hold"


def test_a_message_of_the_day_before_yesterday_is(office: Office) -> None:
    assert comes_in(office, a_message(QUESTION, at=days_ago(2.5)))[0] == "send"


@BOTH
@pytest.mark.parametrize("first", ["Thank you.", QUESTION])
def test_who_asks_in_copy_would_not_get_the_reply(office: Office, whose: Requester, first: str) -> None:
    begins = a_message(first, at=days_ago(0.1), from_email=whose.email, author_id=whose.requester_id)
    asks = a_message(QUESTION, key="c2", at=days_ago(0.05), from_email="Broker <broker@else.example>", author_id=78)
    outcome, reasons = comes_in(office, begins, asks, whose=whose)
    assert outcome == "hold"
    assert COPIED in reasons


@BOTH
def test_who_writes_from_another_address_of_the_same_contact_gets_it(office: Office, whose: Requester) -> None:
    """Freshdesk puts it under the contact's number; what may be told from there is another matter."""
    from_work = "Asha <asha.work@else.example>"
    asks = a_message(QUESTION, at=days_ago(0.1), from_email=from_work, author_id=whose.requester_id)
    assert COPIED not in comes_in(office, asks, whose=whose)[1]


@BOTH
def test_whose_ticket_it_is_gets_it(office: Office, whose: Requester) -> None:
    written = a_message(QUESTION, at=days_ago(0.1), from_email=f"Me <{whose.email.upper()}>")
    assert COPIED not in comes_in(office, written, whose=whose)[1]
