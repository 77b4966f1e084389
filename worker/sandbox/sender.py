"""Sends webhooks from threads of its own: at least once, with the vendor's retries, and with faults on demand.

Retries after +5, +30 and +60 minutes, then the event is gone. These run on a clock that can be scaled and moved; the
times in tickets stay real.
"""

from __future__ import annotations

import base64
import heapq
import itertools
import random
import threading
import time
from dataclasses import dataclass, field, replace

import requests

from worker.sandbox.faults import Fault, FaultBoard
from worker.sandbox.journal import Journal
from worker.sandbox.limits import Limiter
from worker.sandbox.rules import Rule
from worker.sandbox.world import Event

RETRY_AFTER = (300.0, 1800.0, 3600.0)  # seconds after the failed attempt
_POSTPONED, _TOO_OLD = 3600.0, 86400.0


class PostalClock:
    """Seconds that pass `scale` times as fast as real ones, and can be moved forward."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._moved = 0.0

    def now(self) -> float:
        return time.monotonic() * self.scale + self._moved

    def move(self, seconds: float) -> None:
        self._moved += seconds


@dataclass
class Delivery:
    number: int
    rule: str
    ticket_id: int
    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    begun: float = 0.0
    attempt: int = 1
    note: str = ""  # forged, duplicate, garbled
    key: str = ""  # of the message that rang, as the journal names it; the payload has nothing of the kind


class Sender:
    """`ring` queues a delivery and returns at once. `close` waits for the attempts under way."""

    def __init__(
        self,
        journal: Journal,
        faults: FaultBoard,
        limiter: Limiter,
        secret: str,
        *,
        clock: PostalClock,
        threads: int = 4,
    ) -> None:
        self.clock = clock
        self.timeout = 10.0
        self.counts_against_allowance = False  # excess is then pushed by an hour, and dropped after a day
        self._journal, self._faults, self._limiter, self._secret = journal, faults, limiter, secret
        self._queue: list[tuple[float, int, Delivery]] = []
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        self._wake = threading.Condition()
        self._closed = False
        self._busy = 0
        self._threads = [threading.Thread(target=self._run, name=f"webhooks-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=self.timeout + 1)

    def ring(self, rule: Rule, event: Event, payload: bytes) -> None:
        """With the faults that are switched on for webhooks."""
        url, headers = self._addressed(rule, self._secret)
        sent = Delivery(next(self._numbers), rule.name, event.ticket_id, url, payload, headers, self.clock.now())
        sent.key = _key_of(event)
        delay = 0.0
        for fault in self._faults.fired("WEBHOOK", "/" + rule.name.replace(" ", "_"), payload):
            if fault.kind == "drop":
                self._log(sent, "dropped", None)
                return
            if fault.kind in ("delay", "reorder"):
                delay += fault.seconds if fault.kind == "delay" else random.uniform(0, fault.seconds or 1.0)
            else:
                sent = self._spoilt(sent, rule, fault, delay)
        self._put(sent, delay)

    def advance(self, seconds: float) -> None:
        """Moves the clock of retries forward; what falls due is sent now."""
        with self._wake:
            self.clock.move(seconds)
            self._wake.notify_all()

    def waiting(self) -> int:
        """Deliveries queued or being sent, retries that are due later among them."""
        with self._wake:
            return len(self._queue) + self._busy

    def _addressed(self, rule: Rule, secret: str) -> tuple[str, dict[str, str]]:
        headers = {"Content-Type": "application/json", "User-Agent": "Freshdesk-Sandbox"}
        if rule.auth == "header":
            headers["X-Webhook-Secret"] = secret
        elif rule.auth == "basic":
            headers["Authorization"] = "Basic " + base64.b64encode(f"deskhand:{secret}".encode()).decode()
        return (f"{rule.url}?token={secret}" if rule.auth == "url" else rule.url), headers

    def _spoilt(self, sent: Delivery, rule: Rule, fault: Fault, delay: float) -> Delivery:
        if fault.kind == "duplicate":
            self._put(replace(sent, note="duplicate"), delay + fault.seconds)
        elif fault.kind == "forged":
            url, headers = self._addressed(rule, "forged-" + str(sent.number))
            self._put(replace(sent, url=url, headers=headers, note="forged", attempt=len(RETRY_AFTER) + 1), delay)
        elif fault.kind == "garbled":
            return replace(sent, body=b'{"ticket_id":"' + sent.body[:9] + b"\xff\n", note="garbled")
        return sent

    def _put(self, delivery: Delivery, real_seconds: float) -> None:
        with self._wake:
            due = self.clock.now() + real_seconds * self.clock.scale
            heapq.heappush(self._queue, (due, next(self._order), delivery))
            self._wake.notify()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            try:
                self._send(delivery)
            finally:
                with self._wake:
                    self._busy -= 1

    def _next(self) -> Delivery | None:
        with self._wake:
            while not self._closed:
                wait = (self._queue[0][0] - self.clock.now()) / self.clock.scale if self._queue else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._queue)[2]
                self._wake.wait(wait)
            return None

    def _send(self, delivery: Delivery) -> None:
        if self.counts_against_allowance:
            if self.clock.now() - delivery.begun > _TOO_OLD:
                self._log(delivery, "dropped after a day", None)
                return
            if self._limiter.used() >= self._limiter.allowance.total:
                self._put(delivery, _POSTPONED / self.clock.scale)
                self._log(delivery, "postponed", None)
                return
            self._limiter.burn(1)
        begun = time.monotonic()
        status, trouble = self._post(delivery)
        seconds = round(time.monotonic() - begun, 4)
        if status is not None and 200 <= status < 300:
            self._log(delivery, "delivered", status, seconds=seconds)
        elif delivery.attempt > len(RETRY_AFTER):
            self._log(delivery, "gone", status, trouble, seconds)
        else:
            self._log(delivery, "failed", status, trouble, seconds)
            later = RETRY_AFTER[delivery.attempt - 1] / self.clock.scale
            self._put(replace(delivery, attempt=delivery.attempt + 1), later)

    def _post(self, delivery: Delivery) -> tuple[int | None, str | None]:
        try:
            answer = requests.post(
                delivery.url, data=delivery.body, headers=delivery.headers, timeout=self.timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            return None, type(error).__name__
        return answer.status_code, None

    def _log(
        self, delivery: Delivery, outcome: str, status: int | None, trouble: str | None = None, seconds: float = 0.0
    ) -> None:
        self._journal.write(
            "webhook", ticket_id=delivery.ticket_id, rule=delivery.rule, delivery=delivery.number,
            attempt=delivery.attempt, outcome=outcome, status=status, trouble=trouble, note=delivery.note,
            key=delivery.key, seconds=seconds,
        )  # fmt: skip


def _key_of(event: Event) -> str:
    if event.kind == "ticket_created":
        return "ticket"
    return "" if event.conversation_id is None else f"c{event.conversation_id}"
