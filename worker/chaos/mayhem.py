"""Who is killed, stopped or restarted when, from a seed; whoever dies is started again at once, as supervisors do."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import redis

from worker.adapters.store.backup import back_up, restore
from worker.chaos.house import OURS, House
from worker.chaos.postgres import PostgresServer
from worker.chaos.weather import LEASE

# Of a hundred kills. A killed PostgreSQL backend makes the whole server recover as after a crash.
_VICTIMS = {"worker-1": 26, "worker-2": 26, "webhook": 16, "dispatcher": 14, "redis": 9, "milvus": 5, "postgres": 4}
_STOPPABLE = ("worker-1", "worker-2", "dispatcher")
GRACE = 40.0  # seconds that a process may take to end by itself: a worker's soft shutdown waits 30
_ROLLED = ("worker-1", "webhook", "worker-2", "dispatcher")


@dataclass
class Wanted:
    """What a run is asked to do to its processes, spread evenly over `seconds`."""

    seconds: float
    kills: int = 0
    stops: int = 0
    flushes: int = 0
    rolling: int = 0
    redis_down: float = 0.0
    restore: bool = False


@dataclass
class Done:
    """What was done. `pauses`: when workers stood still, as (begin, end) in seconds since 1970."""

    kills: dict[str, int] = field(default_factory=dict)
    stops: int = 0
    pauses: list[tuple[float, float]] = field(default_factory=list)
    flushes: int = 0
    restarts: int = 0
    slowest_restart: float = 0.0
    cut_short: int = 0  # had to be killed, since they did not end within the grace time
    restored: int = 0
    died: list[str] = field(default_factory=list)  # ended without being asked to


class Mayhem:
    """`run` does everything that is wanted, then returns; `tend` starts again what has ended by itself. `let_go` closes
    the run's own connections to the ledger."""

    def __init__(
        self,
        house: House,
        postgres: PostgresServer | None,
        wanted: Wanted,
        seed: int,
        *,
        say: Callable[[str], None],
        let_go: Callable[[], None],
    ) -> None:
        self.done = Done()
        self._house, self._postgres, self._wanted, self._say = house, postgres, wanted, say
        self._random = random.Random(seed + 1)
        self._let_go = let_go
        self.restoring = False
        self._paused: dict[str, tuple[float, float]] = {}  # name -> (since, until), monotonic
        self._down_until: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        agenda, begun = self._agenda(), time.monotonic()
        while (agenda or self._paused or self._down_until) and not stop.is_set():
            while agenda and agenda[0][0] <= time.monotonic() - begun:
                agenda.pop(0)[1]()
            self.tend()
            stop.wait(0.05)
        for name in list(self._paused):
            self._wake(name)

    def tend(self) -> None:
        """Wakes whoever has slept enough, and starts again whoever is gone."""
        now = time.monotonic()
        for name, (_, until) in list(self._paused.items()):
            if now >= until:
                self._wake(name)
        for name, until in list(self._down_until.items()):
            if now >= until:
                del self._down_until[name]
                self._house.start(name)
        for name, living in list(self._house.living.items()):
            if name not in self._down_until and living.ended():
                self.done.died.append(name)
                self._say(f"{name} ended by itself and is started again")
                self._house.start(name)

    def _agenda(self) -> list[tuple[float, Callable[[], None]]]:
        """(seconds from the start, what), in order."""
        wanted = self._wanted
        plan: list[tuple[float, Callable[[], None]]] = []
        for count, act in (
            (wanted.kills, self._kill),
            (wanted.stops, self._pause),
            (wanted.flushes, self._flush),
            (wanted.rolling, self._roll),
        ):
            step = wanted.seconds / max(count, 1)
            plan += [(step * (n + self._random.random()), act) for n in range(count)]
        if wanted.redis_down:
            plan.append((wanted.seconds * 0.2, self._take_redis_away))
        if wanted.restore:
            plan += [(wanted.seconds * 0.4, self._back_up), (wanted.seconds * 0.7, self._restore)]
        return sorted(plan, key=lambda one: one[0])

    def _kill(self) -> None:
        victims = {n: w for n, w in _VICTIMS.items() if n != "postgres" or self._postgres is not None}
        name = self._random.choices(list(victims), list(victims.values()))[0]
        if name == "postgres":
            self._kill_backend()
        elif name in self._down_until:
            name = "redis"
        else:
            if name in self._paused:
                self._wake(name)
            self._house.kill(name)
            self._house.start(name)
        self.done.kills[name] = self.done.kills.get(name, 0) + 1

    def _kill_backend(self) -> None:
        assert self._postgres is not None
        if backends := self._postgres.backends():
            with suppress(ProcessLookupError):
                os.kill(self._random.choice(backends), signal.SIGKILL)

    def _pause(self) -> None:
        """Longer than a lease: whoever wakes up must find that everything it held belongs to somebody else."""
        awake = [name for name in _STOPPABLE if name not in self._paused]
        if not awake:
            return
        name = self._random.choice(awake)
        now = time.monotonic()
        self._house.living[name].send(signal.SIGSTOP)
        self.done.stops += 1
        self._paused[name] = (now, now + LEASE + self._random.uniform(1.0, 4.0))

    def _wake(self, name: str) -> None:
        since, _ = self._paused.pop(name)
        self._house.living[name].send(signal.SIGCONT)
        now = time.time()
        self.done.pauses.append((now - (time.monotonic() - since), now))

    def _flush(self) -> None:
        with suppress(redis.RedisError), self._house.redis() as client:
            client.flushall()
            self.done.flushes += 1

    def _take_redis_away(self) -> None:
        self._say(f"Redis is gone for {self._wanted.redis_down:g} s")
        self._down_until["redis"] = time.monotonic() + self._wanted.redis_down
        self._house.kill("redis")

    def _back_up(self) -> None:
        self._say("the ledger is backed up")
        back_up(self._house.database_url, self._house.folder / "backup.db")

    def _restore(self) -> None:
        """As after a disk's death: everybody is gone, and the ledger is what it was some time ago."""
        self._say("the ledger is put back to the backup")
        for name in list(self._paused):
            self._wake(name)
        self._house.stop_all_of_ours()
        self.restoring = True  # nobody may look into the ledger now, or it would be in use
        time.sleep(1.0)
        self._let_go()
        restore(self._house.database_url, self._house.folder / "backup.db", for_sandbox=True)
        self.restoring = False
        self.done.restored += 1
        for name in OURS:
            self._house.start(name)

    def _roll(self) -> None:
        """One process after the other: asked to end, waited for, started again."""
        name = _ROLLED[self.done.restarts % len(_ROLLED)]
        if name in self._paused:
            self._wake(name)
        seconds = self._house.stop(name, GRACE)
        self.done.cut_short += seconds >= GRACE
        self.done.slowest_restart = max(self.done.slowest_restart, seconds)
        self._house.start(name)
        self.done.restarts += 1
