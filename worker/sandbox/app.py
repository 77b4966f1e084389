"""The sandbox as one app: a local Freshdesk under /api/v2, a local Groq under /groq, /sandbox to steer it, pages at /.

Stands alone: imports nothing else of ours, speaks the vendors' words, keeps everything in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from worker.sandbox import account_api, admin, conversations_api, groq, pages, tickets_api
from worker.sandbox.door import add_api
from worker.sandbox.faults import FaultBoard
from worker.sandbox.journal import Journal
from worker.sandbox.limits import PLANS, Allowance, Limiter
from worker.sandbox.parts import Parts
from worker.sandbox.rules import Rule, RuleBook, default_rules
from worker.sandbox.samples import Loader
from worker.sandbox.sender import PostalClock, Sender
from worker.sandbox.wire import Wire
from worker.sandbox.world import GROUPS, World


def create_app(
    *,
    api_key: str,
    secret: str,
    webhook_url: str | None = None,
    journal: str | Path | None = None,
    allowance: Allowance | str = "sandbox",
    rules: list[Rule] | None = None,
    groups: Iterable[str] = GROUPS,
    clock_scale: float = 1.0,
    seed: int = 0,
    groq_seconds: float = 0.0,
) -> FastAPI:
    """`allowance`: a plan's name or calls per minute of your own. `clock_scale`: how many times faster the webhook
    retries' clock runs. `groq_seconds`: how long each completion takes. No `webhook_url`: nothing is rung."""
    book = Journal(journal)
    world = World(api_key, book, groups)
    board = FaultBoard(seed)
    limiter = Limiter(_copy(PLANS[allowance] if isinstance(allowance, str) else allowance))
    sender = Sender(book, board, limiter, secret, clock=PostalClock(clock_scale))
    wanted = rules if rules is not None else default_rules(webhook_url) if webhook_url else []
    rule_book = RuleBook(world, sender.ring, wanted)
    world.listeners.append(rule_book.hear)
    local_groq = groq.LocalGroq(seconds=groq_seconds)
    app = FastAPI(title="Deskhand sandbox", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.sandbox = Parts(world, book, limiter, board, rule_book, sender, Loader(world), local_groq)
    app.add_middleware(Wire, board=board, world=world, limiter=limiter)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    add_api(app, "/api/v2", [tickets_api.router, conversations_api.router, account_api.router])
    app.include_router(groq.router)
    app.include_router(admin.router)
    pages.add_to(app)


def _copy(plan: Allowance) -> Allowance:
    return Allowance(plan.total, dict(plan.kinds))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    here: Parts = app.state.sandbox
    here.sender.start()
    yield
    await asyncio.to_thread(here.sender.close)
    here.journal.close()
