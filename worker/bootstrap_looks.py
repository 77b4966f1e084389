"""The assembly's third part: what the console's pages on the service ask of the parts outside the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from worker.bootstrap import milvus_uri, redis_url
from worker.bootstrap_web import pings
from worker.ports import Ledger
from worker.probes import Fact, Look
from worker.queues import QUEUES
from worker.settings import Settings


def looks(settings: Settings, ledger: Ledger) -> dict[str, Callable[[], Look]]:
    """By part. None without FRESHDESK_URL: such a console stands alone with its ledger."""
    if not settings.freshdesk_url:
        return {}
    asked = pings(settings, ledger)
    models: tuple[Fact, ...] = (("Models, in the order in which they are tried", ", ".join(settings.models)),)
    return {
        "queue": lambda: Look(asked["redis"](), _queue_lengths(settings)),
        "freshdesk": lambda: Look(asked["freshdesk"](), (("Account", settings.freshdesk_url),)),
        "groq": lambda: Look(asked["groq"](), models),
        "milvus": lambda: _index(settings),
    }


def _queue_lengths(settings: Settings) -> tuple[Fact, ...]:
    """Celery keeps a queue as a list of its name, and what a worker has taken and not finished in one hash."""
    import redis

    client = redis.Redis.from_url(redis_url(settings), socket_timeout=2, socket_connect_timeout=2)
    with closing(client):
        waiting: list[Fact] = [(f"Hints waiting in the queue “{name}”", int(client.llen(name))) for name in QUEUES]
        return (*waiting, ("Hints that a worker has taken", int(client.hlen("unacked"))))


def _index(settings: Settings) -> Look:
    from worker.adapters.milvus import MilvusShelf

    with closing(MilvusShelf(milvus_uri(settings), token=settings.milvus_token.get_secret_value())) as shelf:
        says, build = shelf.ping(), shelf.built()
    if build is None:
        return Look(says, ok=False)
    facts: tuple[Fact, ...] = (
        ("Index in use", build.collection),
        ("Built", build.built_at),
        ("Rows", build.rows),
        ("Embedding model", build.model),
        ("Knowledge base, as it was then", build.kb_hash[:12]),
    )
    return Look(says, facts)
