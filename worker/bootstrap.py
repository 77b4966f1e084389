"""The assembly: the only module that knows the adapters. It turns settings into the ports that everything else uses.

Nothing happens at import; each maker opens what it makes. Web processes call only makers that load no model.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from worker import metrics
from worker.adapters.directory import LedgerDirectory
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate
from worker.errors import BadConfiguration, Permanent
from worker.models import Identity, Strength, Thread, TicketState
from worker.ports import Embedder, Enqueue, Ledger, Writer
from worker.rulebook import Rulebook, load_rulebook
from worker.settings import Settings
from worker.support.desk import Desk, Policy
from worker.support.facts import known_facts
from worker.support.letters import letter_for
from worker.support.outgoing import Tags
from worker.support.render import Letter
from worker.trouble_words import safe_reason

if TYPE_CHECKING:
    from celery import Celery
    from fastapi import FastAPI

    from worker.adapters.milvus import MilvusShelf
    from worker.knowledge.documents import Kb

log = structlog.get_logger(__name__)


# ------------------------------------------------------------ where things are


def redis_url(settings: Settings) -> str:
    """REDIS_URL, or the Redis that a running stack on this DATA_DIR started."""
    return settings.redis_url or settings.running_stack().get("redis_url", "") or "redis://127.0.0.1:6379/0"


def milvus_uri(settings: Settings) -> str:
    """MILVUS_URI, or the server of a running stack on this DATA_DIR; "" if nothing runs."""
    return settings.milvus_uri or settings.running_stack().get("milvus_uri", "")


def ledger_url(settings: Settings) -> str:
    return settings.ledger_url


# ------------------------------------------------------------ the parts


def open_ledger_for(settings: Settings) -> SqlLedger:
    """The ledger, its tables brought up to date first (under a lock: several processes start at once)."""
    if not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.ledger_url)
    return open_ledger(settings.ledger_url)


def make_helpdesk(settings: Settings) -> FreshdeskHelpdesk:
    if not settings.freshdesk_url:
        raise BadConfiguration(
            "FRESHDESK_URL is not set: `make run` starts a sandbox, a single process needs an account"
        )
    return FreshdeskHelpdesk(
        settings.freshdesk_url,
        settings.freshdesk_api_key,
        timeout=settings.http_timeout_seconds,
        on_call=lambda _what, status, seconds: _count("freshdesk", status, seconds),
    )


def make_writer(settings: Settings) -> Writer | None:
    """None where no model is configured: then templates are filled in and held."""
    if not (settings.groq_api_key.get_secret_value() or settings.groq_base_url):
        return None
    from worker.adapters.groq import GroqWriter

    return GroqWriter(
        settings.groq_api_key,
        settings.groq_base_url or None,
        settings.models,
        timeout=settings.llm_timeout_seconds,
        on_call=lambda _model, status, seconds: _count("groq", status, seconds),
    )


def make_embedder(settings: Settings) -> Embedder:
    """Loads the model: seconds and hundreds of megabytes. Workers and the indexer only."""
    from worker.adapters.embedding import MiniLmEmbedder

    return MiniLmEmbedder(settings.embedding_model or None)


@contextmanager
def open_shelf(settings: Settings) -> Iterator[MilvusShelf]:
    """The index for writing: at MILVUS_URI, at the running stack's server, or at one started for the occasion."""
    from worker.adapters.milvus import MilvusShelf
    from worker.adapters.milvus_server import running_milvus_lite

    labels = load_rules(settings).labels
    uri = milvus_uri(settings)
    if uri:
        shelf = MilvusShelf(uri, settings.milvus_token, labels=labels)
        try:
            yield shelf
        finally:
            shelf.close()
        return
    with running_milvus_lite(settings.data_dir / "milvus") as own:
        shelf = MilvusShelf(own, settings.milvus_token, labels=labels)
        try:
            yield shelf
        finally:
            shelf.close()


def load_rules(settings: Settings) -> Rulebook:
    return load_rulebook(settings.rules_dir)


def load_kb(settings: Settings) -> Kb:
    from worker.knowledge.documents import read_kb

    return read_kb(settings.kb_dir, load_rules(settings).labels)


def segment_names(settings: Settings) -> tuple[str, ...]:
    return tuple(load_rules(settings).segment_names)


def make_policy(settings: Settings) -> Policy:
    keep = settings.status_after_reply == "keep"
    return Policy(
        delivery=settings.delivery_mode,
        gate_open=settings.gate == "open",
        state_after_reply=None if keep else TicketState(settings.status_after_reply),
        lease=timedelta(seconds=settings.lease_seconds),
        settle=timedelta(seconds=settings.settle_seconds),
        http_timeout=settings.http_timeout_seconds,
        console_link=settings.console_link,
    )


