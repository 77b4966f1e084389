"""How often something that is to leave is tried, and how long is waited in between. Called by deliver.py."""

from __future__ import annotations

from datetime import timedelta

from worker.models import Send
from worker.support.desk import Desk
from worker.support.lastlook import NOTICES

BACKOFF = (5.0, 30.0, 120.0, 300.0)  # seconds after the first, second, ... failure that named no time of its own
# A hand-over note is all that a person gets to see of a message: one that is refused, or in doubt, is tried for a day.
NOTE_PAUSES = (5.0, 30.0, 120.0, 300.0, 900.0, *[3600.0] * 24)


def most_tries(send: Send, desk: Desk) -> int:
    """How often it may be refused, or fail, before it is given up."""
    return len(NOTE_PAUSES) + 1 if send.kind in NOTICES else desk.policy.max_tries


def most_rounds(send: Send, desk: Desk) -> int:
    """How often it may be posted without anybody knowing what became of it. A second note to colleagues harms nobody;
    one that is not there leaves a customer alone."""
    return len(NOTE_PAUSES) + 1 if send.kind in NOTICES else desk.policy.max_rounds


def pause(send: Send, failures: int) -> timedelta:
    """How long is waited after so many failures, the first of which is 0."""
    pauses = NOTE_PAUSES if send.kind in NOTICES else BACKOFF
    return timedelta(seconds=pauses[min(failures, len(pauses) - 1)])
