"""A worker that is asked to end takes as long as its work takes, and no longer."""

from __future__ import annotations

import threading
from typing import Any

from celery.worker import state

from worker.queues import drain, make_celery
from worker.settings import Settings


class Request:
    """Something that a worker is working on; Celery keeps such things in a weak set."""


def ending(app: Any) -> threading.Thread:
    """What a worker of `app` does when it is told to end."""
    thread = threading.Thread(target=app.Worker.wait_for_soft_shutdown, args=(object(),), daemon=True)
    thread.start()
    return thread


def test_a_stopping_worker_waits_for_its_work_and_then_ends_at_once():
    app = make_celery(Settings(), "redis://127.0.0.1:1/0")
    app.conf.worker_soft_shutdown_timeout = 3600
    drain(app)
    work = Request()
    state.active_requests.add(work)
    try:
        stopping = ending(app)
        stopping.join(0.3)
        assert stopping.is_alive()
    finally:
        state.active_requests.discard(work)
    stopping.join(240)
    assert not stopping.is_alive()


def test_work_that_does_not_end_holds_a_stopping_worker_no_longer_than_its_time():
    app = make_celery(Settings(), "redis://127.0.0.1:1/0")
    app.conf.worker_soft_shutdown_timeout = 0.2
    drain(app)
    work = Request()
    state.active_requests.add(work)
    try:
        stopping = ending(app)
        stopping.join(240)
        assert not stopping.is_alive()
    finally:
        state.active_requests.discard(work)
