"""A worker's Celery tasks: what one message of the queue brings about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.answering import an_answering_office
from worker import bootstrap
from worker.models import Ring, SendState, Status
from worker.queues import DRAFT
from worker.settings import Settings
from worker.tasks import Shop, make_app

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_reply_leaves_with_the_message_that_brought_its_ticket_and_needs_no_queue_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_answering_office(tmp_path) as office:
        monkeypatch.setattr(bootstrap, "make_desk", lambda _: office.desk)
        settings = Settings(redis_url=NOWHERE)
        worker = make_app(settings, Shop(settings))

        worker.tasks[DRAFT](office.ledger.doorbells.ring(Ring.WEBHOOK, 1))

        (case,) = office.ledger.cases.of_ticket(1)
        assert case.status is Status.SENT
        assert office.send(case).state is SendState.DONE
        assert office.ledger.sends.due(10) == office.ledger.doorbells.due(10) == []
