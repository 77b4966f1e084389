"""Faults at the wire: a middleware that refuses, delays, cuts the connection, or lets people act in between.

What is committed and what the caller hears are two things here. Cutting closes the socket without a response.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.sandbox import acts
from worker.sandbox.door import VERSION
from worker.sandbox.faults import MEANWHILE, WRITTEN, Fault, FaultBoard
from worker.sandbox.groq_errors import groq_error
from worker.sandbox.limits import Limiter
from worker.sandbox.nouns import CLOSED
from worker.sandbox.world import World

_TICKET = re.compile(r"/api/v2/tickets/(\d+)")
_HUMAN = 11
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Be right back</title></head><body><h1>Something went wrong</h1></body></html>"
)


@dataclass
class Heard:
    """A response kept back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class Wire:
    def __init__(self, app: ASGIApp, *, board: FaultBoard, world: World, limiter: Limiter) -> None:
        self._app, self._board, self._world, self._limiter = app, board, world, limiter
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # When the request came, whatever is done to it before it takes effect: the journal tells both.
        scope["sandbox.arrived"] = World.now()
        if scope["type"] != "http" or scope["path"].startswith("/sandbox") or self._board.quiet:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        faults = self._board.fired(scope["method"], scope["path"], body)
        call = _Struck(self, scope, receive, send, body)
        scope["sandbox.faults"] = [f for f in faults if f.kind in WRITTEN]
        for fault in (f for f in faults if f.kind not in WRITTEN):
            if await call.strike(fault):
                return
        await call.finish()

    def keep(self, task: asyncio.Task[None]) -> None:
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def run(self, scope: Scope, body: bytes) -> Heard:
        """The call takes effect; its response is kept back."""
        heard = Heard()
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            return next(given, {"type": "http.disconnect"})

        await self._app(scope, receive, heard.take)
        return heard

    def rate_headers(self, path: str) -> dict[str, str]:
        """Failed calls count too, and report."""
        return self._limiter.spend(1, None)[1] | VERSION if path.startswith("/api/v2") else {}

    def limited(self, fault: Fault) -> dict[str, str]:
        return self._limiter.refuse(retry_after=fault.retry_after, remaining=fault.remaining)

    def meanwhile(self, fault: Fault, ticket_id: int) -> None:
        """What somebody else does to the ticket just now."""
        world, html = self._world, fault.html
        with world.lock:
            ticket = world.tickets.get(ticket_id)
            if ticket is None:
                return
            match fault.kind:
                case "human_replies":
                    acts.reply(world, ticket_id, html or "<p>I have looked into this for you.</p>", _HUMAN)
                case "human_notes":
                    acts.note(world, ticket_id, html or "<p>I am on it.</p>", _HUMAN)
                case "human_closes":
                    acts.change(world, ticket_id, {"status": CLOSED}, _HUMAN)
                case "human_assigns":
                    acts.change(world, ticket_id, {"responder_id": _HUMAN}, _HUMAN)
                case "human_spams":
                    acts.change(world, ticket_id, {"spam": True}, _HUMAN)
                case "human_deletes":
                    acts.change(world, ticket_id, {"deleted": True}, _HUMAN)
                case "human_merges":
                    primary = acts.open_ticket(
                        world, ticket.requester_id, ticket.subject, "<p>See here.</p>", ring=False
                    )
                    acts.merge(world, primary.id, [ticket_id], _HUMAN)
                case "auto_reply":
                    acts.customer_writes(world, ticket_id, html or "<p>Automatic reply: I am out of office.</p>")
                case _:
                    acts.customer_writes(world, ticket_id, html or "<p>One more thing about this.</p>")


