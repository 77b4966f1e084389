"""The door of the local Freshdesk's API: who is calling, what the call costs, and the headers on every answer.

A route class, so that each endpoint is a plain function that returns JSON, an `Answer`, or raises a VendorError. Failed
calls cost credits like others. Used by the *_api modules only.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match

from worker.sandbox.fields import VendorError, refused, wrong_method
from worker.sandbox.limits import Limiter
from worker.sandbox.nouns import Agent
from worker.sandbox.world import World

VERSION = {"X-Freshdesk-Api-Version": "latest=v2; requested=v2"}


@dataclass
class Call:
    """One API call after the door: whose key, the raw body, the query."""

    world: World
    agent: Agent
    raw: bytes
    query: dict[str, str]
    url: str  # of the collection, without the query, for Location and Link
    arrived: datetime | None = None

    def includes(self, allowed: set[str]) -> list[str]:
        """`?include=a,b`, each of them allowed."""
        asked = [i for i in self.query.get("include", "").split(",") if i]
        if any(i not in allowed for i in asked):
            one_of = ",".join(sorted(allowed))
            errors = [
                {
                    "field": "include",
                    "message": f"It should be one of these values: '{one_of}'",
                    "code": "invalid_value",
                }
            ]
            raise VendorError(400, {"description": "Validation failed", "errors": errors})
        return asked


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


async def current_call(request: Request) -> Call:
    call: Call = request.state.call
    return call


CallArg = Annotated[Call, Depends(current_call)]


def credits(method: str, path: str, include: str) -> int:
    """1, plus 1 per include of one ticket, plus 2 per include of a list."""
    if method != "GET" or not include:
        return 1
    asked = len([i for i in include.split(",") if i])
    return 1 + asked * (2 if path.rstrip("/").endswith("/tickets") else 1)


def sub_limit(method: str, path: str) -> str | None:
    """Which of the plan's own limits the call draws on, if any."""
    tail = path.removeprefix("/api/v2").rstrip("/")
    if method == "GET":
        return {"/tickets": "tickets_list", "/contacts": "contacts_list"}.get(tail)
    if method == "PUT" and tail.startswith("/tickets/") and tail.count("/") == 2 and tail != "/tickets/merge":
        return "update"
    return "create" if method == "POST" and tail in ("/tickets", "/contacts") else None


def caller(world: World, authorization: str | None) -> Agent:
    """Basic, the key as user name, any password."""
    try:
        scheme, _, token = (authorization or "").partition(" ")
        name = base64.b64decode(token, validate=True).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        name = ""
    agent = world.agent_by_key(name) if name else None
    if agent is None:
        raise refused(401, "invalid_credentials", "You have to be logged in to perform this action.")
    return agent


class Door(APIRoute):
    """Counts, asks for the key, calls the endpoint, writes the answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = super().get_route_handler()

        async def through(request: Request) -> Response:
            limiter: Limiter = request.app.state.sandbox.limiter
            path = request.url.path
            cost = credits(request.method, path, request.query_params.get("include", ""))
            allowed, headers = limiter.spend(cost, sub_limit(request.method, path))
            try:
                if not allowed:
                    raise VendorError(429, {"message": "You have exceeded the limit of requests per minute"})
                await _enter(request)
                response = await endpoint(request)
            except VendorError as error:
                response = _error(error)
            response.headers.update(headers | VERSION)
            return response

        return through


async def _enter(request: Request) -> None:
    world: World = request.app.state.sandbox.world
    agent = caller(world, request.headers.get("authorization"))
    if "application/json" not in (accept := request.headers.get("accept", "*/*")) and "*/*" not in accept:
        raise VendorError(406)
    raw = await request.body()
    sent_as = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if raw and sent_as not in ("application/json", "multipart/form-data"):
        raise VendorError(415)
    url = str(request.url.replace(query=""))
    arrived = request.scope.get("sandbox.arrived")
    request.state.call = Call(world, agent, raw, dict(request.query_params), url, arrived)


def _error(error: VendorError) -> Response:
    headers = error.headers | {"X-Request-Id": str(uuid.uuid4())}
    if error.body is None:
        return Response(status_code=error.status, headers=headers)
    return Response(json.dumps(error.body), error.status, headers, "application/json")


def answer(result: Answer) -> Response:
    if result.body is None:
        return Response(status_code=result.status, headers=result.headers)
    content = json.dumps(result.body, ensure_ascii=False)
    return Response(content, result.status, result.headers, "application/json; charset=utf-8")


def ok(body: Any, headers: dict[str, str] | None = None) -> Response:
    return answer(Answer(200, body, headers or {}))


def created(body: dict[str, Any], location: str) -> Response:
    return answer(Answer(201, body, {"Location": location}))


def no_content() -> Response:
    return answer(Answer(204))


def page_of(call: Call, rows: list[Any], page: int, per_page: int) -> tuple[list[Any], dict[str, str]]:
    """One page, and the Link header unless it is the last."""
    begin = (page - 1) * per_page
    if begin + per_page >= len(rows):
        return rows[begin:], {}
    query = "&".join(f"{k}={v}" for k, v in call.query.items() if k not in ("page", "per_page"))
    url = f"{call.url}?{query + '&' if query else ''}page={page + 1}&per_page={per_page}"
    return rows[begin : begin + per_page], {"Link": f'<{url}>; rel="next"'}


def add_api(app: FastAPI, prefix: str, routers: Sequence[APIRouter]) -> None:
    """Includes `routers`, and behind them 405 with the right methods for a known path, an empty 404 for any other."""

    async def unknown(request: Request) -> Response:
        scope = dict(request.scope) | {"path": request.scope["path"].removeprefix(prefix), "root_path": ""}
        partial = (r for router in routers for r in router.routes if r.matches(scope)[0] is Match.PARTIAL)
        methods = {m for r in partial if isinstance(r, APIRoute) for m in r.methods or ()}
        if methods:
            raise wrong_method(request.method, sorted(methods))
        raise VendorError(404)

    for router in routers:
        app.include_router(router, prefix=prefix)
    rest = APIRouter(route_class=Door)
    rest.add_api_route(prefix + "/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    app.include_router(rest)
