"""Slows down guessing of passwords and links: so many failures in a while, then wait. In this process's memory only."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

WINDOW_SECONDS = 15 * 60.0
PER_LOGIN_AND_ADDRESS = 5
PER_ADDRESS = 25
_MANY = 10_000
_ROOM = 2 * PER_ADDRESS  # tries kept of one address: those that are under way must not push failures out


class Throttle:
    """Counts failures by login and address, and by address alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[Hashable, deque[float]] = {}
        self._lock = threading.Lock()

    def wait(self, login: str, address: str) -> float:
        """Seconds until the next try is allowed; 0 for now."""
        with self._lock:
            return max(
                self._left((login, address), PER_LOGIN_AND_ADDRESS),
                self._left(address, PER_ADDRESS),
            )

    def failed(self, login: str, address: str) -> float:
        """Also for a try of which nobody knows yet how it ends. When it was: `succeeded` asks for that."""
        with self._lock:
            now = self._clock()
            for key in ((login, address), address):
                self._failures.setdefault(key, deque(maxlen=_ROOM)).append(now)
            if len(self._failures) > _MANY:
                self._forget_old()
            return now

    def succeeded(self, login: str, address: str, tried: float) -> None:
        """Forgets the login's failures, and that the address `tried`: an office comes in by one address. Its other
        tries stay, or one good password would reset the guessing."""
        with self._lock:
            self._failures.pop((login, address), None)
            times = self._failures.get(address)
            if times is None or tried not in times:
                return
            times.remove(tried)
            if not times:
                del self._failures[address]

    def _left(self, key: Hashable, allowed: int) -> float:
        since = self._clock() - WINDOW_SECONDS
        recent = [at for at in self._failures.get(key, ()) if at > since]
        return recent[-allowed] - since if len(recent) >= allowed else 0.0

    def _forget_old(self) -> None:
        since = self._clock() - WINDOW_SECONDS
        self._failures = {key: times for key, times in self._failures.items() if times[-1] > since}
