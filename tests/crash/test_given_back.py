"""A ticket is given back: the worker that tells the team, and takes the tag off, dies at it, and it is done once."""

from __future__ import annotations

import pytest

from tests.console.seed import LETTER
from tests.crash.lives import DIED, POLICY, Place, live, live_and_die, live_on
from tests.crash.test_holding import held_tickets
from tests.desk import TAGS
from tests.sandbox_server import RunningSandbox
from worker.adapters.store.ledger import open_ledger
from worker.support import takeover
from worker.support.reviewdesk import ReviewDesk


def maya(place: Place, decides: str) -> None:
    ledger = open_ledger(place.url)
    desk = ReviewDesk(ledger, POLICY, TAGS, lambda _t, _i: LETTER, lambda _queue, _row: None)
    case_id = ledger.cases.of_ticket(place.ticket_id)[0].case_id
    assert getattr(takeover, decides)(desk, case_id, "maya").done
    ledger.close()


def tags(place: Place, sandbox: RunningSandbox) -> list[str]:
    found: list[str] = sandbox.api("GET", f"/tickets/{place.ticket_id}").json()["tags"]
    return found


@pytest.mark.parametrize("point", ["deliver.intended", "deliver.posted", "deliver.recorded", "deliver.changed"])
def test_the_tag_comes_off_and_the_team_is_told_once_though_the_worker_dies(
    point: str, sqlite_url: str, sandbox: RunningSandbox
) -> None:
    [place] = held_tickets(sqlite_url, sandbox, 1)
    maya(place, "take_over")
    live(place, told=False)
    assert TAGS.handed_over in tags(place, sandbox)
    maya(place, "give_back")

    assert live_and_die(place, point) == DIED
    live_on(place)

    assert TAGS.handed_over not in tags(place, sandbox)
    there = sandbox.api("GET", f"/tickets/{place.ticket_id}/conversations").json()
    assert sum("gave this ticket back" in entry["body"] for entry in there) == 1
