"""An open-loop load on one of our web processes: requests leave when they are due, whether or not the ones before them
were answered, as those of many strangers do.

Each request's time counts from the moment at which it was due. Counted from when it was written, a server that stalls
for a second would show one slow answer in place of all those that had to wait.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

LANES = 16  # connections, each kept open and with a thread of its own


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answers:
    """`waited`: milliseconds from when a request was due to the end of its answer. `statuses`: 0 where none came."""

    waited: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def add(self, other: Answers) -> None:
        self.waited += other.waited
        for status, number in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number


def load(port: int, asks: Sequence[Ask], rate: float, tick: Callable[[int, int], None]) -> Answers:
    """Sends all of them, `rate` a second, over LANES connections to this machine's `port`."""
    every, lock, sent = Answers(), threading.Lock(), [0]
    begun = time.perf_counter() + 0.1

    def lane(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        own = Answers()
        for place in range(number, len(asks), LANES):
            due = begun + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status = _status(connection, asks[place])
            own.waited.append((time.perf_counter() - due) * 1000)
            own.statuses[status] = own.statuses.get(status, 0) + 1
            with lock:
                sent[0] += 1
        connection.close()
        with lock:
            every.add(own)

    lanes = [threading.Thread(target=lane, args=(number,), daemon=True) for number in range(LANES)]
    for thread in lanes:
        thread.start()
    while any(thread.is_alive() for thread in lanes):
        lanes[-1].join(0.25)
        tick(sent[0], len(asks))
    for thread in lanes:
        thread.join()
    return every


def _status(connection: http.client.HTTPConnection, ask: Ask) -> int:
    try:
        connection.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()  # the next request opens a new one
        return 0
