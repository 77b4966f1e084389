"""One holding reply for the tickets of an incident: the worker dies between two of them, and each gets it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.answering import QUESTION
from tests.console.seed import LETTER
from tests.crash.lives import DIED, POLICY, Place, let_time_pass, live, live_and_die, live_on
from tests.desk import TAGS
from tests.sandbox_server import RunningSandbox
from tests.support.incident.cases import a_brake
from worker.adapters.store.ledger import open_ledger
from worker.models import Status, Topic
from worker.support.incident.holding import fingerprint, send
from worker.support.reviewdesk import ReviewDesk

TEXT = "We know that withdrawals are late today.\n\nWe will write again."


def held_tickets(url: str, sandbox: RunningSandbox, number: int) -> list[Place]:
    """Tickets of one topic whose drafts wait for a lead."""
    mails = [
        sandbox.mail("asha@example.com", "Withdrawal", f"<p>{QUESTION}</p>", name="Asha Rao") for _ in range(number)
    ]
    places = [Place(url, sandbox.freshdesk_url, ticket_id, review=True) for ticket_id in mails]
    for place in places:
        live(place)
    return places


def press(url: str) -> list[str]:
    """A lead sends it to all that wait; the sends."""
    queued: list[str] = []
    ledger = open_ledger(url)
    desk = ReviewDesk(ledger, POLICY, TAGS, lambda _t, _i: LETTER, lambda _queue, row: queued.append(row))
    topic = Topic(template_id="im-withdrawal-time", segment="IM")
    brake = ledger.incidents.put_on(a_brake(datetime.now(UTC), topic, since=datetime(2020, 1, 1, tzinfo=UTC)))
    assert brake is not None
    assert send(desk, brake, TEXT, fingerprint(TEXT), "maya").done
    ledger.close()
    return queued


@pytest.mark.parametrize("point", ["deliver.intended", "deliver.posted", "deliver.recorded", "deliver.done"])
def test_each_ticket_gets_it_once_though_the_worker_dies_between_two(
    point: str, sqlite_url: str, sandbox: RunningSandbox
) -> None:
    places = held_tickets(sqlite_url, sandbox, 3)
    assert len(press(sqlite_url)) == 3

    assert live_and_die(places[0], point) == DIED
    sent = [len(sandbox.replies(place.ticket_id)) for place in places]
    assert sum(sent) == (point != "deliver.intended"), "it died at the first of the three"
    let_time_pass(places[0], timedelta(minutes=2), leases_only=True)
    for place in places:
        live_on(place)

    assert [len(sandbox.replies(place.ticket_id)) for place in places] == [1, 1, 1]
    ledger = open_ledger(sqlite_url)
    assert [ledger.cases.of_ticket(place.ticket_id)[-1].status for place in places] == [Status.HELD] * 3
    ledger.close()
