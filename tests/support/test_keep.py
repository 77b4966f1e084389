"""A lease is kept while its work goes on, and not longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.answering import Copyist, an_answering_office
from tests.desk import Office
from worker import tasks
from worker.adapters.store.schema import cases, doorbells, sends
from worker.errors import Retryable
from worker.models import Ring
from worker.support import deliver as delivering
from worker.support import keep
from worker.support.deliver import deliver
from worker.support.keep import kept
from worker.tasks import draft_doorbell

PATIENCE = 240.0
BEAT = timedelta(milliseconds=30)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Leases are renewed far more often than they need: on a machine that stands still none runs out by itself."""
    monkeypatch.setattr(keep, "MOST", 1_000_000)
    for module in (tasks, delivering):
        monkeypatch.setattr(module, "kept", lambda renew, lease: kept(renew, BEAT))
    with an_answering_office(tmp_path) as opened:
        yield opened


def outlives_its_lease(office: Office, renewed: threading.Semaphore) -> None:
    """Whatever is held now was claimed too long ago, but for what is renewed after that."""
    with office.ledger.writing() as connection:
        for table in (doorbells, cases, sends):
            connection.execute(update(table).where(table.c.lease_until > 0).values(lease_until=1.0))
    while renewed.acquire(blocking=False):
        pass
    assert all(renewed.acquire(timeout=PATIENCE) for _ in range(2)), "the first may have been under way"


def test_a_draft_that_takes_longer_than_its_lease_is_not_begun_twice(office: Office) -> None:
    renewed = threading.Semaphore(0)
    renew = office.ledger.doorbells.renew

    def and_tell(*given: object) -> bool:
        done = renew(*given)  # type: ignore[arg-type]
        renewed.release()
        return done

    class Slow(Copyist):
        def complete(self, *given: object) -> object:
            outlives_its_lease(office, renewed)
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

    def slow(*given: Any, **more: Any) -> object:
        outlives_its_lease(office, renewed)
        return thread(*given, **more)

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

    with kept(renew, BEAT):
        assert again.wait(PATIENCE)


def test_whoever_hangs_for_ever_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "MOST", 3)
    assert renewals(still_ours=True) == 3


def test_nothing_is_renewed_for_somebody_elses_row() -> None:
    assert renewals(still_ours=False) == 1


def renewals(*, still_ours: bool) -> int:
    """How often a short lease is renewed, until whoever renews it gives it up."""
    asked: list[threading.Thread] = []
    begun = threading.Event()

    def renew() -> bool:
        asked.append(threading.current_thread())
        begun.set()
        return still_ours

    with kept(renew, timedelta(milliseconds=3)):
        assert begun.wait(PATIENCE)
        asked[0].join(PATIENCE)
        assert not asked[0].is_alive()
    return len(asked)


def test_a_lease_that_ends_before_others_is_renewed_before_them_and_what_is_over_never() -> None:
    lookout = keep._Lookout()
    lookout._thread = threading.current_thread()  # it looks out itself
    over, late, soon = (keep._Stay(lambda: True, 1.0) for _ in range(3))
    for stay, after in ((late, -1000.0), (soon, -2000.0), (over, -3000.0)):  # seconds: all of them are due
        lookout.expect(stay, after)
    over.leave()

    assert [lookout._next(), lookout._next()] == [soon, late]
    assert lookout._expected == []


@pytest.mark.parametrize("whose", ["keeps a lease", "keeps an eye on leases"])
def test_no_thread_to_be_had_is_no_end_to_the_keeping(monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    again, start, failed = threading.Event(), threading.Thread.start, []

    def starts(thread: threading.Thread) -> None:
        if thread.name == whose and not failed:
            failed.append(True)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(keep, "AGAIN", 0.01)
    monkeypatch.setattr(keep, "_LOOKOUT", keep._Lookout())
    monkeypatch.setattr(threading.Thread, "start", starts)
    if whose == "keeps an eye on leases":
        with pytest.raises(RuntimeError), kept(lambda: True, BEAT):
            pytest.fail("as before: work that nobody keeps is not begun")
    with kept(lambda: bool(again.set()), BEAT):
        assert again.wait(PATIENCE)
    assert failed
