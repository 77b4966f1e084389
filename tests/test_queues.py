"""What a worker takes off the queue, what becomes of that when it ends, and how long it takes to end."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.worker import state
from kombu import Consumer
from kombu.transport.redis import Transport as CelerysOwn

from tests.redis_server import RedisServer
from worker.queues import DRAFT, drain, make_celery
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


class Worker:
    """A worker's end of the queues: `given` are the messages that it was handed, at most `most` at a time."""

    def __init__(self, redis: RedisServer, most: int = 0) -> None:
        self.app: Celery = make_celery(Settings(), redis.url)
        self.given: list[Any] = []
        self._connection = self.app.connection_for_read()
        self.channel = self._connection.channel()
        queues = [queue(self.channel) for queue in self.app.conf.task_queues]
        self._consumer = Consumer(self.channel, queues, on_message=self.given.append, prefetch_count=most)
        self._consumer.consume()

    def take(self, number: int) -> list[Any]:
        """Until it has been handed so many."""
        while len(self.given) < number:
            self._connection.drain_events(timeout=60)
        return self.given

    def end(self) -> None:
        self._consumer.cancel()
        self._connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.client.flushall()
    return server


def ring(redis: RedisServer, *ids: str) -> None:
    with make_celery(Settings(), redis.url) as app:
        for one in ids:
            app.send_task(DRAFT, args=[one], queue=DRAFT)


def waiting(redis: RedisServer) -> list[str]:
    """Ids on the queue, the next one first."""
    bodies = [json.loads(message)["body"] for message in reversed(redis.client.lrange(DRAFT, 0, -1))]
    return [json.loads(base64.b64decode(body))[0][0] for body in bodies]


def test_what_a_worker_has_taken_costs_redis_nothing(redis: RedisServer) -> None:
    ring(redis, "d1", "d2")
    worker = Worker(redis)

    for message in worker.take(2):
        assert redis.client.keys("unacked*") == []
        message.ack()

    assert (waiting(redis), redis.client.keys("unacked*")) == ([], [])
    worker.end()
    assert waiting(redis) == []


def test_a_worker_that_ends_puts_back_what_it_has_not_worked_on_to_the_end(redis: RedisServer) -> None:
    ring(redis, "d1", "d2", "d3")
    worker = Worker(redis)
    worker.take(3)[1].ack()
    ring(redis, "d4")

    worker.end()

    assert waiting(redis) == ["d1", "d3", "d4"]


def test_a_worker_takes_no_more_than_it_has_room_for(redis: RedisServer) -> None:
    ring(redis, "d1", "d2", "d3")
    worker = Worker(redis, most=2)

    worker.take(2)
    assert not worker.channel.qos.can_consume()
    assert waiting(redis) == ["d3"]
    worker.given[0].ack()

    assert worker.channel.qos.can_consume()
    worker.take(3)
    assert waiting(redis) == []
    worker.end()


def test_a_message_that_is_refused_goes_behind_the_others(redis: RedisServer) -> None:
    ring(redis, "d1")
    worker = Worker(redis)
    (message,) = worker.take(1)
    ring(redis, "d2")

    message.requeue()

    assert waiting(redis) == ["d2", "d1"]
    worker.end()


def test_what_a_killed_worker_of_an_older_release_had_taken_comes_back(redis: RedisServer) -> None:
    ring(redis, "d1")
    message = redis.client.rpop(DRAFT)
    tag = json.loads(message)["properties"]["delivery_tag"]
    redis.client.hset("unacked", tag, json.dumps([json.loads(message), "", DRAFT]))
    redis.client.zadd("unacked_index", {tag: time.time() - 3600})
    worker = Worker(redis)

    worker.channel.qos.restore_visible(num=10, interval=1)

    assert len(worker.take(1)) == 1
    assert redis.client.keys("unacked*") == []
    worker.end()


def test_a_full_redis_is_no_trouble_to_a_worker_that_looks_for_what_older_releases_left(redis: RedisServer) -> None:
    worker = Worker(redis)
    redis.fill()
    try:
        worker.channel.qos.restore_visible(num=10, interval=1)
    finally:
        redis.make_room()
    worker.end()


def test_a_channel_asks_through_one_client_and_through_another_once_its_connections_were_lost(
    redis: RedisServer,
) -> None:
    worker = Worker(redis)
    with worker.channel.conn_or_acquire() as first, worker.channel.conn_or_acquire() as second:
        assert first is second

    worker.channel._disconnect_pools()

    with worker.channel.conn_or_acquire() as later:
        assert later is not first
        assert later.ping()
    worker.end()


@pytest.mark.parametrize("url", ["amqp://broker/", "sentinel://one:26379;sentinel://two:26379"])
def test_another_broker_is_asked_in_celerys_own_way(url: str) -> None:
    transport = make_celery(Settings(), url).connection_for_read().get_transport_cls()

    assert not transport.__module__.startswith("worker.")


def test_redis_behind_tls_is_asked_like_redis() -> None:
    connection = make_celery(Settings(), "rediss://:secret@broker:6380/1").connection_for_write()

    assert issubclass(connection.get_transport_cls(), CelerysOwn)
    assert connection.ssl
    assert (connection.hostname, connection.port, connection.virtual_host) == ("broker", 6380, "1")
