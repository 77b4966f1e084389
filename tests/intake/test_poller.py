"""What no webhook announced is found at the next look: over restarts, over many pages, over old tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from tests.sandbox_server import API_KEY, RunningSandbox, running_sandbox
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.freshdesk import desk as desk_module
from worker.adapters.memory import MemoryLedger
from worker.errors import Retryable
from worker.intake.poller import FIRST_LOOK, OVERLAP, SLACK, Announced, poll
from worker.models import Ring, TicketNews
from worker.ports import Ledger

NOTHING = timedelta(0)
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Listing:
    """A helpdesk of which only the listing is asked: tickets by when they changed. Remembers each `since`."""

    def __init__(self, **changed: datetime) -> None:
        self.changed = {int(name.removeprefix("t")): at for name, at in changed.items()}
        self.asked: list[datetime] = []
        self.breaks_after: int | None = None

    def updated_since(self, since: datetime) -> Iterator[TicketNews]:
        self.asked.append(since)
        rows = sorted((at, ticket) for ticket, at in self.changed.items() if at >= since)
        for number, (at, ticket) in enumerate(rows):
            if number == self.breaks_after:
                raise Retryable("GET tickets: Freshdesk answered 503", part="freshdesk")
            yield TicketNews(ticket_id=ticket, updated_at=at, created_at=START)


def rung(ledger: Ledger) -> list[int]:
    """Tickets whose doorbells wait, oldest first; they are taken as answered."""
    tickets = []
    for doorbell_id in ledger.doorbells.due(10_000):
        doorbell = ledger.doorbells.claim(doorbell_id, timedelta(minutes=5))
        assert doorbell is not None
        assert doorbell.ring is Ring.POLLER
        ledger.doorbells.finish(doorbell_id, doorbell.epoch, "case")
        tickets.append(doorbell.ticket_id or 0)
    return tickets


def look(
    helpdesk: object,
    ledger: Ledger,
    now: datetime = START,
    slack: timedelta = NOTHING,
    announced: Announced | None = None,
) -> int:
    return poll(
        helpdesk,  # type: ignore[arg-type]
        ledger.doorbells,
        lambda queue, row: None,
        now,
        slack=slack,
        announced=announced,
    )


def test_the_first_look_goes_back_a_day_and_no_further():
    ledger, listing = MemoryLedger(), Listing(t1=START - timedelta(hours=23), t2=START - timedelta(days=3))

    assert look(listing, ledger) == 1

    assert rung(ledger) == [1]
    assert listing.asked == [START - FIRST_LOOK - OVERLAP]


def test_each_look_begins_before_the_end_of_the_last_one():
    """A change that was stored late, or by a clock that is behind, lies before what we have read already."""
    ledger, listing = MemoryLedger(), Listing(t1=START)
    look(listing, ledger, START)
    listing.changed[2] = START - timedelta(minutes=4)

    look(listing, ledger, START + timedelta(minutes=2))

    assert listing.asked[-1] == START - OVERLAP
    assert 2 in rung(ledger)


def test_a_look_that_breaks_off_is_taken_up_where_it_broke_off():
    ledger, listing = MemoryLedger(), Listing(**{f"t{n}": START + timedelta(minutes=n) for n in range(1, 9)})
    ledger.doorbells.set_poll_mark(START)
    now, listing.breaks_after = START + timedelta(hours=1), 3
    with suppress(Retryable):
        look(listing, ledger, now)
    assert rung(ledger) == [1, 2, 3]

    listing.breaks_after = None
    look(listing, ledger, now)

    assert START + timedelta(minutes=2) < listing.asked[-1] <= START + timedelta(minutes=3)
    assert set(rung(ledger)) >= {4, 5, 6, 7, 8}
    assert ledger.doorbells.poll_mark() >= START + timedelta(minutes=8)


def test_more_changes_than_one_look_may_list_are_read_over_several_looks():
    """A bulk edit, or a long outage, on an account whose plan admits few listings a minute."""
    looks = [START + timedelta(hours=2, minutes=2 * number) for number in range(5)]

    assert found_of_a_flood(looks) == set(range(1, 2501))


def test_changes_that_come_faster_than_a_look_can_list_them_are_all_read_in_the_end():
    """Those of the last minutes are read again at each look, which must not keep it from what comes after them."""
    looks = [START + timedelta(minutes=4 + 2 * number) for number in range(12)]

    assert found_of_a_flood(looks) == set(range(1, 2501))


def found_of_a_flood(looks: list[datetime]) -> set[int]:
    """2,500 tickets that change within minutes, where each look is cut off after 900 of them."""
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(START)
    listing = Listing(**{f"t{n}": START + timedelta(seconds=n // 10) for n in range(1, 2501)})
    listing.breaks_after = 900
    found: set[int] = set()
    for moment in looks:
        with suppress(Retryable):
            look(listing, ledger, moment)
        found |= set(rung(ledger))
    return found


def test_a_look_that_is_killed_has_kept_most_of_its_way():
    """No exception reaches us then: what was read has to be kept on the way."""
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(START)
    listing = Listing(**{f"t{n}": START + timedelta(minutes=n) for n in range(1, 251)})

    class Killed(BaseException):
        pass

    def killed_at_the_240th(queue: str, row: str) -> None:
        if len(ledger.doorbells.due(1000)) == 240:
            raise Killed

    with suppress(Killed):
        poll(listing, ledger.doorbells, killed_at_the_240th, START + timedelta(days=1))  # type: ignore[arg-type]

    mark = ledger.doorbells.poll_mark()
    assert mark is not None
    assert mark - OVERLAP >= START + timedelta(minutes=100)


def test_what_was_stored_late_is_found_after_a_look_that_broke_off_as_well():
    """The listing of the last minutes is not complete yet, wherever the look ended."""
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(START)
    listing = Listing(t1=START + timedelta(minutes=8), t2=START + timedelta(minutes=9))
    listing.breaks_after = 1
    with suppress(Retryable):
        look(listing, ledger, START + timedelta(minutes=10))
    rung(ledger)

    listing.breaks_after = None
    listing.changed[3] = START + timedelta(minutes=6)
    look(listing, ledger, START + timedelta(minutes=12))

    assert 3 in rung(ledger)


def test_a_time_in_the_future_does_not_hide_what_changes_until_then():
    """An import, or a clock that was wrong for a moment, leaves such a ticket in the listing for weeks."""
    ledger, listing = MemoryLedger(), Listing(t1=START + timedelta(days=30))
    look(listing, ledger, START)
    rung(ledger)
    listing.changed[2] = START + timedelta(minutes=1)

    look(listing, ledger, START + timedelta(minutes=2))

    assert 2 in rung(ledger)


def test_a_mark_in_the_future_is_as_good_as_now():
    """As a ledger may hold it whose dispatcher ran while its own clock was wrong."""
    ledger = MemoryLedger()
    ledger.doorbells.set_poll_mark(START + timedelta(days=30))

    look(Listing(t1=START - timedelta(minutes=2)), ledger, START)

    assert rung(ledger) == [1]
    assert ledger.doorbells.poll_mark() == START


def test_a_quiet_night_leaves_the_poller_no_further_behind():
    ledger, listing = MemoryLedger(), Listing(t1=START)
    look(listing, ledger, START)

    look(listing, ledger, START + timedelta(hours=8))

    assert ledger.doorbells.poll_mark() == START + timedelta(hours=8) - OVERLAP


def test_the_mark_never_goes_back():
    ledger, listing = MemoryLedger(), Listing(t1=START - timedelta(minutes=3))
    ledger.doorbells.set_poll_mark(START)

    look(listing, ledger)

    assert ledger.doorbells.poll_mark() == START


def test_a_dispatcher_that_was_away_for_a_month_reads_on_where_it_stopped():
    ledger, listing = MemoryLedger(), Listing(t1=START + timedelta(days=2), t2=START + timedelta(days=29))
    ledger.doorbells.set_poll_mark(START)

    look(listing, ledger, START + timedelta(days=30))

    assert listing.asked == [START - OVERLAP]
    assert rung(ledger) == [1, 2]


def test_what_a_webhook_announced_is_not_announced_again():
    ledger = MemoryLedger()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)

    assert look(Listing(t1=datetime.now(UTC) - timedelta(seconds=5)), ledger) == 0


def test_a_doorbell_that_nobody_has_taken_yet_will_read_whatever_came_since():
    """A long queue is no reason to make it longer at each look."""
    ledger = MemoryLedger()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)
    later = Listing(t1=datetime.now(UTC) + timedelta(minutes=1))

    assert look(later, ledger) == 0

    doorbell = ledger.doorbells.claim(ledger.doorbells.due(1)[0], timedelta(minutes=5))
    assert doorbell is not None
    assert look(later, ledger) == 1, "who reads just now may have read too early"


def test_a_change_in_the_second_of_the_doorbell_may_have_come_after_it():
    """Freshdesk's times are whole seconds: one that is written down as 12:00:00 may have been at 12:00:00.9."""
    ledger = MemoryLedger()
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, 1), timedelta(minutes=5))
    assert doorbell is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")
    same_second = Listing(t1=doorbell.received_at.replace(microsecond=0))

    assert look(same_second, ledger, slack=SLACK) == 1


