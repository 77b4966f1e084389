"""A ticket is given to another requester while a reply for the first one waits: Freshdesk mails whoever has it now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.builders import a_requester
from tests.desk import Office
from tests.support.test_review import a_review_desk, approve
from worker.models import Case, Ring, Status
from worker.support import fresh, review
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

RAVI = a_requester(99, name="Ravi Kumar", email="ravi@else.example")
NOT_FOR_HIM = "the ticket belongs to another requester now, for whom it was not written."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def ring(office: Office) -> str:
    return draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)


def deliver_all(office: Office) -> list[str]:
    return [deliver(send_id, office.desk) for send_id in office.ledger.sends.due(10)]


def the_case(office: Office) -> Case:
    (case,) = office.ledger.cases.of_ticket(1)
    return case


def replies(office: Office) -> list[str]:
    return [body for kind, body in office.helpdesk.posted if kind == "reply"]


def a_leads_desk(office: Office) -> review.ReviewDesk:
    return a_review_desk(office.ledger, helpdesk=office.helpdesk)[0]


def a_held_draft(office: Office) -> str:
    office.desk = office.with_policy(delivery="review")
    assert ring(office) == "hold"
    return the_case(office).case_id


def test_a_reply_for_one_person_does_not_go_to_the_tickets_next_requester(office: Office) -> None:
    assert ring(office) == "send"
    office.helpdesk.ticket_becomes(requester=RAVI)
    assert deliver_all(office) == ["dropped"]
    assert (replies(office), the_case(office).status) == ([], Status.HELD)
    assert the_case(office).reasons == (f"Not sent: {NOT_FOR_HIM}",)


def test_two_contacts_of_one_address_are_one_person(office: Office) -> None:
    assert ring(office) == "send"
    office.helpdesk.ticket_becomes(requester=a_requester(99, email="Asha@Example.com"))
    assert deliver_all(office) == ["done"]
    assert len(replies(office)) == 1


def test_a_lead_is_told_to_ask_for_another_draft_and_the_message_waits_on(office: Office) -> None:
    case_id = a_held_draft(office)
    office.helpdesk.ticket_becomes(requester=RAVI)
    lead = a_leads_desk(office)
    refused = review.Outcome(False, f"This draft cannot be sent any more: {NOT_FOR_HIM} Ask for another draft.")
    assert approve(lead, case_id) == refused
    assert review.put_away(lead, case_id, "maya") == refused
    assert the_case(office).status is Status.HELD


def test_another_draft_is_written_for_the_requester_of_now(office: Office) -> None:
    case_id = a_held_draft(office)
    office.helpdesk.ticket_becomes(requester=RAVI)
    lead = a_leads_desk(office)
    assert fresh.overtaken(lead, the_case(office))
    asked = review.redraft(lead, case_id, "", "maya")
    assert draft_doorbell(asked.made, office.desk, lambda *_: None) == "hold"
    _, draft, _ = office.ledger.cases.drafts(case_id)[-1]
    assert draft.body_text.startswith("Hi Ravi,")
    assert fresh.overtaken(lead, the_case(office)) == ""
    assert approve(lead, case_id).done


def test_a_reply_that_a_lead_approved_for_the_first_requester_comes_back_to_the_leads(office: Office) -> None:
    case_id = a_held_draft(office)
    assert approve(a_leads_desk(office), case_id).done
    office.helpdesk.ticket_becomes(requester=RAVI)
    deliver_all(office)
    assert (replies(office), the_case(office).status) == ([], Status.HELD)


def test_a_colleague_who_took_the_ticket_and_changed_its_requester_is_not_asked_for_another_draft(
    office: Office,
) -> None:
    assert ring(office) == "send"
    office.helpdesk.ticket_becomes(requester=RAVI, assigned_to_person=True)
    deliver_all(office)
    assert replies(office) == []
    assert the_case(office).status is Status.HANDED_OVER


def test_a_page_that_stays_open_reads_the_ticket_no_more_often_for_it(office: Office) -> None:
    case_id = a_held_draft(office)
    first = office.helpdesk.thread_now.ticket.requester
    office.helpdesk.ticket_becomes(requester=RAVI)
    lead = a_leads_desk(office)
    told = fresh.overtaken(lead, the_case(office))
    office.helpdesk.ticket_becomes(requester=first)
    assert fresh.overtaken(lead, the_case(office)) == told
    assert fresh.overtaken(lead, the_case(office), trusted=0.0) == ""
    assert office.ledger.cases.get(case_id) == the_case(office)
