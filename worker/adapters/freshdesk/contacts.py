"""The contacts behind requesters, each asked for once and kept for a while: who writes twice costs one look.

A whole contact costs what `include=requester` does, and tells the other addresses and numbers too. Called by desk.py.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from worker.adapters.freshdesk.shapes import ContactShape
from worker.adapters.freshdesk.wire import Wire
from worker.errors import Permanent

FRESH_SECONDS = 900.0  # an address that a colleague corrects must not speak for somebody else for long
_MANY = 1_000  # a quarter of an hour at a ticket a second; 2 KB each


class Contacts:
    """Thread-safe. Two threads that ask for the same one at once may both ask Freshdesk."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[float, ContactShape | None]] = OrderedDict()  # read longest ago first

    def get(self, contact_id: int) -> ContactShape | None:
        """None where the id belongs to no contact: an agent, or one that is gone, blocked or not ours to see."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            until, shape = self._kept.get(contact_id, (0.0, None))
        if now < until:
            return shape
        shape = self._read(contact_id)
        with self._lock:
            until, _ = self._kept.get(contact_id, (0.0, None))
            if until < now + FRESH_SECONDS:  # else another thread asked later than this one, and was answered sooner
                self._kept[contact_id] = now + FRESH_SECONDS, shape
        return shape

    def _forget(self, now: float) -> None:
        """With each look: whose time is over, and whoever is one too many."""
        while self._kept and (len(self._kept) > _MANY or next(iter(self._kept.values()))[0] <= now):
            self._kept.popitem(last=False)

    def _read(self, contact_id: int) -> ContactShape | None:
        try:
            shape = self._wire.get(ContactShape, "contacts/{}", contact_id)
        except Permanent as trouble:
            if trouble.code in (403, 404, 405):
                return None
            raise
        return None if shape.deleted else shape
