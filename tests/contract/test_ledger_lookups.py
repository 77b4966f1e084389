"""What is read of cases: for gates, identity, metrics and reports."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import a_customer, a_draft, a_reply, a_requester, a_thread, an_identity, minutes
from tests.contract.steps import approved, claimed, conclude, held, opened
from worker.models import Case, Ring, SendKind, Status, Strength
from worker.ports import Ledger


def test_the_cases_of_a_ticket_come_oldest_first(ledger: Ledger) -> None:
    first, second = opened(ledger, 42, "ticket"), opened(ledger, 42, "c1")
    opened(ledger, 43)

    assert [case.case_id for case in ledger.cases.of_ticket(42)] == [first.case_id, second.case_id]


def test_a_list_by_status_shows_what_moved_last_first(ledger: Ledger) -> None:
    cases = [held(ledger, ticket_id) for ticket_id in range(4)]
    opened(ledger, 9)

    listed = ledger.cases.by_status(Status.HELD, limit=2, offset=1)

    assert [case.case_id for case in listed] == [cases[2].case_id, cases[1].case_id]


def test_replies_are_counted_from_the_queue_on_unless_they_were_dropped(ledger: Ledger) -> None:
    requester = a_requester(77)
    _, stopped = approved(ledger, 42, "ticket", requester=requester)
    send = ledger.sends.claim(stopped, minutes(1))
    assert send is not None
    ledger.sends.drop(stopped, send.epoch, "A person answered.", case_to=Status.SUPERSEDED)
    approved(ledger, 42, "c1", requester=requester)
    approved(ledger, 43, "ticket", requester=requester)

    assert (ledger.cases.replies_on_ticket(42), ledger.cases.replies_on_ticket(43)) == (1, 1)
    assert ledger.cases.replies_to_requester(77, timedelta(days=1)) == 2
    assert ledger.cases.replies_to_requester(77, timedelta(days=-1)) == 0
    assert ledger.cases.replies_to_requester(78, timedelta(days=1)) == 0


def test_cases_whose_replies_went_to_one_person_are_told_in_the_order_of_the_queue(ledger: Ledger) -> None:
    requester = a_requester(77)
    first, _ = approved(ledger, 42, "ticket", requester=requester)
    _, stopped = approved(ledger, 43, "ticket", requester=requester)
    send = ledger.sends.claim(stopped, minutes(1))
    assert send is not None
    ledger.sends.drop(stopped, send.epoch, "A person answered.", case_to=Status.SUPERSEDED)
    approved(ledger, 44, "ticket", requester=a_requester(78))
    last, _ = approved(ledger, 45, "ticket", requester=requester)

    assert ledger.cases.replied_to_requester(77, timedelta(days=1)) == [first.case_id, last.case_id]
    assert ledger.cases.replied_to_requester(77, timedelta(days=-1)) == []


def _identified(ledger: Ledger, ticket_id: int, customer_id: str, strength: Strength) -> None:
    case = opened(ledger, ticket_id, requester=a_requester(77))
    conclude(ledger, case, Status.HELD, draft=a_draft(), identity=an_identity(strength, a_customer(customer_id)))


def test_a_requester_is_the_customer_of_an_earlier_case_if_that_was_sure(ledger: Ledger) -> None:
    _identified(ledger, 1, "C-2", Strength.CLAIMED)
    assert ledger.cases.customer_of_requester(77) is None

    _identified(ledger, 2, "C-1", Strength.VERIFIED)
    _identified(ledger, 3, "C-1", Strength.LINKED)
    assert ledger.cases.customer_of_requester(77) == "C-1"

    _identified(ledger, 4, "C-3", Strength.LINKED)
    assert ledger.cases.customer_of_requester(77) is None, "two customers are none"


def test_cases_are_counted_by_status_with_every_status_named(ledger: Ledger) -> None:
    opened(ledger, 1)
    held(ledger, 2)
    held(ledger, 3)

    counts = ledger.cases.counts()

    assert set(counts) == {status.value for status in Status}
    assert (counts["open"], counts["held"], counts["sent"]) == (1, 2, 0)


def test_the_oldest_thing_not_ended_is_a_doorbell_or_a_case_but_not_a_held_draft(ledger: Ledger) -> None:
    assert ledger.cases.oldest_open() is None

    doorbell = claimed(ledger, 1)
    assert ledger.cases.oldest_open() is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")
    ledger.doorbells.ring(Ring.WEBHOOK, None, raw=b"?")
    assert ledger.cases.oldest_open() is None

    case = _opened_and_done_with(ledger, 1)
    age = ledger.cases.oldest_open()
    assert age is not None
    assert timedelta(0) <= age < minutes(1)
    conclude(ledger, case, Status.HELD, draft=a_draft())
    assert ledger.cases.oldest_open() is None

    case = _opened_and_done_with(ledger, 2)
    conclude(ledger, case, Status.APPROVED, [a_reply()], draft=a_draft())
    assert ledger.cases.oldest_open() is not None


def test_a_note_that_has_not_reached_its_ticket_has_not_ended(ledger: Ledger) -> None:
    case = _opened_and_done_with(ledger, 1)
    [note] = conclude(ledger, case, Status.HANDED_OVER, [a_reply(kind=SendKind.HANDOVER_NOTE)]) or ()
    assert ledger.cases.oldest_open() is not None, "nobody knows of that message yet"

    send = ledger.sends.claim(note, minutes(1))
    assert send is not None
    ledger.sends.park(note, send.epoch, minutes(60), "Freshdesk refused", failed=True, nothing_left=True)
    assert ledger.cases.oldest_open() is not None

    ledger.sends.drop(note, send.epoch, "Freshdesk refused for a day.", case_to=None)
    assert ledger.cases.oldest_open() is None


def test_what_waits_to_leave_is_no_draft_that_waits(ledger: Ledger) -> None:
    assert ledger.cases.oldest_undrafted() is None
    doorbell = claimed(ledger, 1)
    assert ledger.cases.oldest_undrafted() is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")
    case = _opened_and_done_with(ledger, 2)
    assert ledger.cases.oldest_undrafted() is not None
    conclude(ledger, case, Status.APPROVED, [a_reply()], draft=a_draft())
    assert ledger.cases.oldest_undrafted() is None
    assert ledger.cases.oldest_open() is not None


def _opened_and_done_with(ledger: Ledger, ticket_id: int) -> Case:
    """An open case whose doorbell waits no more."""
    doorbell = claimed(ledger, ticket_id)
    case = ledger.cases.open(a_thread(ticket_id), "ticket", doorbell, minutes(1))
    assert case is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")
    return case


def test_a_report_gets_every_case_with_its_times(ledger: Ledger) -> None:
    case = held(ledger, 42)

    [row] = ledger.cases.move_times()

    assert (row["ticket_id"], row["message_key"], row["status"]) == (42, "ticket", Status.HELD)
    assert row["opened_at"] == case.opened_at
    assert row["moved_at"] == case.moved_at