def a_thread_that_was_just_read(ledger: Ledger) -> datetime:
    """A webhook rang for ticket 1 and a worker has ended with it; when that was, by our clock."""
    doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, 1), timedelta(minutes=5))
    assert doorbell is not None
    ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")
    return doorbell.received_at


@pytest.mark.parametrize("behind", [timedelta(seconds=70), timedelta(minutes=4, seconds=50)])
def test_a_message_after_the_read_is_found_though_freshdesks_clock_is_minutes_behind(behind: timedelta):
    """By its own clock Freshdesk took the message long before our doorbell rang. Its webhook never comes."""
    ledger = MemoryLedger()
    read_at = a_thread_that_was_just_read(ledger)
    listing = Listing(t1=read_at + timedelta(seconds=5) - behind)

    assert look(listing, ledger, read_at + timedelta(seconds=30), slack=SLACK) == 1


def looks(ledger: Ledger, listing: Listing, announced: Announced, number: int) -> int:
    """So many looks, each doorbell answered before the next one; how often they rang."""
    rang = 0
    for _ in range(number):
        rang += look(listing, ledger, datetime.now(UTC), slack=SLACK, announced=announced)
        rung(ledger)
    return rang


def test_one_change_rings_twice_at_most_however_far_the_clocks_are_apart():
    """Who was told of a change that was listed already reads it: only the second it was listed in can hold another."""
    ledger, announced = MemoryLedger(), Announced()
    for at in (datetime.now(UTC), datetime.now(UTC) + timedelta(days=30)):
        assert looks(ledger, Listing(t1=at), announced, 6) == 2