class _Struck:
    """One call while faults are applied to it. `strike` is True once the caller has been dealt with."""

    def __init__(self, wire: Wire, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        self._wire, self._scope, self._receive, self._send, self._body = wire, scope, receive, send, body
        self._after: list[Fault] = []
        found = _TICKET.match(scope["path"])
        self._ticket_id = int(found.group(1)) if found else 0

    async def strike(self, fault: Fault) -> bool:
        kind = fault.kind
        if kind in MEANWHILE:
            if (fault.moment or ("after" if self._scope["method"] == "GET" else "before")) == "before":
                self._wire.meanwhile(fault, self._ticket_id)
            else:
                self._after.append(fault)
            return False
        if kind == "slow":
            await asyncio.sleep(fault.seconds)
            return False
        if kind in ("slow_answer", "drip"):
            self._after.append(fault)
            return False
        if kind in ("cut", "hang"):
            if kind == "hang":
                await self._until_gone()
            await self._cut()
        elif kind.startswith("commit"):
            await self._commit(fault)
        elif kind in ("html_page", "empty"):
            if fault.commit:
                await self._wire.run(self._scope, self._body)
            page = _PAGE if kind == "html_page" else b""
            await self._say(fault.status or 200, page, {"content-type": "text/html; charset=utf-8"})
        else:
            await self._refuse(fault)
        return True

    async def finish(self) -> None:
        """The call itself, then what was asked to happen after it, then its answer."""
        heard = await self._wire.run(self._scope, self._body)
        drip = 0.0
        for fault in self._after:
            if fault.kind == "slow_answer":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "drip":
                drip = fault.seconds
            else:
                self._wire.meanwhile(fault, self._ticket_id)
        await self._send({"type": "http.response.start", "status": heard.status, "headers": heard.headers})
        if drip:
            step = max(1, len(heard.body) // 20)
            for begin in range(0, len(heard.body), step):
                await asyncio.sleep(drip / 20)
                part = heard.body[begin : begin + step]
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"" if drip else heard.body, "more_body": False})

    async def _commit(self, fault: Fault) -> None:
        if fault.kind == "commit_late":
            self._wire.keep(asyncio.create_task(self._later(fault.seconds)))
            if fault.status is None:  # nothing is heard: the caller's own time-out ends it
                await self._until_gone()
                await self._cut()
                return
        else:
            await self._wire.run(self._scope, self._body)
        if fault.kind == "commit_then_cut":
            await self._cut()
        else:
            await self._say(fault.status or 503, b"", {})

    async def _later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._wire.run(self._scope, self._body)

    async def _refuse(self, fault: Fault) -> None:
        groq = groq_error(fault.kind, fault.status, self._body) if self._scope["path"].startswith("/groq") else None
        headers: dict[str, str] = {}
        if groq:
            status, content, headers = groq
            if fault.retry_after is not None:
                headers["retry-after"] = f"{fault.retry_after:g}"
        elif fault.kind == "rate_limit":
            status, content, headers = (
                429,
                {"message": "You have exceeded the limit of requests per minute"},
                self._wire.limited(fault),
            )
        elif fault.kind == "missing_field":
            error = {
                "field": fault.field,
                "message": "It should not be blank as this is a mandatory field",
                "code": "missing_field",
            }
            status, content = 400, {"description": "Validation failed", "errors": [error]}
        else:
            status = fault.status or 500
            content = _vendor_body(status)
        if fault.body is not None:
            content = fault.body
        raw = content.encode() if isinstance(content, str) else b"" if content is None else json.dumps(content).encode()
        await self._say(status, raw, {"content-type": "application/json"} | headers)

    async def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        known = {k.lower() for k in headers}
        limits = self._wire.rate_headers(self._scope["path"])
        headers |= {k: v for k, v in limits.items() if k.lower() not in known and (k != "Retry-After")}
        pairs = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
        pairs.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _cut(self) -> None:
        """Closes the socket under the server's feet, then waits until it has noticed, else it would answer 500."""
        cycle: Any = getattr(self._receive, "__self__", None)
        if cycle is None or not hasattr(cycle, "transport"):
            raise RuntimeError("the connection can be cut only under uvicorn")
        cycle.transport.abort()
        await self._until_gone()


def _vendor_body(status: int) -> Any:
    """What the vendor says with that status; 404 and 5xx may well be empty."""
    return {
        400: {
            "description": "Validation failed",
            "errors": [{"field": "body", "message": "Refused", "code": "invalid_value"}],
        },
        401: {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."},
        403: {"code": "access_denied", "message": "You are not authorized to perform this action."},
        405: {"message": "POST method is not allowed. It should be one of these method(s): GET"},
        409: {
            "description": "Validation failed",
            "errors": [{"field": "id", "message": "Conflict", "code": "duplicate_value"}],
        },
        500: {"code": "internal_error", "message": "We're sorry, but something went wrong."},
    }.get(status)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