def make_desk(settings: Settings) -> Desk:
    """Everything that the worker's tasks need. Loads the model; refuses an index that another model made."""
    from worker.adapters.milvus import MilvusIndex

    rulebook = load_rules(settings)
    ledger = open_ledger_for(settings)
    embedder = make_embedder(settings)
    uri = milvus_uri(settings)
    if not uri:
        raise BadConfiguration("MILVUS_URI is not set and no stack runs on this DATA_DIR: start one with `make run`")
    index = MilvusIndex(uri, settings.milvus_token, labels=rulebook.labels, embedder=embedder.name)
    return Desk(
        helpdesk=make_helpdesk(settings),
        ledger=ledger,
        directory=LedgerDirectory(ledger.customers),
        index=index,
        embedder=embedder,
        writer=make_writer(settings),
        rulebook=rulebook,
        policy=make_policy(settings),
        now=utc_now,
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def _count(part: str, status: int, seconds: float) -> None:
    metrics.CALLS.labels(part, str(status) if status else "no answer").inc()
    metrics.CALL_SECONDS.labels(part).observe(seconds)


# ------------------------------------------------------------ the queue, as a hint


def make_enqueue(app: Celery) -> Enqueue:
    """Hands (queue, id) to Celery from a thread of its own and never raises: Redis frozen must not hold a caller up,
    and what is lost here the dispatcher finds."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="enqueue")
    waiting = [0]

    def send(queue: str, row: str) -> None:
        try:
            app.send_task(queue, args=[row], queue=queue)
        except Exception as error:
            log.warning("enqueue_failed", queue=queue, error=safe_reason(error))
        finally:
            waiting[0] -= 1

    def enqueue(queue: str, row: str) -> None:
        # A queue of hints that grows without end would eat the memory of a process whose Redis is gone.
        if waiting[0] < 1000:
            waiting[0] += 1
            pool.submit(send, queue, row)

    return enqueue


# ------------------------------------------------------------ the web processes


def require_webhook_secret(settings: Settings) -> None:
    if not settings.webhook_secrets:
        raise BadConfiguration(
            "FRESHDESK_WEBHOOK_SECRET is not set: without it anybody could ring. Put the same word into the header"
            " X-Webhook-Secret of the automation rule in Freshdesk"
        )


def pings(settings: Settings, ledger: Ledger) -> dict[str, Callable[[], str]]:
    """What /readyz asks: each part by name."""

    def ledger_writable() -> str:
        ledger.writable()
        return ledger.ping()

    helpdesk = make_helpdesk(settings)
    writer = make_writer(settings)
    return {
        "ledger": ledger_writable,
        "redis": lambda: _ping_redis(settings),
        "milvus": lambda: _ping_milvus(settings),
        "freshdesk": helpdesk.ping,
        "groq": writer.ping if writer else lambda: "no model is configured: drafts are filled-in templates",
    }


def _ping_redis(settings: Settings) -> str:
    import redis

    client = redis.Redis.from_url(redis_url(settings), socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
        return "answers"
    except redis.RedisError as error:
        raise Permanent(f"Redis does not answer ({type(error).__name__})", part="redis") from None
    finally:
        client.close()


def _ping_milvus(settings: Settings) -> str:
    from worker.adapters.milvus import ping_milvus

    return ping_milvus(milvus_uri(settings), settings.milvus_token)


def make_console_app(settings: Settings) -> FastAPI:
    """The console over the ledger; approvals are looked at once more against the helpdesk, where one is configured."""
    from worker.console.app import make_console
    from worker.queues import make_celery

    rulebook = load_rules(settings)

    def letter(thread: Thread, identity: Identity | None) -> Letter:
        who = identity or Identity(strength=Strength.UNKNOWN)
        return letter_for(rulebook, known_facts(who, thread.ticket).get("first_name", ""))

    return make_console(
        open_ledger_for(settings),
        letter_for=letter,
        console_secret=console_secret(settings),
        policy=make_policy(settings),
        enqueue=make_enqueue(make_celery(settings, redis_url(settings))),
        helpdesk=make_helpdesk(settings) if settings.freshdesk_url else None,
        tags=Tags(*rulebook.guards.tags),
        notice=settings.console_notice,
        freshdesk_url=settings.freshdesk_url,
    )


def console_secret(settings: Settings) -> str:
    """CONSOLE_SECRET, or one made once and kept under DATA_DIR, readable by its owner only."""
    given = settings.console_secret.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "console_secret"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def sign_in_link(settings: Settings, ledger: Ledger, login: str = "lead") -> str:
    """A one-time link into the console for `login`, who is made an admin if there is no such user yet."""
    if ledger.users.get(login) is None:
        # No password: this user can come in by such links only, until ops give one.
        ledger.users.put(login, "admin", "")
    token = secrets.token_urlsafe(24)
    ledger.users.put_link(hashlib.sha256(token.encode()).hexdigest(), login, timedelta(hours=12))
    return f"{settings.console_link}/enter?token={token}"
