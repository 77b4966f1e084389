"""Finds what no webhook announced: lists the tickets that changed since the last look, and rings for the unknown.

Freshdesk gives a webhook up after four tries and drops postponed ones after 24 hours, so this is what makes "nothing is
lost" true. Called by the dispatcher every POLL_SECONDS.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.crashpoints import crash_point
from worker.errors import Trouble
from worker.models import Ring, TicketNews
from worker.ports import Doorbells, Enqueue, Helpdesk

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=5)  # clocks differ, and a listing may lag behind a write
KEEP_EVERY = 100  # rows, a page: how often a look keeps how far it has come
SAME_SECOND = timedelta(seconds=1)  # others may have changed in the second of the last row
FIRST_LOOK = timedelta(hours=24)  # how far a new installation looks back
# How far Freshdesk's clock may be from ours. A doorbell must be later than a change by this much before we believe that
# its worker read the thread after the change: one read too many costs a credit, one too few a message.
SLACK = OVERLAP
TWICE = 2  # rings for one change: the time of a change is a whole second, and another may come within the same one


class Announced:
    """The changes that earlier looks of this process rang for. Who rings after a change was listed needs no clock to
    know that its worker will read it, so this keeps SLACK from costing more than a read or two. It is lost with the
    process, which costs as many again."""

    def __init__(self) -> None:
        self._rings: dict[int, tuple[datetime, int]] = {}

    def __len__(self) -> int:
        return len(self._rings)

    def enough(self, news: TicketNews) -> bool:
        return self._times(news) >= TWICE

    def add(self, news: TicketNews) -> None:
        self._rings[news.ticket_id] = (news.updated_at, self._times(news) + 1)

    def forget(self, before: datetime) -> None:
        """What no listing from `before` on can show."""
        self._rings = {ticket: rings for ticket, rings in self._rings.items() if rings[0] >= before}

    def _times(self, news: TicketNews) -> int:
        at, times = self._rings.get(news.ticket_id, (None, 0))
        return times if at == news.updated_at else 0


def poll(
    helpdesk: Helpdesk,
    doorbells: Doorbells,
    enqueue: Enqueue,
    now: datetime,
    *,
    slack: timedelta = SLACK,
    announced: Announced | None = None,
) -> int:
    """One look; returns how many doorbells it rang. The mark moves only over what was read and committed, and does so
    on the way: an account may admit fewer listings a minute than a look needs, and the next one must get further.
    `announced`: the same one at each look of a process.

    Our own replies and notes change a ticket too: such a ticket rings once more and ends as "nothing new", which costs
    one read; guessing from the listing which change was whose could lose a customer's message.
    """
    mark = min(doorbells.poll_mark() or now - FIRST_LOOK, now)
    way = _Way(doorbells, mark, now)
    announced = Announced() if announced is None else announced
    announced.forget(mark - OVERLAP)
    rang = 0
    try:
        for news in helpdesk.updated_since(mark - OVERLAP):
            crash_point("poll.listed")
            if not announced.enough(news) and not doorbells.seen(news.ticket_id, news.updated_at + slack):
                doorbell_id = doorbells.ring(Ring.POLLER, news.ticket_id)
                announced.add(news)
                crash_point("poll.rung")
                enqueue("draft", doorbell_id)
                crash_point("poll.enqueued")
                rang += 1
            way.passed(news.updated_at)
    except Trouble:
        way.broke_off()
        raise
    crash_point("poll.read")
    way.ended()
    crash_point("poll.marked")
    if rang:
        log.info("poll_rang", doorbells=rang)
    return rang


class _Way:
    """How far a look has read, and the mark that may be kept for it. The next look begins OVERLAP before the mark."""

    def __init__(self, doorbells: Doorbells, mark: datetime, now: datetime) -> None:
        self._doorbells = doorbells
        self._mark = mark
        self._now = now
        self._settled = now - OVERLAP  # with the OVERLAP before it: nothing older will still turn up
        self._newest = mark - OVERLAP
        self._rows = 0

    def passed(self, at: datetime) -> None:
        self._newest = max(self._newest, at)
        self._rows += 1
        if self._rows % KEEP_EVERY == 0:
            self.broke_off()

    def broke_off(self) -> None:
        """The next look begins at the last row itself if that is settled: going back from there as well, a look that
        always breaks off within the same minutes would never get out of them."""
        self._keep(min(self._newest - SAME_SECOND + OVERLAP, self._settled))

    def ended(self) -> None:
        """Nothing came after the newest row, so we have read as far as time has settled. A row with a time in the
        future says nothing about what will change until then."""
        self._keep(max(min(self._newest, self._now), self._settled))

    def _keep(self, mark: datetime) -> None:
        self._doorbells.set_poll_mark(max(mark, self._mark))