def test_each_further_change_of_a_ticket_rings_again():
    ledger, announced = MemoryLedger(), Announced()
    listing = Listing(t1=datetime.now(UTC) - timedelta(seconds=3))
    looks(ledger, listing, announced, 3)
    listing.changed[1] += timedelta(seconds=2)

    assert looks(ledger, listing, announced, 1) == 1


def test_a_change_that_could_not_be_committed_was_not_announced():
    ledger, announced = MemoryLedger(), Announced()
    listing = Listing(t1=datetime.now(UTC))
    ring, ledger.doorbells.ring = ledger.doorbells.ring, raises_retryable  # type: ignore[method-assign]
    for _ in range(3):
        with suppress(Retryable):
            look(listing, ledger, datetime.now(UTC), slack=SLACK, announced=announced)
    ledger.doorbells.ring = ring  # type: ignore[method-assign]

    assert looks(ledger, listing, announced, 1) == 1


def raises_retryable(*_: object, **__: object) -> str:
    raise Retryable("the disk is full", part="ledger")


def test_what_no_look_lists_any_more_is_forgotten():
    ledger, announced = MemoryLedger(), Announced()
    look(Listing(t1=START), ledger, START, announced=announced)
    assert len(announced) == 1

    look(Listing(), ledger, START + timedelta(hours=1), announced=announced)
    look(Listing(), ledger, START + timedelta(hours=2), announced=announced)

    assert len(announced) == 0


@contextmanager
def a_desk_on(sandbox: RunningSandbox) -> Iterator[FreshdeskHelpdesk]:
    desk = FreshdeskHelpdesk(sandbox.url, SecretStr(API_KEY))
    try:
        yield desk
    finally:
        desk.close()


def test_every_ticket_is_found_at_one_look_when_no_webhook_came_at_all():
    ledger = MemoryLedger()
    with running_sandbox() as sandbox, a_desk_on(sandbox) as desk:
        tickets = [sandbox.mail(f"c{n}@example.com", "When?", "<p>When does it arrive?</p>") for n in range(130)]

        assert look(desk, ledger, datetime.now(UTC)) == len(tickets)

    assert sorted(rung(ledger)) == tickets


def test_a_customer_who_writes_on_a_ticket_from_long_ago_is_found():
    """Without `updated_since` the listing knows only tickets that were opened within the last 30 days."""
    ledger = MemoryLedger()
    with running_sandbox() as sandbox, a_desk_on(sandbox) as desk:
        sandbox.mail("asha@example.com", "Now", "<p>Hello</p>", earlier=[{"subject": "Long ago"}])
        old = min(row["id"] for row in sandbox.api("GET", "/tickets?updated_since=2010-01-01T00:00:00Z").json())
        look(desk, ledger, datetime.now(UTC))
        assert old not in rung(ledger)

        sandbox.says(old, "<p>And now?</p>")
        look(desk, ledger, datetime.now(UTC))

    assert old in rung(ledger)


@pytest.fixture
def two_a_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pages of two rows, and a last page, so that a limit of the API is reached with few tickets."""

    def limit(last_page: int) -> None:
        monkeypatch.setattr(desk_module, "PAGE", 2)
        monkeypatch.setattr(desk_module, "LAST_PAGE", last_page)

    return limit


def test_more_tickets_than_the_last_page_holds_are_all_found(two_a_page):
    two_a_page(3)
    ledger = MemoryLedger()
    with running_sandbox() as sandbox, a_desk_on(sandbox) as desk:
        begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        tickets = [sandbox.mail(f"c{n}@example.com", "When?", "<p>When?</p>") for n in range(20)]
        for number, ticket in enumerate(tickets):  # one a minute: what has to be paged through is never one second
            sandbox.state.world.tickets[ticket].updated_at = begun + timedelta(minutes=number)

        look(desk, ledger, datetime.now(UTC))

    assert sorted(rung(ledger)) == tickets
