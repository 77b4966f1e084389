"""What limiter and breakers are doing, for people: a board in Redis on which each process writes what it leaves alone,
beside the figures that the limiter keeps there anyway.

Only told and read, never acted upon: a board that is lost or late changes nothing. Breakers tell it through bootstrap;
the console's pages on the service read it.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.adapters.breaker import State
from worker.adapters.hints import Hints
from worker.adapters.pace.shared import PREFIX as PACE
from worker.errors import Retryable

_PREFIX = "deskhand:breaker:"
_PATIENCE = 1.0
_STANDS = 600  # seconds: an open breaker says so again with each try, at least every minute while there is work
_MANY = 500  # entries that are read


@dataclass(frozen=True)
class LeftAlone:
    """A process that makes no calls to a part for now. `since`: seconds since 1970."""

    part: str
    process: str
    since: float
    trying: bool


@dataclass(frozen=True)
class Allowance:
    """One of the limiter's gauges by its name: what is left of `limit` now (0: nobody has told yet), and for how many
    seconds it is shut after a refusal."""

    gauge: str
    limit: float
    left: float
    shut: float


class Board:
    """`url`: of the Redis that all processes share. Thread-safe; connects when first used."""

    def __init__(self, url: str, process: str = "") -> None:
        self._redis: Any = Redis.from_url(
            url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._process = process or f"{socket.gethostname()}:{os.getpid()}"
        self._tell = Hints(self._write)
        self._told: set[str] = set()

    def post(self, part: str, state: State) -> None:
        """Returns at once; called with a breaker's lock held. A part that was never left alone is not worth a word."""
        if state is State.CLOSED and part not in self._told:
            return
        self._told.add(part)
        self._tell(part, str(int(state)))

    def left_alone(self) -> list[LeftAlone]:
        """By all processes, the longest first. Retryable where Redis does not answer."""
        found = []
        for key, entry in self._entries(_PREFIX):
            part, _, process = key.partition(":")
            found.append(LeftAlone(part, process, float(entry["since"]), bool(entry["trying"])))
        return sorted(found, key=lambda one: (one.since, one.process))

    def allowances(self) -> list[Allowance]:
        """By gauge. Retryable where Redis does not answer."""
        found = []
        for name, gauge in self._entries(PACE):
            now = time.time()
            limit, left = float(gauge["limit"]), gauge["left"] + gauge["rate"] * (now - gauge["at"])
            under_way = gauge["flying"] + gauge["before"]
            left = max(0.0, min(limit, left) - under_way)
            found.append(Allowance(name, limit, left, max(0.0, gauge["shut"] - now)))
        return sorted(found, key=lambda one: one.gauge)

    def close(self) -> None:
        self._redis.close()

    def _write(self, part: str, state: str) -> None:
        key = f"{_PREFIX}{part}:{self._process}"
        if int(state) == State.CLOSED:
            self._redis.delete(key)
            return
        before = self._redis.get(key)
        since = json.loads(before)["since"] if before else time.time()
        entry = {"since": since, "trying": int(state) == State.PROBING}
        self._redis.set(key, json.dumps(entry), ex=_STANDS)

    def _entries(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """What is stored as JSON under names that begin so, without that beginning."""
        try:
            for number, key in enumerate(self._redis.scan_iter(f"{prefix}*", count=1000, _type="string")):
                stored = self._redis.get(key) if number < _MANY else None
                if stored is not None:  # it may have run out in between
                    yield key.removeprefix(prefix), json.loads(stored)
        except (RedisError, OSError):
            raise Retryable("Redis does not answer", part="redis") from None
