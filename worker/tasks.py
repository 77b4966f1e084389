"""The two Celery tasks: each takes an id, delegates, and owns only what happens on failure.

BaseException is caught: a task that lets MemoryError or SystemExit out is never acknowledged, takes a slot of the
worker for good, and comes back when it ends. Nothing is retried through Celery; the ledger says when something is due
again.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_shutting_down

from worker import bootstrap, metrics
from worker.crashpoints import crash_point
from worker.errors import BadConfiguration, Permanent, Retryable, Trouble
from worker.knowledge.wording import learn
from worker.log import start_logging
from worker.models import Doorbell, Reader
from worker.queues import DELIVER, DRAFT, QUEUES, drain, make_celery
from worker.settings import Settings, load_settings, odd_names
from worker.standby import Standby
from worker.support import deliver as door
from worker.support import rescue
from worker.support.answer import answer
from worker.support.desk import Desk
from worker.support.keep import kept
from worker.support.retrieve import retrieve
from worker.tracing import start_tracing
from worker.trouble_words import safe_reason

log = structlog.get_logger("worker.tasks")  # run with -m it is called __main__, whose news nobody hears

AFTER_OUTAGE = (2.0, 5.0, 15.0, 30.0, 60.0)  # seconds to wait when a part is down and names no time itself
AFTER_FAILURE = (1.0, 10.0)  # seconds after the first and second failed try; the third goes to a person
UNREAD = "Something on this ticket is in a form that Deskhand does not know."
FIRST_QUESTION = "How long does it take?"
# Seconds until the index is asked again: there is none yet, or it does not answer. Each time counts for the breaker,
# which would keep the first tickets waiting.
NO_INDEX, TROUBLED = 0.5, 30.0
ALONE_SECONDS = 10.0  # from the end of Celery to the end of the worker
M_ARENA_MAX, HEAPS = -8, 2  # glibc's name for how many heaps the threads share, and how many
M_MMAP_THRESHOLD, LARGE = -3, 1 << 20  # its name for how large a piece is by itself, and the bytes


def draft_doorbell(doorbell_id: str, desk: Desk, enqueue: Any) -> str:
    """Claims the doorbell, drafts, closes it. Returns the outcome in a word, for tests and metrics."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(doorbell_id=doorbell_id, stage="draft")
    lease, bells = desk.policy.lease, desk.ledger.doorbells
    doorbell = bells.claim(doorbell_id, lease)
    if doorbell is None:
        return "not ours"
    crash_point("draft.claimed")
    with kept(lambda: bells.renew(doorbell_id, doorbell.epoch, lease), lease):
        try:
            if why := rescue.given_up(doorbell, desk):
                return rescue.to_a_person(doorbell, why, desk, enqueue)
            outcome, sends = answer(doorbell, desk)
            bells.finish(doorbell.doorbell_id, doorbell.epoch, outcome)
        except BaseException as error:  # see the module's docstring
            return _failed(doorbell, error, desk, enqueue)
    crash_point("draft.finished")
    metrics.CASES.labels(outcome).inc()
    for send_id in sends:
        enqueue(DELIVER, send_id)
        crash_point("draft.enqueued")
    return outcome


def _failed(doorbell: Doorbell, error: BaseException, desk: Desk, enqueue: Any) -> str:
    """Parks what may work later; gives to a person what failed three times, and at once what cannot be read."""
    reason = safe_reason(error)
    metrics.TROUBLE.labels("draft", getattr(error, "part", "") or type(error).__name__).inc()
    log.warning("draft_failed", reason=reason, tries=doorbell.tries, deaths=doorbell.deaths)
    unread = isinstance(error, Permanent) and error.unread
    if unread or (not isinstance(error, Retryable) and doorbell.tries + 1 == desk.policy.max_tries):
        try:
            why = UNREAD if unread else f"Deskhand failed on this ticket {desk.policy.max_tries} times ({reason})."
            return rescue.to_a_person(doorbell, why, desk, enqueue)
        except BaseException as trouble:
            # Counted as a try all the same: from now on the doorbell is for a person only, and comes back until one
            # has it.
            log.error("rescue_failed", reason=safe_reason(trouble))
    return _parked(doorbell, error, reason, desk)


def _parked(doorbell: Doorbell, error: BaseException, reason: str, desk: Desk) -> str:
    outage = isinstance(error, Retryable)
    if isinstance(error, Retryable):
        wait = error.after if error.after is not None else AFTER_OUTAGE[min(doorbell.epoch, len(AFTER_OUTAGE)) - 1]
    else:
        wait = AFTER_FAILURE[min(doorbell.tries, len(AFTER_FAILURE) - 1)]
    desk.ledger.doorbells.park(doorbell.doorbell_id, doorbell.epoch, timedelta(seconds=wait), reason, failed=not outage)
    crash_point("draft.parked")
    return "parked"


def deliver_send(send_id: str, desk: Desk) -> str:
    """Works on one outgoing write as far as it gets now."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(stage="deliver", send_id=send_id)
    return door.deliver(send_id, desk)


class Shop:
    """This process's desk, built when first asked for and only once: the model takes seconds and hundreds of megabytes,
    and the first tasks ask from many threads at the same moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._desk: Desk | None = None

    def desk(self) -> Desk:
        with self._lock:
            if self._desk is None:
                self._desk = bootstrap.make_desk(self._settings)
            return self._desk


