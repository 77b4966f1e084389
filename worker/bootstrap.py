"""The assembly: the only module that knows the adapters. It turns settings into the ports that everything else uses.

Nothing happens at import; each maker opens what it makes. Web processes call only makers that load no model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from worker import metrics
from worker.adapters.address import is_loopback
from worker.adapters.board import Board
from worker.adapters.breaker import Breaker, State
from worker.adapters.directory import LedgerDirectory
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.hints import Hints
from worker.adapters.pace import Pace, SharedPace
from worker.adapters.queue_length import QueueLength
from worker.adapters.store.belonging import Belongs
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import migrate, require
from worker.adapters.turnstile import Turnstile
from worker.bootstrap_kb import (
    embedder_name,
    load_kb,
    load_rules,
    make_embedder,
    milvus_directory,
    milvus_uri,
    open_shelf,
)
from worker.errors import BadConfiguration, Permanent
from worker.models import TicketState
from worker.ports import Enqueue, Writer
from worker.settings import Settings
from worker.support.desk import Desk, Policy

if TYPE_CHECKING:
    from celery import Celery

__all__ = [
    "embedder_name",
    "load_kb",
    "load_rules",
    "make_embedder",
    "milvus_directory",
    "milvus_uri",
    "open_shelf",
]  # of bootstrap_kb, for everybody who builds on this module


# ------------------------------------------------------------ where things are


def redis_url(settings: Settings) -> str:
    """REDIS_URL, or the Redis that a running stack on this DATA_DIR started."""
    return settings.redis_url or settings.running_stack().get("redis_url", "") or "redis://127.0.0.1:6379/0"


def ledger_url(settings: Settings) -> str:
    return settings.ledger_url


# ------------------------------------------------------------ the parts


def open_ledger_for(settings: Settings, *, makes: bool = True) -> SqlLedger:
    """The ledger, its tables brought up to date first (under a lock: several processes start at once).
    BadConfiguration if a sandbox filled it and an account is set, or the other way round; and, unless `makes`, if there
    is none yet: services make theirs, tools only work on it."""
    if not makes:
        require(settings.ledger_url)
    migrate(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    try:
        if settings.freshdesk_url:
            ledger.claim(belongs(settings))
    except BaseException:
        ledger.close()
        raise
    return ledger


def belongs(settings: Settings) -> Belongs:
    """Whose tickets we work on: a Freshdesk on this machine is a sandbox."""
    return Belongs.SANDBOX if is_loopback(settings.freshdesk_url) else Belongs.ACCOUNT


def make_pace(settings: Settings) -> Pace:
    """The limiter, shared with every process on the same Redis."""
    return SharedPace(redis_url(settings), on_shared=lambda shared: metrics.PACE_SHARED.set(int(shared)))


def make_board(settings: Settings) -> Board:
    """Where breakers tell people what they leave alone."""
    return Board(redis_url(settings))


def make_breaker(part: str, board: Board | None = None) -> Breaker:
    def told(state: State) -> None:
        metrics.BREAKER.labels(part).set(state)
        if board is not None:
            board.post(part, state)

    return Breaker(part, on_state=told)


def make_turnstile(part: str, pace: Pace, board: Board | None = None) -> Turnstile:
    return Turnstile(make_breaker(part, board), pace, on_wait=metrics.PUT_OFF.labels(part).inc)


def make_helpdesk(settings: Settings, pace: Pace | None = None, *, for_people: bool = False) -> FreshdeskHelpdesk:
    """`for_people`: a person waits for the answer, so that the reserve may be used. Without a pace, one is made."""
    if not settings.freshdesk_url:
        raise BadConfiguration(
            "FRESHDESK_URL is not set: `make run` starts a sandbox, a single process needs an account"
        )
    return FreshdeskHelpdesk(
        settings.freshdesk_url,
        settings.freshdesk_api_key,
        timeout=settings.http_timeout_seconds,
        on_call=lambda _what, status, seconds: _count("freshdesk", status, seconds),
        turnstile=make_turnstile("freshdesk", pace or make_pace(settings), make_board(settings)),
        reserve=None if for_people else settings.freshdesk_reserve,
        on_spent=lambda what, credits: metrics.CREDITS.labels(what).inc(credits),
    )


def make_writer(settings: Settings, pace: Pace | None = None) -> Writer | None:
    """None where no model is configured: then templates are filled in and held. Without a pace nothing is put off, for
    tools, which see every refusal themselves."""
    if not (settings.groq_api_key.get_secret_value() or settings.groq_base_url):
        return None
    from worker.adapters.groq import GroqWriter

    return GroqWriter(
        settings.groq_api_key,
        settings.groq_base_url or None,
        settings.models,
        timeout=settings.llm_timeout_seconds,
        on_call=_count_model,
        turnstile=make_turnstile("groq", pace, make_board(settings)) if pace else None,
    )


def segment_names(settings: Settings) -> tuple[str, ...]:
    return tuple(load_rules(settings).segment_names)


def make_policy(settings: Settings) -> Policy:
    keep = settings.status_after_reply == "keep"
    return Policy(
        delivery=settings.delivery_mode,
        gate_open=settings.gate == "open",
        zone=ZoneInfo(settings.time_zone),
        state_after_reply=None if keep else TicketState(settings.status_after_reply),
        lease=timedelta(seconds=settings.lease_seconds),
        settle=timedelta(seconds=settings.settle_seconds),
        http_timeout=settings.http_timeout_seconds,
        console_link=settings.console_link,
        undo=timedelta(seconds=settings.undo_seconds),
    )


def make_desk(settings: Settings) -> Desk:
    """Everything that the worker's tasks need. Loads the model; refuses an index that another model made."""
    from worker.adapters.milvus import MilvusShelf

    rulebook = load_rules(settings)
    ledger = open_ledger_for(settings)
    embedder = make_embedder(settings)
    uri = milvus_uri(settings)
    if not uri:
        raise BadConfiguration("MILVUS_URI is not set and no stack runs on this DATA_DIR: start one with `make run`")
    token = settings.milvus_token.get_secret_value()
    breaker = make_breaker("milvus", make_board(settings))
    index = MilvusShelf(uri, token=token, model=embedder.name, breaker=breaker, at_once=True)
    pace = make_pace(settings)
    return Desk(
        helpdesk=make_helpdesk(settings, pace),
        ledger=ledger,
        directory=LedgerDirectory(ledger.customers),
        index=index,
        embedder=embedder,
        writer=make_writer(settings, pace),
        rulebook=rulebook,
        policy=make_policy(settings),
        now=utc_now,
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def _count(part: str, status: int, seconds: float) -> None:
    metrics.CALLS.labels(part, str(status) if status else "no answer").inc()
    metrics.CALL_SECONDS.labels(part).observe(seconds)


def _count_model(model: str, status: int, seconds: float) -> None:
    _count("groq", status, seconds)
    if model != "models":  # the list of them, which costs nothing
        metrics.MODEL_CALLS.labels(model, str(status) if status else "no answer").inc()


# ------------------------------------------------------------ the queue, as a hint

# With no worker about, the dispatcher would fill Redis with the same rows over and over until it takes no more.
BACKLOG = 5000


def ping_redis(settings: Settings) -> str:
    """Permanent where Redis cannot be reached, or takes nothing."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Without its own repetitions, which take longer than whoever asks for /readyz waits.
    client = redis.Redis.from_url(
        redis_url(settings), socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
    )
    try:
        client.set("deskhand:writable", 1, ex=60)  # a full one answers a ping as well
        return "answers"
    except redis.RedisError as error:
        raise Permanent(f"Redis does not answer ({type(error).__name__})", part="redis") from None
    finally:
        client.close()


def make_enqueue(app: Celery) -> Enqueue:
    """Hands (queue, id) to Celery without holding the caller up; what is lost, the dispatcher finds."""
    # Imported now: the first webhook after a start would have to wait for it.
    _ = app.connection_for_write().transport, app.Task, app.events
    lengths = QueueLength(app.conf.broker_url)

    def put(queue: str, row: str) -> None:
        if lengths.of(queue) >= BACKLOG:
            metrics.HINTS_LOST.inc()
            return
        app.send_task(queue, args=[row], queue=queue)

    return Hints(put, on_lost=metrics.HINTS_LOST.inc)


def queue_lengths(settings: Settings) -> Callable[[str], int]:
    """How many messages wait on a queue, for one thread; 0 while Redis does not say."""
    return QueueLength(redis_url(settings)).of
