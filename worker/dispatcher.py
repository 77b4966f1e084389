"""The sweep: a loop of its own that finds what the queue missed, and runs the poller.

It looks at the ledger only; a job in Redis that repairs Redis would be lost with it. Several may run: claims decide.
Beside it run the poller, the gate's nights and the look for incidents.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from worker import bootstrap, metrics
from worker.crashpoints import crash_point
from worker.errors import BadConfiguration, Trouble
from worker.intake.poller import Announced, poll
from worker.log import start_logging
from worker.ports import Enqueue, Helpdesk, Ledger
from worker.queues import DELIVER, DRAFT, make_celery
from worker.settings import Settings, load_settings, odd_names
from worker.support.incident import LEAST
from worker.tracing import start_tracing
from worker.trouble_words import safe_reason

if TYPE_CHECKING:
    from worker.support.incident.watch import Watch

log = structlog.get_logger("worker.dispatcher")  # run with -m it is called __main__, whose news nobody hears

BATCH = bootstrap.BACKLOG  # as many as a queue holds: behind a longer line, a row whose hint was lost would wait
RECHECK_SECONDS = 60.0  # how often it looks for cases that nobody would come back to
BRAKE_SECONDS = 15.0  # of several dispatchers, one looks in each half minute
NOTE = timedelta(seconds=15)  # how often it says that it is there, for the console
REMEMBER = timedelta(seconds=10)  # how long a row that was enqueued, by us or by the webhook, is not enqueued again


class Sweep:
    """One pass puts every due row on its queue. What was just enqueued is left alone for a moment, or a slow queue
    would fill with copies of the same ids, each of which a worker takes and looks up. `length`: how many messages wait
    on a queue: while any do, what a webhook announced a moment ago is taken to be among them."""

    def __init__(
        self,
        ledger: Ledger,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        length: Callable[[str], int],
    ) -> None:
        self._ledger = ledger
        self._enqueue = enqueue
        self._now = now
        self._length = length
        self._recent: dict[str, datetime] = {}
        self._due: set[str] = set()  # at the last pass
        self._noted: datetime | None = None

    def once(self) -> int:
        now = self._now()
        self._recent = {row: at for row, at in self._recent.items() if now - at < REMEMBER}
        sends, doorbells = self._ledger.sends.due(BATCH), self._ledger.doorbells.due(BATCH)
        due = [*((DELIVER, row) for row in sends), *((DRAFT, row) for row in doorbells)]
        crash_point("dispatch.due_read")
        announced = self._ledger.doorbells.announced(REMEMBER) if doorbells and self._length(DRAFT) else ()
        fresh = [(queue, row) for queue, row in due if row not in self._recent and row not in announced]
        for queue, row in fresh:
            self._enqueue(queue, row)
            crash_point("dispatch.enqueued")
            self._recent[row] = now
            metrics.DISPATCHED.labels(queue).inc()
        self._tell(sends, doorbells)
        if self._noted is None or abs(now - self._noted) >= NOTE:  # or a clock that was put back would be waited for
            self._ledger.doorbells.note_sweep()
            self._noted = now
        return len(fresh)

    def _tell(self, sends: Sequence[str], doorbells: Sequence[str]) -> None:
        """How far behind we are with what has fallen due since the last pass; what no worker took before is no news."""
        new_sends = [row for row in sends if row not in self._due]
        new_doorbells = [row for row in doorbells if row not in self._due]
        self._due = {*sends, *doorbells}
        if rows := len(new_sends) + len(new_doorbells):
            lag = max(self._ledger.sends.late(new_sends), self._ledger.doorbells.late(new_doorbells))
            log.info("swept", rows=rows, oldest_seconds=round(lag.total_seconds(), 3))


def recheck(ledger: Ledger) -> int:
    """Brings somebody back to every case that was left open without anybody coming; how many there were. There should
    be none: this is for what nobody foresaw."""
    rung = ledger.cases.recheck_abandoned(BATCH)
    crash_point("dispatch.rechecked")
    if rung:
        log.warning("abandoned_cases", count=len(rung))
    return len(rung)


class Gatekeeper:
    """Lets the gate learn once a night, and step down whenever something new was said of a reply."""

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._ledger = ledger
        self._now = now
        self._zone = zone
        self._heard: datetime | None = None

    def once(self) -> int:
        """How many steps were taken."""
        now, heard = self._now(), self._ledger.earning.last_heard()
        if heard is None:  # nobody has decided on anything yet
            return 0
        from worker.support.earning.night import nightly, watch  # numpy and scipy: not before they are needed

        moves = nightly(self._ledger, now, self._zone) or []
        if heard != self._heard:
            moves += watch(self._ledger, now)
            self._heard = heard  # only now: a look that failed is made again
        return len(moves)


class Braker:
    """Looks whether far too many customers write about one topic (support/incident/watch.py)."""

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._ledger = ledger
        self._now = now
        self._zone = zone
        self._watch: Watch | None = None

    def once(self) -> int:
        """How many brakes were put on."""
        now = self._now()
        if self._watch is None:
            oldest = self._ledger.incidents.oldest()
            if oldest is None or now - oldest < LEAST:  # nothing is usual yet
                return 0
            from worker.support.incident.watch import Watch  # numpy and scipy: not before they are needed

            self._watch = Watch(self._ledger, self._zone)
        return self._watch.once(now)


def every(seconds: float, work: Callable[[], object], name: str, stop: threading.Event) -> None:
    """Runs `work` until told to stop. Its failures are logged, never fatal: the next round may find the part healed."""
    structlog.contextvars.bind_contextvars(stage=name)
    while not stop.is_set():
        try:
            work()
        except Trouble as trouble:
            log.warning("round_failed", part=trouble.part, reason=trouble.reason)
        except Exception as error:
            log.error("round_failed", error=safe_reason(error))
        stop.wait(seconds)


def run(settings: Settings, stop: threading.Event) -> None:
    """Sweeps and polls until `stop`."""
    ledger = bootstrap.open_ledger_for(settings)
    helpdesk: Helpdesk = bootstrap.make_helpdesk(settings)
    enqueue = bootstrap.make_enqueue(make_celery(settings, bootstrap.redis_url(settings)))
    sweep = Sweep(ledger, enqueue, lambda: datetime.now(UTC), bootstrap.queue_lengths(settings))

    announced = Announced()

    def look() -> None:
        metrics.POLLED.inc(poll(helpdesk, ledger.doorbells, enqueue, datetime.now(UTC), announced=announced))

    poller = threading.Thread(target=every, args=(settings.poll_seconds, look, "poller", stop), daemon=True)
    poller.start()
    looker = threading.Thread(
        target=every, args=(RECHECK_SECONDS, lambda: recheck(ledger), "recheck", stop), daemon=True
    )
    looker.start()
    gatekeeper = Gatekeeper(ledger, lambda: datetime.now(UTC), ZoneInfo(settings.time_zone))
    keeper = threading.Thread(target=every, args=(RECHECK_SECONDS, gatekeeper.once, "gate", stop), daemon=True)
    keeper.start()
    braker = Braker(ledger, lambda: datetime.now(UTC), ZoneInfo(settings.time_zone))
    brake = threading.Thread(target=every, args=(BRAKE_SECONDS, braker.once, "brake", stop), daemon=True)
    brake.start()
    log.info("dispatcher_started", sweep_seconds=settings.sweep_seconds, poll_seconds=settings.poll_seconds)
    every(settings.sweep_seconds, sweep.once, "dispatcher", stop)
    for thread in (poller, looker, keeper, brake):
        thread.join(timeout=5)
    ledger.close()


def main() -> int:
    """`python -m worker.dispatcher`: sweeps and polls until SIGTERM. 1: the ledger does not answer; 2: what an operator
    wrote cannot be used. Both are said on stderr."""
    stop = threading.Event()
    try:
        settings = load_settings()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        start_logging(settings.log_level, settings.log_format, process="dispatcher", odd=odd_names())
        start_tracing(settings.traces_url, "dispatcher")
        metrics.serve(settings.metrics_host, settings.dispatcher_metrics_port)
        run(settings, stop)
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:  # whoever runs us starts us again
        log.error("dispatcher_ended", part=trouble.part, reason=trouble.reason, todo=trouble.todo)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
