"""The limiter of all processes together, in Redis; while Redis does not answer, each process keeps to its share.

Redis is a hint here too: after a FLUSHALL the next answers tell everything anew. What is stored are figures under names
of our own, never a customer's words.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

import structlog
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from worker.adapters.pace.local import LocalPace
from worker.adapters.pace.script import SCRIPT
from worker.adapters.pace.words import Ask, Pass, Told

log = structlog.get_logger(__name__)

PREFIX = "deskhand:pace:"
_MEMBERS = f"{PREFIX}processes"
_PATIENCE = 0.25  # seconds; the script takes a tenth of a millisecond
_ALONE_SECONDS = 5.0  # how long Redis is not asked again after it failed
_PRESENT_SECONDS = 15.0  # how often a process says that it is there
_MOST_UNSAID = 3  # answers that wait for this process's next question, however late that comes
_UNSEEN = 4  # processes that there may be, where Redis never told: webhook, worker, dispatcher, console


@dataclass(frozen=True)
class _Unsaid:
    """What an answer told of its pass's gauges, until Redis hears of it. `told` None: the call was not made. `at`: when
    that was, by the process's clock."""

    given: Pass
    told: Mapping[str, Told] | None
    at: float

    def figures(self, now: float) -> Iterator[Any]:
        told, age = self.told, max(0.0, now - self.at)
        yield from (len(self.given.asks), self.given.number, self.given.minute, age, int(told is not None))
        for ask in self.given.asks:
            t = (told or {}).get(ask.gauge, Told(ask.gauge))
            yield from (ask.cost, _text(t.limit), _text(t.left), t.refill, int(t.refused), _text(t.after))


class _Connection:
    def __init__(self, url: str) -> None:
        # The library's own repetitions, with pauses in between, would hold a thread for seconds.
        once = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        patience = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
        self.redis: Redis = Redis.from_url(url, retry=once, single_connection_client=True, **patience)
        self.script = self.redis.register_script(SCRIPT)


class _Connections:
    """One for each thread, gone with it. A pool's connection is looked at for stale answers whenever it is taken: two
    changes of its time-out and a read that fails, and 31 other threads want the interpreter at each of them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()
        self._all: WeakSet[_Connection] = WeakSet()

    def mine(self) -> _Connection:
        """Raises RedisError where Redis cannot be reached."""
        found: _Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = _Connection(self._url)
            self._all.add(found)
        return found

    def close(self) -> None:
        for connection in list(self._all):
            connection.redis.close()


class SharedPace:
    """`Pace`. Thread-safe. `on_shared(bool)` is told whenever Redis is lost or found again."""

    def __init__(
        self,
        url: str,
        *,
        on_shared: Callable[[bool], None] | None = None,
        clock: Callable[[], float] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = _Connections(url)
        self._local = LocalPace(now)
        self._on_shared = on_shared
        self._clock = clock
        self._now = now
        self._me = uuid.uuid4().hex
        self._others = _UNSEEN
        self._lock = threading.Lock()
        self._unsaid: deque[_Unsaid] = deque()
        self._newest: dict[str, int] = {}  # gauge -> number of the last pass that this process was given
        self._alone_until = 0.0
        self._shared: bool | None = None
        self._present_at = float("-inf")

    def take(self, asks: Sequence[Ask]) -> Pass:
        answer = self._ask(asks)
        if answer is None:
            return self._local.take(asks, weight=float(self._others))
        wait, number, minute, known = float(answer[1]), int(answer[2]), int(answer[3]), bool(answer[4])
        self._newest[asks[0].gauge] = number
        if wait > 0:
            return Pass(tuple(asks), wait=wait)
        if not known:  # emptied, or just started: what this process was told itself still holds
            own = self._local.take(asks)
            return own if own.wait else Pass(tuple(asks), 0.0, number, minute, own.own, own.own_minute)
        return self._local.count(Pass(tuple(asks), 0.0, number, minute, probe=bool(answer[5])))

    def tell(self, given: Pass, told: Sequence[Told]) -> float:
        """What says nothing that others must know at once goes along with this process's next question, which is soon
        asked: until then the call counts as under way."""
        shut = self._local.tell(given, told)
        mine = _Unsaid(given, {t.gauge: t for t in told}, self._now())
        first_word = given.own_minute >= 0  # nobody knew of a limit when it was given
        if told and not first_word and not any(t.refused for t in told) and len(self._unsaid) < _MOST_UNSAID:
            self._unsaid.append(mine)
            return shut
        answer = self._ask((), mine)
        return shut if answer is None else max(shut, float(answer[0]))

    def begun(self, given: Pass) -> Pass:
        newest = self._newest.get(given.asks[0].gauge, given.number) if given.number else 0
        return replace(self._local.begun(given), number=newest)

    def give_back(self, given: Pass) -> None:
        self._local.give_back(given)
        if len(self._unsaid) < _MOST_UNSAID:
            self._unsaid.append(_Unsaid(given, None, self._now()))
        else:
            self._ask((), _Unsaid(given, None, self._now()))

    def shut(self, asks: Sequence[Ask]) -> float:
        return self._local.shut(asks)

    def close(self) -> None:
        if self._unsaid:
            self._ask(())
        self._connections.close()

    def _ask(self, asks: Sequence[Ask], *mine: _Unsaid) -> Any:
        """The script's answer; None where Redis does not answer, and for a while after that. `mine`: what is said last,
        since it tells for how long the last one's gauges are shut."""
        said = [*self._taken_along(), *mine]
        if self._now() < self._alone_until:
            return None
        keys = [f"{PREFIX}{ask.gauge}" for pass_asks in (*(one.given.asks for one in said), asks) for ask in pass_asks]
        figures: list[Any] = ["" if self._clock is None else repr(self._clock()), len(said)]
        for one in said:
            figures += one.figures(self._now())
        figures += [len(asks), *(figure for ask in asks for figure in (ask.cost, ask.keep))]
        try:
            if self._now() - self._present_at > _PRESENT_SECONDS:
                self._present_at = self._now()
                self._say_present()
            answer = self._connections.mine().script(keys, figures)
        except (RedisError, OSError) as error:
            self._alone_until = self._now() + _ALONE_SECONDS
            self._found(False, type(error).__name__)
            return None
        self._found(True)
        return answer

    def _taken_along(self) -> list[_Unsaid]:
        """The oldest first. What Redis does not get to hear is forgotten there two minutes later."""
        said = list[_Unsaid]()
        with suppress(IndexError):  # another thread may take some
            while True:
                said.append(self._unsaid.popleft())
        return said

    def _say_present(self) -> None:
        at = time.time()
        redis = self._connections.mine().redis  # one by one: a pipeline would take a connection of its own, and keep it
        redis.zadd(_MEMBERS, {self._me: at})
        redis.zremrangebyscore(_MEMBERS, 0, at - 4 * _PRESENT_SECONDS)
        redis.expire(_MEMBERS, 3600)
        self._others = max(1, int(redis.zcard(_MEMBERS)))

    def _found(self, shared: bool, error: str = "") -> None:
        if shared is self._shared:
            return
        with self._lock:
            before, self._shared = self._shared, shared
        if before is shared:
            return
        if self._on_shared is not None:
            self._on_shared(shared)
        if not shared:
            log.warning("pace_alone", error=error, share_of=self._others)
        elif before is False:
            log.info("pace_shared")


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
