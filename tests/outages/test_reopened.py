"""A ticket that was looked at in a moment that passed, with everything real: a person hears of its message, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outages.house import House, a_house
from tests.sandbox_server import running_sandbox
from worker.models import Ring, Status
from worker.sandbox import acts
from worker.sandbox.nouns import CLOSED, OPEN

AGAIN = "<p>My IM withdrawal is still not there. When will it reach my bank?</p>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_sandbox() as sandbox, a_house(tmp_path, sandbox) as opened:
        sandbox.state.world.reopen_when_customer_responds = False  # the rule runs, but only after we have looked
        yield opened


def seen(house: House, ticket: int, why: Ring = Ring.POLLER) -> tuple[list[str], int]:
    """What came of a ring, and the credits that it cost at Freshdesk."""
    limiter = house.sandbox.state.limiter
    before = limiter.spent_ever
    house.ledger.doorbells.ring(why, ticket)
    return house.work(), limiter.spent_ever - before


def test_a_reply_to_a_closed_ticket_that_freshdesk_reopens_a_moment_later(house: House) -> None:
    ticket = house.mail()
    house.work()
    house.sandbox.changed(ticket, status=CLOSED)
    seen(house, ticket)
    house.sandbox.says(ticket, AGAIN)
    assert seen(house, ticket, Ring.WEBHOOK)[0] == ["ignore"]
    still_closed = seen(house, ticket)

    acts.change(house.sandbox.state.world, ticket, {"status": OPEN}, None)
    assert seen(house, ticket)[0] == ["left to a person", "done"]
    echo = seen(house, ticket)

    assert house.case(ticket).status is Status.HANDED_OVER
    assert len(house.sandbox.notes(ticket)) == 1
    assert len(house.sandbox.replies(ticket)) == 1, "the first one"
    assert still_closed[0] == echo[0] == ["nothing new"]
    assert still_closed[1] == echo[1], "to ask the gate again costs no call"


@pytest.mark.parametrize(
    ("then", "now"), [({"spam": True}, {"spam": False}), ({"responder_id": 11}, {"responder_id": None})]
)
def test_a_first_mail_of_a_ticket_that_was_spam_or_assigned_only_for_a_while(
    house: House, then: dict[str, Any], now: dict[str, Any]
) -> None:
    ticket = house.mail()
    house.sandbox.changed(ticket, **then)
    assert house.work() == ["ignore"]
    house.sandbox.changed(ticket, **now)

    assert seen(house, ticket)[0] == ["left to a person", "done"]
    assert seen(house, ticket)[0] == ["nothing new"]

    assert (len(house.sandbox.notes(ticket)), house.sandbox.replies(ticket)) == (1, [])
