"""Finds what no webhook announced: lists the tickets that changed since the last look, and rings for the unknown.

Freshdesk gives a webhook up after four tries and drops postponed ones after 24 hours, so this is what makes "nothing is
lost" true. Called by the dispatcher every POLL_SECONDS.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.crashpoints import crash_point
from worker.models import Ring
from worker.ports import Doorbells, Enqueue, Helpdesk

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=5)  # clocks differ, and a listing may lag behind a write
FIRST_LOOK = timedelta(hours=24)  # how far a new installation looks back
# Freshdesk's times are whole seconds by its own clock. A doorbell must be later than a change by this much before we
# believe that its worker read the thread after the change: one read too many costs a credit, one too few a message.
SLACK = timedelta(seconds=60)


def poll(helpdesk: Helpdesk, doorbells: Doorbells, enqueue: Enqueue, now: datetime, *, slack: timedelta = SLACK) -> int:
    """One look; returns how many doorbells it rang. The mark moves only after everything before it was committed.

    Our own replies and notes change a ticket too: such a ticket rings once more and ends as "nothing new", which costs
    one read; guessing from the listing which change was whose could lose a customer's message.
    """
    mark = doorbells.poll_mark()
    rang = 0
    newest = mark or now - FIRST_LOOK
    for news in helpdesk.updated_since((mark or now - FIRST_LOOK) - OVERLAP):
        crash_point("poll.listed")
        if not doorbells.seen(news.ticket_id, news.updated_at + slack):
            doorbell_id = doorbells.ring(Ring.POLLER, news.ticket_id)
            crash_point("poll.rung")
            enqueue("draft", doorbell_id)
            crash_point("poll.enqueued")
            rang += 1
        newest = max(newest, news.updated_at)
    crash_point("poll.read")
    doorbells.set_poll_mark(max(newest, mark or newest))
    crash_point("poll.marked")
    if rang:
        log.info("poll_rang", doorbells=rang)
    return rang
