"""Old tickets hold card numbers and codes as new ones do: no stage sees them, and no report of a replay shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.answering import QUESTION, an_answering_office
from tests.desk import Office
from tests.operations.test_replay import REPLY, replaying_desk, tickets
from tests.sandbox_server import running_sandbox
from tests.support.test_masked import SECRETS, TOLD
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.models import Thread
from worker.operations.old_tickets import as_it_was_asked, read_tickets
from worker.operations.replay_report import page, rows, stages, summary, told
from worker.operations.replaying import Reading, Replayed, replay

CARD, PAN = SECRETS[:2]
SUBJECT = f"Withdrawal, card {CARD}"
BODY = f"<p>{TOLD}</p><p>{QUESTION}</p>"
OLD: dict[str, Any] = {
    "id": 8,
    "subject": SUBJECT,
    "source": 1,
    "status": 5,
    "requester_id": 5,
    "requester": {"id": 5, "name": "Asha", "email": "asha@example.com"},
    "description": BODY,
    "custom_fields": {"cf_paid_with": f"card {CARD}", "cf_pan": PAN},
    "created_at": "2026-03-02T12:00:00Z",
    "conversations": [
        {
            "id": 2,
            "user_id": 9,
            "body": f"<p>{REPLY} You paid with card {CARD}.</p>",
            "private": False,
            "created_at": "2026-03-02T13:00:00Z",
        }
    ],
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def reported(done: Replayed) -> str:
    """All that a replay can show of a ticket."""
    found = summary([done])
    figures = json.dumps([*rows([done]), found])
    return "\n".join([stages(done), page([done], found), figures, told(found)])


def replayed(thread: Thread, office: Office) -> Replayed:
    asked = as_it_was_asked(thread)
    assert asked is not None
    assert [one for one in SECRETS if one in asked.thread.model_dump_json() + asked.theirs] == []
    return replay(asked, replaying_desk(office))


def test_a_file_with_card_numbers_and_codes_is_replayed_without_them(office: Office, tmp_path: Path) -> None:
    as_csv = f'ticket_id,subject,message,reply,email\n1,"{SUBJECT}","{TOLD} {QUESTION}",Card {CARD}.,asha@example.com\n'
    for name, text in (("old.json", json.dumps(OLD)), ("old.csv", as_csv)):
        [thread] = read_tickets(tickets(tmp_path, text, name))
        done = replayed(thread, office)
        assert done.draft is not None
        shown = reported(done)
        assert QUESTION in shown
        assert "[card ending 1111]" in shown
        assert [one for one in SECRETS if one in shown] == [], name
    assert [one for one in SECRETS if one in str(office.desk.writer.prompts)] == []


def test_a_ticket_of_freshdesk_is_replayed_without_its_numbers(office: Office) -> None:
    with running_sandbox() as sandbox:
        number = sandbox.mail("asha@example.com", SUBJECT, BODY)
        helpdesk = FreshdeskHelpdesk(sandbox.freshdesk_url, SecretStr(sandbox.api_key))
        thread = helpdesk.thread(number)
        asked = as_it_was_asked(thread)
        assert asked is not None
        shown = reported(replay(asked, replace(replaying_desk(office), helpdesk=Reading(helpdesk))))
    assert CARD in thread.ticket.subject, "it is there at the helpdesk"
    assert QUESTION in shown
    assert [one for one in SECRETS if one in shown] == []
