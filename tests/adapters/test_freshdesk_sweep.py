"""updated_since(): no changed ticket is skipped, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk import desk as desk_module
from worker.adapters.freshdesk.shapes import ListedTicketShape

START = datetime(2026, 3, 1, tzinfo=UTC)


class Listing:
    """Freshdesk's listing of tickets, by time of change; `meanwhile` happens between two pages."""

    def __init__(self, changed: dict[int, datetime], *, inclusive: bool = True) -> None:
        self.changed = changed
        self.inclusive = inclusive
        self.meanwhile: Callable[[], None] = lambda: None
        self.calls: list[dict[str, Any]] = []

    def page(self, shape: type[ListedTicketShape], route: str, **query: Any) -> tuple[list[ListedTicketShape], bool]:
        self.calls.append(query)
        bound = datetime.fromisoformat(query["updated_since"])
        rows = sorted((at, n) for n, at in self.changed.items() if at > bound or (self.inclusive and at == bound))
        start = (query["page"] - 1) * query["per_page"]
        cut = rows[start : start + query["per_page"]]
        self.meanwhile()
        return [shape(id=n, updated_at=at, created_at=START) for at, n in cut], len(cut) == query["per_page"]


def swept(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    desk = FreshdeskHelpdesk("http://localhost:1", SecretStr("key"))
    monkeypatch.setattr(desk._wire, "page", listing.page)
    return [news.ticket_id for news in desk.updated_since(START)]


@pytest.mark.parametrize("inclusive", [True, False])
def test_every_changed_ticket_comes_once_oldest_change_first(monkeypatch: pytest.MonkeyPatch, inclusive: bool) -> None:
    listing = Listing({n: START + timedelta(seconds=1 + n // 3) for n in range(1, 451)}, inclusive=inclusive)
    assert swept(listing, monkeypatch) == list(range(1, 451))


def test_more_changes_in_one_second_than_a_page_holds_are_counted_through(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = START + timedelta(seconds=30)
    listing = Listing(dict.fromkeys(range(1, 351), moment) | {999: moment + timedelta(seconds=5)})
    assert sorted(swept(listing, monkeypatch)) == [*range(1, 351), 999]


def test_a_ticket_that_changes_between_two_pages_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing({n: START + timedelta(seconds=10 * n) for n in range(1, 251)})

    def one_of_the_first_page_changes() -> None:
        listing.changed[5] = START + timedelta(days=1)
        listing.meanwhile = lambda: None

    listing.meanwhile = one_of_the_first_page_changes
    assert set(swept(listing, monkeypatch)) == set(range(1, 251))


def test_a_bulk_change_beyond_the_last_page_does_not_stop_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "LAST_PAGE", 3)
    moment = START + timedelta(seconds=30)
    listing = Listing(dict.fromkeys(range(350), moment) | {999: moment + timedelta(minutes=1)})
    assert 999 in swept(listing, monkeypatch)
    assert max(query["page"] for query in listing.calls) == 3
