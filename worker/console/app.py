"""The console, assembled: an ASGI app of its own, apart from the webhook's. Called by asgi.py and by tests.

Every page needs a session unless access.OPEN names it; nothing is loaded from anywhere else; no script is inline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.console.access import Access, TooLong
from worker.console.audit import add_audit
from worker.console.case import Cases, add_case
from worker.console.deciding import add_decisions
from worker.console.gate import add_gate
from worker.console.incidents import add_incidents
from worker.console.mishaps import Unforeseen, add_mishaps
from worker.console.numbers import add_numbers
from worker.console.page import STATIC, Pages
from worker.console.parts import add_parts
from worker.console.promises import add_promises
from worker.console.queue import add_queue
from worker.console.second_look import add_second_look
from worker.console.signin import add_signin
from worker.console.taught import add_lessons
from worker.console.telling import add_telling
from worker.console.throttle import Throttle
from worker.console.watching import add_watching
from worker.ports import Enqueue, Helpdesk, Ledger, Now
from worker.probes import Look
from worker.support.desk import Policy
from worker.support.outgoing import Tags
from worker.support.reviewdesk import Judge, LetterFor, ReviewDesk, Versions

MAX_BYTES = 4 * 1024 * 1024  # of a posted form: what is longer is not read, and cannot be shown again
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a ticket's page must not learn the console's addresses
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def make_console(
    ledger: Ledger,
    *,
    letter_for: LetterFor,
    console_secret: str,
    policy: Policy,
    enqueue: Enqueue,
    helpdesk: Helpdesk | None = None,
    tags: Tags = Tags(),
    judge: Judge | None = None,
    versions: Versions | None = None,
    notice: str = "",
    freshdesk_url: str = "",
    throttle: Throttle | None = None,
    zone: tzinfo = UTC,
    looks: Mapping[str, Callable[[], Look]] | None = None,
    now: Now = lambda: datetime.now(UTC),
) -> FastAPI:
    """The whole console.

    `letter_for(thread, identity)`: greeting and sign-off, the same as the pipeline's. `console_secret`: binds forms
    before sign-in to the browser; the same for all console processes. `judge(draft, trace, thread)`: findings on an
    edit; None keeps the old ones, marked as overruled. `versions(source_ids)`: what the live index has of them, to
    notice that an article changed; None notices nothing. `notice`: a banner on every page ("the sandbox composer, no
    language model"). `freshdesk_url`: for links to tickets. `zone`: whose days the numbers count. `looks`: how the
    parts outside the ledger are, for the pages on the service.
    """
    access = Access(ledger.users, console_secret)
    pages = Pages(access, notice)
    desk = ReviewDesk(ledger, policy, tags, letter_for, enqueue, helpdesk, judge, versions)
    app = _bare(access, pages)
    add_mishaps(app, ledger, access, pages)
    add_signin(app, ledger, access, pages, throttle or Throttle())
    add_queue(app, desk, pages)
    cases = Cases(desk, pages, freshdesk_url.rstrip("/"))
    add_case(app, cases)
    add_decisions(app, access, cases)
    add_watching(app, access, cases)
    add_telling(app, ledger, pages)
    add_audit(app, ledger, access, pages)
    add_numbers(app, ledger, pages, zone, now)
    add_lessons(app, ledger, pages, zone, now)
    add_promises(app, ledger, access, pages, zone, now)
    add_parts(app, ledger, pages, looks or {})
    add_gate(app, ledger, access, pages, policy)
    add_second_look(app, access, pages, desk)
    add_incidents(app, access, pages, desk)
    return app


def _bare(access: Access, pages: Pages) -> FastAPI:
    """An app without a page: what is asked of every request, and what every answer carries."""
    app = FastAPI(
        title="Deskhand console",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(access.gate)],
    )
    app.add_middleware(_Bounded)
    app.add_middleware(Unforeseen, access=access, pages=pages)
    app.add_middleware(_Headers)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


class _Bounded:
    """Ends the reading of a body that is too long where the page about it can still be made. FastAPI's own limit sits
    outside of everything here, and answers without a page and without the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BYTES:
                raise TooLong
            return message

        await self._app(scope, counted, send)


class _Headers:
    """The security headers on every response, also on errors; pages hold customers' words and are not kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                kept = scope["path"].startswith("/static/")
                headers["Cache-Control"] = "public, max-age=604800" if kept else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
