"""A lease is kept while its work goes on, and not longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.answering import Copyist, an_answering_office
from tests.desk import Office
from worker.errors import Retryable
from worker.models import Ring
from worker.support import keep
from worker.support.deliver import deliver
from worker.support.keep import kept
from worker.tasks import draft_doorbell

PATIENCE = 10.0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path, lease=timedelta(seconds=0.3)) as opened:
        yield opened


def test_a_draft_that_takes_longer_than_its_lease_is_not_begun_twice(office: Office) -> None:
    renewed = threading.Semaphore(0)
    renew = office.ledger.doorbells.renew

    def and_tell(*given: object) -> bool:
        done = renew(*given)  # type: ignore[arg-type]
        renewed.release()
        return done

    class Slow(Copyist):
        def complete(self, *given: object) -> object:
            # Five renewals: well beyond the lease that the claim gave.
            assert all(renewed.acquire(timeout=PATIENCE) for _ in range(5))
            assert not office.ledger.doorbells.due(10)
            assert draft_doorbell(doorbell, office.desk, lambda *_: None) == "not ours"
            return super().complete(*given)

    office.ledger.doorbells.renew = and_tell  # type: ignore[method-assign]
    slow = Slow()
    office.desk = replace(office.desk, writer=slow)
    doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)

    assert draft_doorbell(doorbell, office.desk, lambda *_: None) == "send"
    assert len(slow.prompts) == 1


def test_a_delivery_that_waits_long_for_the_thread_keeps_its_send(office: Office) -> None:
    draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda *_: None)
    [send_id] = office.ledger.sends.due(10)
    renewed, thread, renew = threading.Semaphore(0), office.helpdesk.thread, office.ledger.sends.renew

    def and_tell(*given: object) -> bool:
        done = renew(*given)  # type: ignore[arg-type]
        renewed.release()
        return done

    def slow(ticket_id: int) -> object:
        assert all(renewed.acquire(timeout=PATIENCE) for _ in range(5))
        return thread(ticket_id)

    office.ledger.sends.renew = and_tell  # type: ignore[method-assign]
    office.helpdesk.thread = slow  # type: ignore[method-assign, assignment]

    assert deliver(send_id, office.desk) == "done"


def test_an_outage_of_the_ledger_does_not_end_the_keeping() -> None:
    asked, again = [0], threading.Event()

    def renew() -> bool:
        asked[0] += 1
        if asked[0] == 1:
            raise Retryable("database is locked", part="ledger")
        again.set()
        return True

    with kept(renew, timedelta(milliseconds=30)):
        assert again.wait(PATIENCE)


def test_whoever_hangs_for_ever_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "MOST", 3)
    asked: list[None] = []

    with kept(lambda: asked.append(None) or True, timedelta(milliseconds=3)):
        wait_for_keepers()

    assert len(asked) == 3


def test_nothing_is_renewed_for_somebody_elses_row() -> None:
    asked: list[None] = []

    with kept(lambda: bool(asked.append(None)), timedelta(milliseconds=3)):
        wait_for_keepers()

    assert len(asked) == 1


def wait_for_keepers() -> None:
    """Until none is left; one with a lease of milliseconds may have ended already."""
    for keeper in [t for t in threading.enumerate() if t.name == "keeps a lease"]:
        keeper.join(PATIENCE)
        assert not keeper.is_alive()
