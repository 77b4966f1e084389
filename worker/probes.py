"""Asks parts how they are, side by side, each within a deadline: a part that hangs holds up nobody but itself.

What to ask is handed in by the assembly; what it means is told by whoever shows it. Called for /readyz and by the
console's pages on the service.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from worker.errors import Trouble
from worker.trouble_words import safe_reason

Fact = tuple[str, str | int | datetime | None]
DEADLINE = 2.5  # seconds
FRESH = 5.0  # seconds that an answer is good for: each look at Freshdesk costs one of its calls


@dataclass(frozen=True)
class Look:
    """What a part says of itself, and what else there is to know of it. `ok` False: it answers, and is not well."""

    says: str
    facts: tuple[Fact, ...] = ()
    ok: bool = True


@dataclass(frozen=True)
class Answer:
    """`ms`: how long it took; None where no answer came."""

    look: Look
    ms: float | None = None


class Probe:
    """One part. At most one question is under way: hanging ones must not gather with every page that is opened."""

    def __init__(
        self,
        name: str,
        look: Callable[[], Look],
        *,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._fresh = fresh
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"look-{name}")
        self._lock = threading.Lock()
        self._last: Future[Answer] | None = None
        self._since = 0.0

    def start(self) -> Future[Answer]:
        """The question under way, a fresh answer, or else a new question."""
        with self._lock:
            now = self._clock()
            if self._last is None or (self._last.done() and now - self._since >= self._fresh):
                self._last, self._since = self._pool.submit(_ask, self._look), now
            return self._last

    def answer(self, asked: Future[Answer], until: float) -> Answer:
        """What comes of a question until then, by the monotonic clock."""
        try:
            return asked.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            return Answer(Look(f"no answer within {max(1, round(self._clock() - self._since))} s", ok=False))


def ask_all(probes: Mapping[str, Probe], seconds: float = DEADLINE) -> dict[str, Answer]:
    """All of them at once, in `seconds` together."""
    until = time.monotonic() + seconds
    asked = {name: probe.start() for name, probe in probes.items()}
    return {name: probe.answer(asked[name], until) for name, probe in probes.items()}


def _ask(look: Callable[[], Look]) -> Answer:
    started = time.perf_counter()
    try:
        found = look()
    except Trouble as trouble:
        return Answer(Look(trouble.reason, ok=False))
    except Exception as error:
        return Answer(Look(safe_reason(error), ok=False))
    return Answer(found, round((time.perf_counter() - started) * 1000, 1))
