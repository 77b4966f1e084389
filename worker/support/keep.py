"""Keeps a lease while its work goes on: a model that takes minutes must not have the same draft begun twice.

A thread of its own renews it, so it ends with the process: a dead or stopped worker renews nothing. Called by the tasks
and by deliver around what they do with a claimed row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from worker.errors import Trouble

log = structlog.get_logger(__name__)

MOST = 30  # renewals: whoever hangs for ten leases is not coming back, and somebody else must get the row


@contextmanager
def kept(renew: Callable[[], bool], lease: timedelta) -> Iterator[None]:
    """`renew` is called every third of `lease` until the block is left or it says that the row is somebody else's."""
    over = threading.Event()

    def beat() -> None:
        for _ in range(MOST):
            if over.wait(lease.total_seconds() / 3):
                return
            try:
                if not renew():
                    return
            except Trouble as trouble:
                log.warning("lease_not_renewed", part=trouble.part, reason=trouble.reason)

    # Not waited for at the end: a renewal that comes too late finds the lease given back and does nothing.
    threading.Thread(target=beat, name="keeps a lease", daemon=True).start()
    try:
        yield
    finally:
        over.set()
