"""The assembly's third part: what the console's pages on the service ask of the parts outside the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from worker.adapters.board import Board
from worker.bootstrap import make_board, milvus_uri, redis_url
from worker.bootstrap_web import pings
from worker.errors import Retryable, Trouble
from worker.ports import Ledger
from worker.probes import Fact, Look
from worker.queues import QUEUES
from worker.settings import Settings


def looks(settings: Settings, ledger: Ledger) -> dict[str, Callable[[], Look]]:
    """By part. None without FRESHDESK_URL: such a console stands alone with its ledger."""
    if not settings.freshdesk_url:
        return {}
    asked = pings(settings, ledger)
    board = make_board(settings)
    models: tuple[Fact, ...] = (("Models, in the order in which they are tried", ", ".join(settings.models)),)
    account: tuple[Fact, ...] = (("Account", settings.freshdesk_url),)
    return {
        "queue": lambda: Look(asked["redis"](), _queue_lengths(settings)),
        "freshdesk": lambda: kept_within(lambda: Look(asked["freshdesk"](), account), "freshdesk", board),
        "groq": lambda: kept_within(lambda: Look(asked["groq"](), models), "groq", board),
        "milvus": lambda: kept_within(lambda: _index(settings), "milvus", board),
    }


def kept_within(ask: Callable[[], Look], part: str, board: Board) -> Look:
    """What a part says, if only why it does not answer, and what limiter and breakers of all processes make of it. A
    part that answers us while others leave it alone is not well."""
    try:
        look = ask()
    except Trouble as trouble:
        look = Look(trouble.reason, ok=False)
    try:
        alone = [one for one in board.left_alone() if one.part == part]
        gauges = [one for one in board.allowances() if one.gauge.partition(":")[0] == part and (one.limit or one.shut)]
    except Retryable as trouble:
        return Look(look.says, (*look.facts, ("Limiter and breakers", f"not known: {trouble.reason}")), look.ok)
    facts: list[Fact] = [
        (
            f"Left alone by {one.process}, {'which is trying it' if one.trying else 'after failures'}",
            datetime.fromtimestamp(one.since, UTC),
        )
        for one in alone
    ]
    facts = facts or [("Left alone after failures (breaker)", "by nobody")]
    for gauge in gauges:
        left = f"{gauge.left:,.0f} of {gauge.limit:,.0f} left" if gauge.limit else "limit not known"
        shut = f", shut for {gauge.shut:,.0f} s" if gauge.shut else ""
        facts.append((f"Allowance (limiter): {gauge.gauge.replace(':', ' ')}", f"{left}{shut}"))
    says = f"{look.says}; left alone after failures by {len(alone)} of our processes" if alone else look.says
    return Look(says, (*look.facts, *facts), look.ok and not alone)


def _queue_lengths(settings: Settings) -> tuple[Fact, ...]:
    """Celery keeps a queue as a list of its name."""
    import redis

    client = redis.Redis.from_url(redis_url(settings), socket_timeout=2, socket_connect_timeout=2)
    with closing(client):
        return tuple((f"Hints waiting in the queue “{name}”", int(client.llen(name))) for name in QUEUES)


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
