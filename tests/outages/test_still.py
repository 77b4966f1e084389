"""A Freshdesk whose tickets do not move with what is written on them: no reply leaves over or beside anything newer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.outages.house import House, a_house
from tests.sandbox_server import BOT_ID, running_sandbox
from worker.adapters.freshdesk.since import Since
from worker.models import SendState
from worker.sandbox import acts

NEWER = "<p>And how long does it take for the IM withdrawal to arrive?</p>"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    say = acts._say

    def still(world: Any, ticket: Any, *args: Any, **how: Any) -> Any:
        before = ticket.updated_at
        said = say(world, ticket, *args, **how)
        ticket.updated_at = before
        return said

    with pytest.MonkeyPatch.context() as patch, running_sandbox() as sandbox, a_house(folder, sandbox) as opened:
        patch.setattr(acts, "_say", still)
        yield opened


def replies(house: House, ticket_id: int) -> int:
    said = house.sandbox.state.world.tickets[ticket_id].conversations
    return sum(c.user_id == BOT_ID and not c.private for c in said)


def answered(house: House, ticket_id: int) -> set[str]:
    """The messages that what has left was written for."""
    return {
        s.message_key for s in house.ledger.sends.replies_of(ticket_id) if s.state in (SendState.POSTED, SendState.DONE)
    }


def drafted(house: House) -> int:
    """A ticket of a minute ago, whose time is settled, and a reply that waits to be delivered."""
    ticket_id = house.mail(ago=timedelta(minutes=1))
    for row in house.ledger.doorbells.due(50):
        house._draft(row)
    return ticket_id


@pytest.mark.parametrize("by", ["customer", "agent"])
def test_no_reply_goes_over_a_newer_message_or_beside_an_answer(house: House, by: str) -> None:
    """The very first ticket of a process, and the next."""
    ticket_id = drafted(house)
    said = house.sandbox.says(ticket_id, NEWER, by=by)
    house.work()
    assert answered(house, ticket_id) == ({f"c{said}"} if by == "customer" else set())
    assert replies(house, ticket_id) == (by == "customer")


def test_nothing_is_learned_from_what_we_changed_ourselves(house: House) -> None:
    """Each reply of ours is followed by a change of the ticket, which does move it."""
    house.desk.helpdesk._since = Since()  # type: ignore[attr-defined]
    sent = [house.mail(ago=timedelta(minutes=1)) for _ in range(4)]
    house.work()
    assert [replies(house, ticket_id) for ticket_id in sent] == [1, 1, 1, 1]
    for ticket_id in sent:
        house.desk.helpdesk.thread(ticket_id)
    assert not house.desk.helpdesk._since.trusted  # type: ignore[attr-defined]
    ticket_id = drafted(house)
    said = house.sandbox.says(ticket_id, NEWER)
    house.work()
    assert answered(house, ticket_id) == {f"c{said}"}


def test_what_stands_still_after_trust_was_earned_ends_it_with_one_warning(house: House) -> None:
    house.desk.helpdesk._since = since = Since()  # type: ignore[attr-defined]
    since._moved = 3
    with capture_logs() as logs:
        for number in range(2):
            house.writes_twice(number)
    assert [said["event"] for said in logs if said["event"] == "updated_at_stood_still"] == ["updated_at_stood_still"]
    ticket_id = drafted(house)
    said = house.sandbox.says(ticket_id, NEWER)
    house.work()
    assert answered(house, ticket_id) == {f"c{said}"}
