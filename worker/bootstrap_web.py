"""The assembly's second half: what only the web processes and the stack need. Loads no model.

Also the only place, with bootstrap, that knows adapters.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from worker.bootstrap import (
    load_rules,
    make_board,
    make_enqueue,
    make_helpdesk,
    make_policy,
    make_writer,
    milvus_uri,
    open_ledger_for,
    ping_redis,
    redis_url,
)
from worker.errors import BadConfiguration, Retryable
from worker.kept_secret import kept_secret
from worker.models import Identity, Strength, Thread
from worker.outside_metrics import Gauge, Outside
from worker.ports import Ledger
from worker.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from worker.adapters.milvus import MilvusShelf
    from worker.support.render import Letter
    from worker.support.reviewdesk import Versions

SHORTEST_SECRET = 16  # characters


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

    helpdesk = make_helpdesk(settings, for_people=True)
    writer = make_writer(settings)
    return {
        "ledger": ledger_writable,
        "redis": lambda: ping_redis(settings),
        "milvus": lambda: _ping_milvus(settings),
        "freshdesk": helpdesk.ping,
        "groq": writer.ping if writer else lambda: "no model is configured: drafts are filled-in templates",
    }


def outside(settings: Settings) -> Outside:
    """What /metrics tells of limiter and index."""
    board = make_board(settings)

    def index_built() -> datetime | None:
        from worker.adapters.milvus import MilvusShelf

        with closing(MilvusShelf(milvus_uri(settings), token=settings.milvus_token.get_secret_value())) as shelf:
            build = shelf.built()
            return build.built_at if build else None

    return Outside(
        allowances=lambda: [Gauge(one.gauge, one.limit, one.left, one.shut) for one in board.allowances()],
        left_alone=lambda: [one.part for one in board.left_alone()],
        index_built=index_built,
    )


def _ping_milvus(settings: Settings) -> str:
    from worker.adapters.milvus import MilvusShelf

    with closing(MilvusShelf(milvus_uri(settings), token=settings.milvus_token.get_secret_value())) as shelf:
        return shelf.ping()


def make_console_app(settings: Settings) -> FastAPI:
    """The console over the ledger; approvals are looked at once more against the helpdesk, where one is configured.

    What judges a draft is imported here: the webhook would take a third longer to start.
    """
    from worker.bootstrap_looks import looks
    from worker.console.app import make_console
    from worker.queues import make_celery
    from worker.support.facts import first_name, known_facts
    from worker.support.letters import letter_for, tags_of
    from worker.support.rejudge import Rejudge

    rulebook = load_rules(settings)

    def letter(thread: Thread, identity: Identity | None) -> Letter:
        who = identity or Identity(strength=Strength.UNKNOWN)
        return letter_for(rulebook, first_name(known_facts(who, thread.ticket, rulebook.guards.disclosure), thread))

    ledger = open_ledger_for(settings)
    return make_console(
        ledger,
        letter_for=letter,
        console_secret=console_secret(settings),
        policy=make_policy(settings),
        enqueue=make_enqueue(make_celery(settings, redis_url(settings))),
        helpdesk=make_helpdesk(settings, for_people=True) if settings.freshdesk_url else None,
        tags=tags_of(rulebook),
        judge=Rejudge(rulebook),
        versions=_versions(settings),
        notice=settings.console_notice,
        freshdesk_url=settings.freshdesk_url,
        zone=ZoneInfo(settings.time_zone),
        looks=looks(settings, ledger),
    )


def _versions(settings: Settings) -> Versions:
    """What the live index has of sources, by id. The index is opened when first asked: the console starts before it."""
    opened: list[MilvusShelf] = []
    lock = threading.Lock()

    def versions(source_ids: Sequence[str]) -> Mapping[str, str]:
        from worker.adapters.milvus import MilvusShelf

        with lock:
            if not opened and not (uri := milvus_uri(settings)):
                raise Retryable("there is no index: MILVUS_URI is not set", part="milvus")
            if not opened:
                opened.append(MilvusShelf(uri, token=settings.milvus_token.get_secret_value(), timeout=2.0))
        return opened[0].versions(source_ids)

    return versions


def console_secret(settings: Settings) -> str:
    """CONSOLE_SECRET, or one made once and kept under DATA_DIR. BadConfiguration if that cannot be, or is too short."""
    given = settings.console_secret.get_secret_value()
    if given and len(given) < SHORTEST_SECRET:
        raise BadConfiguration(f"CONSOLE_SECRET must have at least {SHORTEST_SECRET} characters")
    return given or kept_secret(settings.data_dir / "console_secret", "CONSOLE_SECRET", least=SHORTEST_SECRET)


def sign_in_link(settings: Settings, ledger: Ledger, login: str = "lead") -> str:
    """A one-time link into the console for `login`, who is made an admin if there is no such user yet."""
    from worker.console import people

    if ledger.users.get(login) is None:
        people.add_user(ledger.users, login, people.ADMIN, None)
    return people.sign_in_link(ledger.users, login, settings.console_link, timedelta(hours=12))
