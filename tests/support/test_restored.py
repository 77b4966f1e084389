"""After a restore the ledger knows less than Freshdesk: nothing is answered twice, and nothing is forgotten.

The backup is taken at some point of a reply's way, the day goes on, the disk dies, the backup is put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.answering import QUESTION, an_answering_office
from tests.builders import a_message, a_thread
from tests.desk import Office, ScriptedHelpdesk
from worker.adapters.directory import LedgerDirectory
from worker.adapters.store import open_ledger
from worker.adapters.store.backup import back_up, restore
from worker.errors import InDoubt
from worker.intake.poller import poll
from worker.models import Ring, SendState, Status, TicketNews
from worker.support.deliver import deliver
from worker.tasks import draft_doorbell

CUT = InDoubt("the connection was reset after the request was sent", part="freshdesk")


class Disk:
    """The ledger's file, and one backup of it."""

    def __init__(self, folder: Path) -> None:
        self.url, self.copy = f"sqlite:///{folder / 'ledger.db'}", folder / "backup.db"

    def back_up(self) -> None:
        back_up(self.url, self.copy)

    @contextmanager
    def restored(self, office: Office) -> Iterator[Office]:
        """The same helpdesk, over the ledger as it was when it was backed up."""
        office.ledger.close()
        restore(self.url, self.copy)
        ledger = open_ledger(self.url)
        desk = replace(office.desk, ledger=ledger, directory=LedgerDirectory(ledger.customers))
        try:
            yield Office(ledger, office.helpdesk, desk)
        finally:
            ledger.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        opened.helpdesk.thread_now = a_thread(1, a_message(QUESTION, at=datetime.now(UTC)))
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def answered(office: Office) -> list[str]:
    """The customer's message is drafted for and the reply sent; the ids of its sends."""
    doorbell_id = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    sends: list[str] = []
    draft_doorbell(doorbell_id, office.desk, lambda queue, row: sends.append(row))
    for send_id in sends:
        deliver(send_id, office.desk)
    return sends


def replies(helpdesk: ScriptedHelpdesk) -> int:
    return [kind for kind, _ in helpdesk.posted].count("reply")


def everything_due(office: Office) -> None:
    """What dispatcher and workers do next, until there is nothing left to do."""
    while rows := [*office.ledger.doorbells.due(100)]:
        for row in rows:
            draft_doorbell(row, office.desk, lambda queue, row: None)
    for row in office.ledger.sends.due(100):
        deliver(row, office.desk)


def test_a_reply_that_was_queued_in_the_backup_and_sent_since_is_recognised(office: Office, disk: Disk) -> None:
    case, send_id = office.approved()
    disk.back_up()
    deliver(send_id, office.desk)

    with disk.restored(office) as after:
        everything_due(after)

        assert replies(after.helpdesk) == 1
        assert after.send(case).state is SendState.DONE
        assert after.status(case) is Status.SENT
        assert after.send(case).remote_id


@pytest.mark.parametrize("since", ["found", "sent again"])
def test_a_reply_that_was_in_doubt_in_the_backup_and_settled_since_does_not_go_out_once_more(
    office: Office, disk: Disk, since: str
) -> None:
    case, send_id = office.approved()
    {"found": office.helpdesk.cut, "sent again": office.helpdesk.fails}[since].append(CUT)
    deliver(send_id, office.desk)
    disk.back_up()
    deliver(send_id, office.desk)

    with disk.restored(office) as after:
        everything_due(after)

        assert replies(after.helpdesk) == 1
        assert after.status(case) is Status.SENT


def test_a_message_whose_doorbell_had_just_rung_and_that_was_answered_since_is_left_alone(
    office: Office, disk: Disk
) -> None:
    office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    disk.back_up()
    answered(office)
    assert replies(office.helpdesk) == 1

    with disk.restored(office) as after:
        everything_due(after)

        assert replies(after.helpdesk) == 1
        [case] = after.ledger.cases.of_ticket(1)
        assert case.status is Status.IGNORED
        assert case.reasons == ("The message has been answered already.",)


def test_a_message_that_the_backup_never_heard_of_is_found_and_answered_once(office: Office, disk: Disk) -> None:
    """Its webhook was acknowledged by a ledger that is gone; the poller reads on from the backup's mark."""
    office.ledger.doorbells.set_poll_mark(datetime.now(UTC))
    disk.back_up()
    office.ledger.doorbells.ring(Ring.WEBHOOK, 1)

    with disk.restored(office) as after:
        now = datetime.now(UTC)
        after.helpdesk.updated_since = lambda since: iter([TicketNews(ticket_id=1, updated_at=now, created_at=now)])  # type: ignore[method-assign]
        assert poll(after.helpdesk, after.ledger.doorbells, lambda queue, row: None, now) == 1
        everything_due(after)

        assert replies(after.helpdesk) == 1
        [case] = after.ledger.cases.of_ticket(1)
        assert case.status is Status.SENT


def test_another_reply_than_the_backups_takes_the_backups_away(office: Office, disk: Disk) -> None:
    """A lead had edited the draft and sent that: the words in the backup were never meant to leave."""
    case, _ = office.approved()
    disk.back_up()
    office.helpdesk.reply(1, "<p>The words of the lead.</p>", not_after=0.0)

    with disk.restored(office) as after:
        everything_due(after)

        assert replies(after.helpdesk) == 1
        assert after.send(case).state is SendState.DROPPED
        assert after.status(case) is Status.SUPERSEDED
