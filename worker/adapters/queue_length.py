"""How many messages wait on a queue in Redis: for whoever must not fill it. Called by bootstrap's enqueue."""

from __future__ import annotations

import time

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

_FRESH_SECONDS = 1.0
_PATIENCE = 2.0


class QueueLength:
    """`url` of the Redis that Celery uses, where a queue is a list of its name. For one thread."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._known: dict[str, tuple[float, int]] = {}

    def of(self, queue: str) -> int:
        """As of a second ago at most; 0 while Redis does not say, as whoever sends will find out."""
        at, length = self._known.get(queue, (float("-inf"), 0))
        if time.monotonic() - at > _FRESH_SECONDS:
            try:
                length = int(self._redis.llen(queue))
            except (RedisError, OSError):
                length = 0
            self._known[queue] = (time.monotonic(), length)
        return length
