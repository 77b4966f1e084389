"""What was to leave for a ticket that somebody has deleted. It answers as one does that our agent may not read any
more, and of that a person has to hear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Office, an_office
from tests.support.test_deliver_doubt import a_note, raises_once, refused
from worker.errors import Permanent
from worker.models import Status
from worker.support.deliver import deliver


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as opened:
        yield opened


def tried(office: Office, send_id: str, times: int) -> list[str]:
    """A reply of which the ticket cannot be read that often."""
    no_reading = Permanent("GET tickets/{}: refused (403)", part="freshdesk", code=403)
    raises_once(office.helpdesk, "thread", no_reading, times=times)
    outcomes = []
    for _ in range(times):
        outcomes.append(deliver(send_id, office.desk))
        office.make_due(send_id)
    return outcomes


def test_a_ticket_in_the_trash_supersedes_its_reply_and_calls_nobody(office: Office) -> None:
    case, send_id = office.approved()
    office.helpdesk.trashed = True

    assert tried(office, send_id, 3) == ["parked", "parked", "dropped"]
    assert (office.status(case), office.send(case).remark) == (Status.SUPERSEDED, "Not sent: the ticket was deleted.")
    assert not office.ledger.sends.due(10)


def test_one_that_our_agent_may_not_read_any_more_goes_to_a_person(office: Office) -> None:
    case, send_id = office.approved()

    assert tried(office, send_id, 3) == ["parked", "parked", "dropped"]
    assert office.status(case) is Status.HANDED_OVER
    assert len(office.ledger.sends.due(10)) == 1, "the note"


def test_a_note_for_a_ticket_in_the_trash_is_not_tried_for_a_day(office: Office) -> None:
    note = a_note(office)
    [case] = office.ledger.cases.of_ticket(1)
    office.helpdesk.trashed = True

    assert refused(office, note, 2, code=405)[0] == ["parked", "parked"]
    office.helpdesk.fails.append(Permanent("refused", part="freshdesk", code=405))
    assert deliver(note, office.desk) == "dropped"
    assert note not in office.ledger.sends.due(10)
    assert office.status(case) is case.status, "its reply has a way of its own"
