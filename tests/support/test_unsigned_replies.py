"""Freshdesk may list a reply of ours without its author: it is known all the same, and not sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Office, an_office
from tests.support.test_deliver_doubt import CUT
from worker.models import Author, Status
from worker.support.deliver import deliver


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("body", ["Your IM is fine.", "Pay to account number 123456789012, please."])
def test_a_reply_that_shows_late_and_without_its_author_is_not_sent_again(office: Office, body: str) -> None:
    case, send_id = office.approved(body)
    office.helpdesk.cut.append(CUT)
    assert deliver(send_id, office.desk) == "in doubt"
    *asked, reply = office.helpdesk.thread_now.messages
    nameless = reply.model_copy(update={"author": Author.SYSTEM})
    office.helpdesk.thread_now = office.helpdesk.thread_now.saying([*asked, nameless])
    looks, find = iter([True]), office.helpdesk.find
    office.helpdesk.find = lambda *a, **k: None if next(looks, False) else find(*a, **k)  # type: ignore[method-assign]

    assert deliver(send_id, office.desk) == "done"

    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT


@pytest.mark.parametrize("author", [Author.SYSTEM, Author.DESKHAND])
def test_a_reply_that_left_after_the_backup_from_which_the_ledger_is_is_not_sent_again(
    office: Office, author: Author
) -> None:
    case, send_id = office.approved()
    send = office.send(case)
    office.helpdesk.reply(send.ticket_id, send.body_html, not_after=0.0)
    *asked, reply = office.helpdesk.thread_now.messages
    there = reply.model_copy(update={"author": author})
    office.helpdesk.thread_now = office.helpdesk.thread_now.saying([*asked, there])

    deliver(send_id, office.desk)

    assert len(office.helpdesk.posted) == 1
    assert office.status(case) is Status.SENT
