"""Promises at the door: what was sent is kept once, whatever happens on the way, and no ticket is closed over it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import an_answering_office
from tests.builders import NOON, a_reply
from tests.contract.steps import held, newest_draft
from tests.desk import TAGS, Office, an_office
from tests.support.incident.cases import a_brake
from worker.errors import InDoubt, Permanent
from worker.models import Promise, Ring, TicketState
from worker.support.deliver import deliver
from worker.support.keeping import reminders
from worker.support.outgoing import rejected_note, taken_note
from worker.tasks import draft_doorbell

BODY = "We will refund Rs 10 within 5 working days."
CUT = InDoubt("the connection was reset after the request was sent", part="freshdesk")


def test_what_a_sent_reply_promises_is_kept_with_its_day(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved(BODY)
        assert office.ledger.promises.of_ticket(case.ticket_id) == []
        deliver(send_id, office.desk)
        [made] = office.ledger.promises.of_ticket(case.ticket_id)
        assert (made.act, made.words, made.period, made.send_id) == ("payment", BODY, "5 working days", send_id)
        assert made.due is not None
        assert 6 < (made.due - made.made_at.date()).days < 14


def test_a_reply_that_is_found_at_the_helpdesk_later_brings_its_promises_once(tmp_path: Path) -> None:
    with an_office(tmp_path, settle=timedelta(0)) as office:
        case, send_id = office.approved(BODY)
        office.helpdesk.cut.append(CUT)
        assert deliver(send_id, office.desk) == "in doubt"
        assert office.ledger.promises.of_ticket(case.ticket_id) == []
        office.make_due(send_id)
        assert deliver(send_id, office.desk) == "done"
        assert len(office.ledger.promises.of_ticket(case.ticket_id)) == 1


def test_a_reply_that_never_left_promises_nothing(tmp_path: Path) -> None:
    with an_office(tmp_path, max_tries=1) as office:
        case, send_id = office.approved(BODY)
        office.helpdesk.fails.append(Permanent("no", part="freshdesk"))
        assert deliver(send_id, office.desk) == "dropped"
        assert office.ledger.promises.of_ticket(case.ticket_id) == []


@pytest.mark.parametrize(("body", "state"), [(BODY, None), ("We cannot refund it.", TicketState.RESOLVED)])
def test_a_ticket_is_not_closed_over_a_promise(tmp_path: Path, body: str, state: TicketState | None) -> None:
    with an_office(tmp_path, state_after_reply=TicketState.RESOLVED) as office:
        _, send_id = office.approved(body)
        deliver(send_id, office.desk)
        [change] = office.helpdesk.changes
        assert change.state is state
        assert "deskhand-sent" in change.add_tags


def test_colleagues_who_end_a_ticket_over_an_open_promise_are_told_once(tmp_path: Path) -> None:
    with an_answering_office(tmp_path) as office:
        case, send_id = office.approved(BODY)
        deliver(send_id, office.desk)

        def ring() -> list[str]:
            bell = office.ledger.doorbells.ring(Ring.POLLER, case.ticket_id)
            queued: list[str] = []
            draft_doorbell(bell, office.desk, lambda queue, row: queued.append(row) if queue == "deliver" else None)
            for row in queued:
                deliver(row, office.desk)
            return [body for kind, body in office.helpdesk.posted if kind == "note"]

        assert ring() == []
        office.helpdesk.ticket_becomes(state=TicketState.RESOLVED)
        [note] = ring()
        assert BODY in note
        assert "/promises" in note
        assert len(ring()) == 1


def told_when_resolved(office: Office) -> list[str]:
    """The notes that leave because the ticket is resolved."""
    left = office.ledger.sends.due(9)
    for send_id in left:
        deliver(send_id, office.desk)
    before = len(office.helpdesk.posted)
    office.helpdesk.ticket_becomes(state=TicketState.RESOLVED)
    for _ in range(2):
        for send_id in reminders(office.helpdesk.thread_now.ticket, office.ledger, office.desk.policy):
            deliver(send_id, office.desk)
    return [body for _, body in office.helpdesk.posted[before:]]


def test_colleagues_are_told_also_where_one_took_the_ticket_over_after_the_reply_had_left(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved(BODY)
        deliver(send_id, office.desk)
        office.ledger.reviews.take_over(case.case_id, "maya", "Maya answers.", taken_note("maya", TAGS))

        [note] = told_when_resolved(office)

        assert BODY in note


@pytest.mark.parametrize("decision", ["take over", "reject"])
def test_colleagues_are_told_of_what_a_holding_reply_promised_whoever_answered_then(
    tmp_path: Path, decision: str
) -> None:
    with an_office(tmp_path, delivery="review") as office:
        reviews, case = office.ledger.reviews, held(office.ledger, 1)
        brake = office.ledger.incidents.put_on(a_brake(NOON))
        assert brake is not None
        letters = {case.case_id: a_reply("We will call you tomorrow.")}
        [send_id] = office.ledger.incidents.hold_with(brake.brake_id, letters, "We will call you tomorrow.", "ravi")
        assert deliver(send_id, office.desk) == "done"
        if decision == "take over":
            reviews.take_over(case.case_id, "maya", "Maya answers.", taken_note("maya", TAGS))
        else:
            draft_id = newest_draft(office.ledger, case)
            reviews.reject(case.case_id, draft_id, "Wrong.", "maya", rejected_note("Wrong.", "maya", TAGS))

        [note] = told_when_resolved(office)

        assert "We will call you tomorrow." in note


def test_a_ticket_whose_promises_are_kept_is_ended_in_silence(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        case, send_id = office.approved(BODY)
        deliver(send_id, office.desk)
        [made] = office.ledger.promises.of_ticket(case.ticket_id)
        office.ledger.promises.kept(made.promise_id, "meera")
        office.helpdesk.ticket_becomes(state=TicketState.CLOSED)
        assert reminders(office.helpdesk.thread_now.ticket, office.ledger, office.desk.policy) == []


def test_a_reply_whose_promises_cannot_be_read_is_delivered_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> tuple[Promise, ...]:
        raise ValueError

    monkeypatch.setattr("worker.support.deliver.promised", broken)
    with an_office(tmp_path) as office:
        _, send_id = office.approved(BODY)
        assert deliver(send_id, office.desk) == "done"
