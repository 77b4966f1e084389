"""Whatever cannot be worked on ends with a person: poison, tickets that nobody can read, and those that kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.answering import Copyist, an_answering_office
from tests.desk import Office
from worker.adapters.memory_index import MemoryIndex
from worker.errors import Permanent, Retryable
from worker.models import Case, Ring, Status, Thread
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

GONE = Permanent("GET tickets/{}: Freshdesk refused (403, access_denied)", part="freshdesk", code=403)
ODD = Permanent("GET tickets/{}: the answer (200) is not the JSON that was expected", part="freshdesk", code=200)


class Poisoned(MemoryIndex):
    def version(self) -> str:
        raise RecursionError


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def poison(office: Office) -> None:
    office.desk = replace(office.desk, index=Poisoned())


def unreadable(office: Office, *troubles: BaseException | None) -> None:
    """Reading the ticket ends in these, one after the other; the last one stays. None: it is read."""
    thread, coming = office.helpdesk.thread, list(troubles)

    def read(ticket_id: int, **_: object) -> Thread:
        trouble = coming.pop(0) if len(coming) > 1 else coming[0]
        if trouble is not None:
            raise trouble
        return thread(ticket_id)

    office.helpdesk.thread = read  # type: ignore[method-assign]


def rung(office: Office, how: Ring = Ring.WEBHOOK, **named: str) -> str:
    return office.ledger.doorbells.ring(how, 1, **named)


def tried(office: Office, doorbell_id: str, times: int) -> list[str]:
    outcomes = []
    for _ in range(times):
        outcomes.append(draft_doorbell(doorbell_id, office.desk, lambda *_: None))
        office.make_doorbell_due(doorbell_id)
    return outcomes


def the_case(office: Office) -> Case:
    [case] = office.ledger.cases.of_ticket(1)
    return case


def test_a_ticket_that_nobody_can_read_still_ends_where_a_person_sees_it(office: Office) -> None:
    unreadable(office, GONE)

    assert tried(office, rung(office), 3) == ["parked", "parked", "handed over"]

    case = the_case(office)
    assert (case.status, case.message_key) == (Status.HANDED_OVER, "ticket")
    assert "403" in case.reasons[0]
    assert not office.ledger.doorbells.due(10)


def test_nobody_is_called_to_a_ticket_that_somebody_has_deleted(office: Office) -> None:
    unreadable(office, GONE)
    office.helpdesk.trashed = True

    assert tried(office, rung(office), 3) == ["parked", "parked", "deleted"]

    assert office.ledger.cases.of_ticket(1) == []
    assert not office.ledger.doorbells.due(10)


def test_a_case_that_was_open_ends_with_its_ticket(office: Office) -> None:
    poison(office)
    doorbell = rung(office)
    assert tried(office, doorbell, 2) == ["parked", "parked"]
    assert the_case(office).status is Status.OPEN
    unreadable(office, GONE)
    office.helpdesk.trashed = True

    assert tried(office, doorbell, 1) == ["deleted"]
    assert (the_case(office).status, the_case(office).reasons) == (Status.SUPERSEDED, ("The ticket was deleted.",))
    assert office.ledger.sends.due(10) == []


def test_a_ticket_that_is_restored_calls_a_person_and_says_why(office: Office) -> None:
    poison(office)
    doorbell = rung(office)
    tried(office, doorbell, 2)
    unreadable(office, GONE, GONE, None)
    office.helpdesk.trashed = True
    assert tried(office, doorbell, 1) == ["deleted"]
    office.helpdesk.trashed = False

    assert tried(office, rung(office), 1) == ["left to a person"]
    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "done"
    assert "had been deleted" in office.helpdesk.posted[0][1]


def test_a_ticket_with_an_entry_that_cannot_be_read_goes_to_a_person_at_once(office: Office) -> None:
    unreadable(office, Permanent("1 of the entries cannot be read", part="freshdesk", unread=True))

    assert tried(office, rung(office), 1) == ["handed over"]

    case = the_case(office)
    assert case.status is Status.HANDED_OVER
    assert "in a form that Deskhand does not know" in case.reasons[0]
    assert len(office.ledger.sends.due(10)) == 1, "the note"


@pytest.mark.parametrize("code", [403, 404])
def test_a_ticket_that_was_out_of_reach_for_a_while_has_its_note_once_it_is_there(office: Office, code: int) -> None:
    refusal = Permanent("refused", part="freshdesk", code=code)
    unreadable(office, *[refusal] * 4, None)
    office.helpdesk.fails.append(refusal)

    assert tried(office, rung(office), 3)[-1] == "handed over"
    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "parked", "it is as much out of reach for a note"

    office.make_due(note)
    assert deliver(note, office.desk) == "done"
    assert "cannot be read" in office.helpdesk.posted[0][1]


def test_a_ticket_that_could_be_read_once_ends_as_the_case_it_was_then(office: Office) -> None:
    poison(office)
    unreadable(office, None, GONE)

    assert tried(office, rung(office), 3)[-1] == "handed over"

    case = the_case(office)
    assert (case.status, case.message_key, case.subject) == (Status.HANDED_OVER, "ticket", "Withdrawal")


def test_a_ticket_that_was_answered_before_and_cannot_be_read_now_gets_a_case_of_its_own(office: Office) -> None:
    tried(office, rung(office), 1)
    unreadable(office, GONE)

    doorbell = rung(office)
    tried(office, doorbell, 3)

    assert [c.message_key for c in office.ledger.cases.by_status(Status.HANDED_OVER)] == [f"unread-{doorbell}"]


def test_every_message_that_nobody_can_read_gets_a_case_and_a_note_of_its_own(office: Office) -> None:
    unreadable(office, ODD)

    for _ in range(3):
        assert tried(office, rung(office), 3)[-1] == "handed over"

    assert len(office.ledger.cases.by_status(Status.HANDED_OVER)) == 3
    assert len(office.ledger.sends.due(10)) == 3


def test_our_own_notes_on_an_unreadable_ticket_do_not_call_for_notes_without_end(office: Office) -> None:
    unreadable(office, ODD)
    tried(office, rung(office), 3)

    for _ in range(4):
        for note in office.ledger.sends.due(10):
            assert deliver(note, office.desk) == "done"
        tried(office, rung(office, Ring.POLLER), 3)  # a note changes the ticket: the poller rings for it

    assert not office.ledger.sends.due(10)
    assert len(office.helpdesk.posted) == 2


def test_an_outage_while_giving_up_loses_nothing(office: Office) -> None:
    poison(office)
    doorbell = rung(office)
    tried(office, doorbell, 2)
    unreadable(office, None, Retryable("503", part="freshdesk"), Retryable("503", part="freshdesk"), None)

    assert tried(office, doorbell, 3) == ["parked", "parked", "handed over"]

    assert the_case(office).status is Status.HANDED_OVER
    assert len(office.ledger.sends.due(10)) == 1


def test_a_ticket_whose_very_reading_always_fails_goes_to_a_person_unread(office: Office) -> None:
    unreadable(office, MemoryError())

    assert tried(office, rung(office), 5)[-1] == "handed over"

    assert the_case(office).status is Status.HANDED_OVER
    [note] = office.ledger.sends.due(10)
    assert deliver(note, office.desk) == "done", "what cannot be read may still be written on"


def test_a_ticket_that_kills_its_worker_again_and_again_goes_to_a_person(office: Office) -> None:
    doorbell = rung(office)
    for _ in range(5):
        assert office.ledger.doorbells.claim(doorbell, timedelta(seconds=-1)) is not None

    assert tried(office, doorbell, 1) == ["handed over"]

    assert isinstance(office.desk.writer, Copyist)
    assert not office.desk.writer.prompts
    assert "ended before its time 5 times" in the_case(office).reasons[0]


def test_a_ticket_that_kills_even_whoever_gives_it_up_is_not_read_any_more(office: Office) -> None:
    unreadable(office, AssertionError("it was read"))
    doorbell = rung(office)
    for _ in range(6):
        office.ledger.doorbells.claim(doorbell, timedelta(seconds=-1))

    assert tried(office, doorbell, 1) == ["handed over"]


def test_a_draft_that_waits_for_a_lead_stays_when_a_later_message_kills_its_worker(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    tried(office, rung(office), 1)
    held = the_case(office)
    doorbell = rung(office)
    for _ in range(6):
        office.ledger.doorbells.claim(doorbell, timedelta(seconds=-1))

    assert tried(office, doorbell, 1) == ["handed over"]

    assert office.status(held) is Status.HELD


def test_restarts_do_not_use_up_the_tries(office: Office) -> None:
    doorbell = rung(office)
    for _ in range(4):
        office.ledger.doorbells.claim(doorbell, timedelta(seconds=-1))

    assert tried(office, doorbell, 1) == ["send"]


def test_a_redraft_that_fails_leaves_the_lead_the_draft_there_was(office: Office) -> None:
    office.desk = office.with_policy(delivery="review")
    tried(office, rung(office), 1)
    case = the_case(office)
    poison(office)

    assert tried(office, rung(office, Ring.REDRAFT, case_id=case.case_id), 3)[-1] == "handed over"

    assert the_case(office).status is Status.HELD
    assert len(office.ledger.cases.drafts(case.case_id)) == 1


@pytest.mark.parametrize("error", [ValueError, MemoryError, SystemExit, RecursionError, KeyboardInterrupt])
def test_whatever_is_raised_counts_as_a_try(office: Office, error: Any) -> None:
    class Raising(Poisoned):
        def version(self) -> str:
            raise error

    office.desk = replace(office.desk, index=Raising())

    assert tried(office, rung(office), 3) == ["parked", "parked", "handed over"]