def make_app(settings: Settings, shop: Shop) -> Celery:
    """The worker's Celery app, with its two tasks."""
    app = make_celery(settings, bootstrap.redis_url(settings))

    def draft(doorbell_id: str) -> None:
        # Delivered here and now: by the queue each would wait behind the drafts, and cost a second message. What is
        # left undone when this process ends, the dispatcher finds.
        sends: list[str] = []
        _guarded(lambda: draft_doorbell(doorbell_id, shop.desk(), lambda _queue, send_id: sends.append(send_id)))
        for send_id in sends:
            deliver(send_id)

    def deliver(send_id: str) -> None:
        _guarded(lambda: deliver_send(send_id, shop.desk()))

    def logging_of_ours(**_: Any) -> None:
        start_logging(settings.log_level, settings.log_format, process="worker")
        start_tracing(settings.traces_url, "worker")
        logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)

    app.task(draft, name=DRAFT)
    app.task(deliver, name=DELIVER)
    setup_logging.connect(logging_of_ours, weak=False)  # connected at all, it keeps Celery from setting up its own
    return app


def _guarded(work: Any) -> None:
    """The last net: whatever comes out is logged by type only; the ledger's lease brings the work back."""
    try:
        work()
    except Trouble as trouble:
        log.error("task_trouble", reason=trouble.reason, part=trouble.part)
    except BaseException as error:
        log.error("task_failed", reason=safe_reason(error))


def make_standby(settings: Settings, app: Celery, shop: Shop) -> Standby:
    """Does what the queue would bring, as long as Redis is away."""

    def answers() -> bool:
        try:
            return bool(bootstrap.ping_redis(settings))
        except Trouble:
            return False

    def due(limit: int) -> list[tuple[str, str]]:
        ledger = shop.desk().ledger
        rows = [(DELIVER, row) for row in ledger.sends.due(limit)]
        return rows + [(DRAFT, row) for row in ledger.doorbells.due(limit)]

    return Standby(answers, due, lambda queue, row: app.tasks[queue](row), threads=settings.worker_concurrency)


def _go_on_alone(standby: Standby, asked: threading.Event) -> None:
    """Celery has given up, and may do so again and again: what it would bring is done for a while without it before
    whoever runs us starts us again."""
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):  # Celery's own are heard by nobody now
        signal.signal(number, lambda *_: asked.set())
    standby.hold(ALONE_SECONDS)
    asked.wait(ALONE_SECONDS)
    asked.set()


def get_ready(shop: Shop, asked: threading.Event) -> None:
    """Asks the index something once there is one, until `asked` to end: what the first question has to wait for (rows
    that are read into memory, the trained choice) the first ticket then finds done."""
    while not asked.is_set():
        wait = TROUBLED
        try:
            desk = shop.desk()
            if desk.index.version():
                anybody = Reader(segments=(), reads=tuple(desk.rulebook.labels))
                retrieve([FIRST_QUESTION], FIRST_QUESTION, anybody, desk.index, desk.embedder)
                collect_less()
                return
            wait = NO_INDEX
        except Retryable:
            pass  # tickets say so, and wait
        except Exception as error:
            log.warning("not_ready", reason=safe_reason(error))
            return
        asked.wait(wait)


def collect_less() -> None:
    """What is in memory once a worker can answer stays for good: libraries, model, rules, index. To look through these
    400,000 objects for circles takes a fifth of a second, in which every other thread waits, and the young ones were
    looked through for each ticket: 2 ms of it, now .5."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def share_heaps() -> None:
    """glibc gives each thread a heap of its own, which keeps what its largest ticket took, and after a large piece was
    given back it keeps the next ones of that size too: a worker with 32 threads takes 840 MB instead of 650. Does
    nothing with another C library."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, HEAPS)
        library.mallopt(M_MMAP_THRESHOLD, LARGE)


def main() -> int:
    """`python -m worker.tasks`: a worker until SIGTERM. 1: it gave up and wants to be started again; 2: what an
    operator wrote cannot be used, said on stderr."""
    # Celery reads it as it starts: SIGTERM must begin the soft shutdown, or running drafts are cut off.
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    # Embedding takes all the processor there is, and the webhook has to answer at once.
    os.nice(5)
    share_heaps()
    try:
        settings = load_settings()
        start_logging(settings.log_level, settings.log_format, process="worker", odd=odd_names())
        shop = Shop(settings)
        app = make_app(settings, shop)
        metrics.serve(settings.metrics_host, settings.worker_metrics_port)
        try:
            shop.desk()
        except Trouble as trouble:  # the part may be back before the first task asks again
            log.warning("desk_not_ready", reason=trouble.reason, part=trouble.part)
        learn(["A question?"]).of(["Another one."])  # or the first tickets would wait for what this imports
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    drain(app)
    # Named, or scripts/healthy.py could not tell this container's worker from another one's.
    plain = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    asked = threading.Event()
    worker_shutting_down.connect(lambda **_: asked.set(), weak=False)
    standby = make_standby(settings, app, shop)
    threading.Thread(target=standby.run, args=(asked,), name="standby", daemon=True).start()
    threading.Thread(target=get_ready, args=(shop, asked), name="ready", daemon=True).start()
    code = app.worker_main(["worker", "--hostname", "worker@%h", "--queues", ",".join(QUEUES), *plain])
    if asked.is_set():
        return int(code or 0)
    # Celery gives up on some troubles, such as something on a queue that is no message: whoever runs us starts us
    # again, and must not take it for a job that is done.
    log.error("worker_ended", code=code)
    _go_on_alone(standby, asked)
    return 1


if __name__ == "__main__":
    sys.exit(main())
