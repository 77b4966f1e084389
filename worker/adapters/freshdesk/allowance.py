"""What a call takes of the account's allowance, and what its answer told: for the limiter, in its words.

The account has one allowance for all of its agents and apps; some calls have a smaller one of their own, which shows
only when it is used up. Called by wire.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from worker.adapters.freshdesk.verdicts import PART, Limits, wait_asked_for
from worker.adapters.pace import Ask, Told

_ACCOUNT = PART
_BEGUN = 0.04  # kept back for what was begun: reads, which begin work, stop sooner than the writes that end it
_REFUSED = 429
# A figure is believed up to so many times the documented price, and for so long after it was told: a route that is
# never called any more for what it is said to cost would never be told otherwise.
_DEAREST = 5.0
_FRESH_SECONDS = 300.0


class Allowance:
    """`reserve`: the share that automatic work leaves alone; None: a person is waiting, all of it may be used."""

    def __init__(self, reserve: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._reserve = reserve
        self._clock = clock
        self._costs: dict[str, tuple[float, float]] = {}  # what a route cost, and until when that is believed

    def asks(self, what: str, query: Mapping[str, Any] | None, *, ends: bool = False) -> tuple[Ask, Ask]:
        """`what`: method and route. A call that was made lately costs what it cost then, if that can be. `ends`: it
        belongs to what ends a piece of work, although it may be a read."""
        includes = str((query or {}).get("include", ""))
        documented = 1.0 + len(includes.split(",")) * bool(includes)
        told, until = self._costs.get(what, (0.0, 0.0))
        cost = min(told, _DEAREST * documented) if self._clock() < until else documented
        return Ask(_ACCOUNT, cost, self._keep(ends or not reads(what))), Ask(_route(what), 0.0)

    def told(self, what: str, status: int, headers: Mapping[str, str]) -> tuple[Told, ...]:
        limits = Limits.told_by(headers)
        if limits.used:
            self._costs[what] = limits.used, self._clock() + _FRESH_SECONDS
        refused, after = status == _REFUSED, wait_asked_for(headers)
        if refused and limits.remaining:
            # Turned away with calls to spare: it is this route's own limit, and everything else may go on. How many
            # calls are left then may be of that limit too; of the account, it would stop everything for a minute.
            return Told(_ACCOUNT), Told(_route(what), refused=True, after=after)
        account = Told(_ACCOUNT, limits.total, limits.remaining, refused=refused, after=after)
        return account, Told(_route(what))

    def _keep(self, ends: bool) -> float:
        if self._reserve is None:
            return -1.0
        return self._reserve + (0.0 if ends else _BEGUN)


def reads(what: str) -> bool:
    return what.startswith("GET ")


def _route(what: str) -> str:
    return f"{PART}:{what.replace(' ', ':')}"
