"""The two queues and how Celery is set up. Only this module and `tasks` know Celery.

Redis and Celery are hints: a message that is lost here is found again by the dispatcher, so nothing below may block or
fail a caller, and nothing but an id travels. Figures: 12 of 4,661 messages were lost under kill -9 with acks_late.
kombu would also note each message in Redis as taken, and put it back when a killed worker's visibility timeout has
passed; a row's lease ends long before that, and the dispatcher finds it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from celery import Celery
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from redis.exceptions import ResponseError

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


class Taken(redis.QoS):  # type: ignore[misc]
    """What this process has taken and not yet worked on to the end, which limits what it takes: counted here and not in
    Redis, since all threads wait for the one that would write it there, twice for each message. A worker that is told
    to end puts it back. What a release before this one noted in Redis is put back in time, as it was."""

    def append(self, message: Any, delivery_tag: str) -> None:
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if requeue:
            self._put_back(self._delivered[delivery_tag], behind_all=True)
        virtual.QoS.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        self._flush()
        while self._delivered:
            _, message = self._delivered.popitem()
            self._put_back(message)

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        with suppress(ResponseError):  # a full Redis: Celery would log a traceback for it every five seconds
            super().restore_visible(*args, **kwargs)

    def _put_back(self, message: Any, behind_all: bool = False) -> None:
        """As the next one, unless it was refused: workers take from the right. Into a full Redis nothing goes back, and
        the dispatcher finds it."""
        info = message.delivery_info
        with self.channel.conn_or_acquire() as client:
            self.channel._do_restore_message(message._raw, info["exchange"], info["routing_key"], client, behind_all)


class Channel(redis.Channel):  # type: ignore[misc]
    """With one client for whatever is answered at once. kombu makes another for each message, and each begins by
    looking up, in a file, which release of redis-py it is. They are safe for threads; BRPOP has one of its own."""

    QoS = Taken
    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:  # a lost connection takes its pool along
            self._kept = super()._create_client()
        return self._kept


class Transport(redis.Transport):  # type: ignore[misc]
    """Celery's Redis with these channels: in this process, what redis:// and rediss:// stand for."""

    Channel = Channel


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
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:{Transport.__name__}"))
    app = Celery("deskhand", broker=redis_url, set_as_current=False)
    app.conf.update(CONFIG, worker_concurrency=settings.worker_concurrency, worker_pool="threads")
    # Exchange and key are named: left out, both queues share the default ones and each gets the other's messages too.
    app.conf.task_queues = [Queue(name, Exchange(name, type="direct"), routing_key=name) for name in QUEUES]
    app.conf.task_routes = {name: {"queue": name} for name in QUEUES}  # a task is called as its queue is
    return app
