"""A process that was stopped beyond its lease writes nothing and sends nothing; one that was killed is soon replaced.

Real processes, real signals, both databases. What is compared is everything: each row of the ledger, and the sandbox's
own journal of what took effect.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.answering import QUESTION
from tests.crash.lives import POLICY, Place, a_desk, ended, let_time_pass, live, live_and_stop
from tests.sandbox_server import RunningSandbox
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.schema import METADATA
from worker.dispatcher import Sweep
from worker.models import Status
from worker.support.desk import Desk
from worker.tasks import deliver_send, draft_doorbell


def asked(sandbox: RunningSandbox, url: str, *, brisk: bool) -> Place:
    ticket_id = sandbox.mail("asha@example.com", "Withdrawal", f"<p>{QUESTION}</p>", name="Asha Rao")
    return Place(url, sandbox.freshdesk_url, ticket_id, brisk=brisk)


def everything(place: Place, sandbox: RunningSandbox) -> dict[str, Any]:
    ledger = open_ledger(place.url)
    try:
        with ledger.reading() as connection:
            rows = {t.name: sorted(map(repr, connection.execute(select(t)))) for t in METADATA.sorted_tables}
    finally:
        ledger.close()
    return {**rows, "journal": sandbox.journal(ticket_id=place.ticket_id)}


def status(place: Place) -> list[Status]:
    ledger = open_ledger(place.url)
    try:
        return [case.status for case in ledger.cases.of_ticket(place.ticket_id)]
    finally:
        ledger.close()


def another_one_goes_on(place: Place) -> None:
    """As soon as the ledger lets it."""
    deadline = time.monotonic() + 240
    while not ended(place):
        assert time.monotonic() < deadline, "nobody goes on"
        live(place, told=False)
        time.sleep(0.1)


@pytest.mark.parametrize("point", ["draft.judged", "deliver.thread_read", "deliver.intended", "deliver.posted"])
def test_a_process_that_wakes_up_late_writes_nothing_and_sends_nothing(
    point: str, sql_url: str, sandbox: RunningSandbox
) -> None:
    place = asked(sandbox, sql_url, brisk=True)
    with live_and_stop(place, point) as stopped:
        another_one_goes_on(place)
        before = everything(place, sandbox)

        assert stopped.wake() == 0

        assert everything(place, sandbox) == before
    assert len(sandbox.replies(place.ticket_id)) == 1
    assert status(place) == [Status.SENT]


def one_sweep(desk: Desk) -> int:
    """What one pass of the dispatcher finds, worked on at once; how much that was."""
    queue: list[tuple[str, str]] = []
    sweep = Sweep(desk.ledger, lambda name, row: queue.append((name, row)), lambda: datetime.now(UTC), lambda name: 0)
    found = sweep.once()
    while queue:
        name, row = queue.pop(0)
        if name == "draft":
            draft_doorbell(row, desk, lambda name, row: queue.append((name, row)))
        else:
            deliver_send(row, desk)
    return found


@pytest.mark.parametrize("point", ["draft.claimed", "draft.judged", "deliver.claimed", "deliver.thread_read"])
def test_a_killed_workers_case_goes_on_with_the_first_sweep_after_its_lease(
    point: str, sql_url: str, sandbox: RunningSandbox
) -> None:
    place = asked(sandbox, sql_url, brisk=False)
    with live_and_stop(place, point) as stopped:
        stopped.kill()

    with a_desk(place) as (desk, _):
        assert one_sweep(desk) == 0, "the lease still holds, whoever has it"
        let_time_pass(place, POLICY.lease + timedelta(milliseconds=1), leases_only=True)
        assert one_sweep(desk) == 1

    assert status(place) == [Status.SENT]
    assert len(sandbox.replies(place.ticket_id)) == 1
