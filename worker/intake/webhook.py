"""POST /webhooks/freshdesk: check the secret, commit a doorbell, answer 202. Nothing in the body is trusted.

Freshdesk signs nothing, sends ids as numbers or as strings, as JSON, XML (encodings.py) or a form, and with careless
rule templates text that is none of them. All of it is kept raw; what matters, the ticket's id, is dug out, and
everything else is read from the API.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from fastapi import APIRouter, BackgroundTasks, Request, Response
from starlette.concurrency import run_in_threadpool

from worker import metrics
from worker.crashpoints import crash_point
from worker.errors import Trouble
from worker.intake.encodings import from_form, from_xml
from worker.models import Ring
from worker.ports import Doorbells, Enqueue

log = structlog.get_logger(__name__)

MAX_BYTES = 256 * 1024
_TICKET_KEYS = ("ticket_id", "ticketid", "ticket.id")
_LINK_KEYS = ("ticket_url", "ticketurl", "ticket.url", "ticket_portal_url", "ticket.portal_url")
_BARE_LINK_KEYS = ("url", "portal_url")
_TICKET_LINK = re.compile(r"\s*(?:https?://)?[^\s/?#]+(?:/[\w-]+)*/tickets/(\d{1,15})(?:[/?#]\S*)?\s*", re.ASCII | re.I)
_ID_IN_TEXT = re.compile(rb"""["']?ticket[_. ]?id["']?\s*[:=]\s*["']?(?:\[?#)?(\d{1,15})(?!\d)""", re.I)
_ID_IN_URL = re.compile(rb"/tickets/(\d{1,15})\b")


def make_router(doorbells: Doorbells, secrets: tuple[str, ...], enqueue: Enqueue) -> APIRouter:
    """The webhook's route. `secrets`: all that are valid now; `enqueue`: a hint, off the request path."""
    router = APIRouter()

    @router.post("/webhooks/freshdesk")
    async def freshdesk(request: Request, background: BackgroundTasks) -> Response:
        # The secret first: a stranger must not be able to make us read or store anything.
        if not authorised(request.headers, request.query_params, secrets):
            return _said(401, "wrong or missing secret")
        raw = await _body(request.stream, request.headers.get("content-length", ""))
        if raw is None:
            return _said(413, f"larger than {MAX_BYTES} bytes")
        ticket_id = ticket_id_in(raw)
        crash_point("webhook.received")
        try:
            doorbell_id = await run_in_threadpool(doorbells.ring, Ring.WEBHOOK, ticket_id, raw=raw)
        except Trouble as trouble:
            log.error("doorbell_not_committed", reason=trouble.reason)
            return _said(503, "not stored; please send it again")
        crash_point("webhook.rung")
        if ticket_id is None:
            log.warning("doorbell_unreadable", doorbell_id=doorbell_id, size=len(raw))
        else:
            background.add_task(enqueue, "draft", doorbell_id)
        return _said(202, "accepted")

    return router


def authorised(headers: Mapping[str, str], query: Mapping[str, str], secrets: tuple[str, ...]) -> bool:
    """Constant-time comparison of every place a secret may stand in with every secret that is valid."""
    offered = [headers.get("x-webhook-secret", ""), query.get("token", ""), _basic_password(headers)]
    good = False
    for candidate in offered:
        for secret in secrets:
            # No early exit: the time taken must not tell which secret was nearly right.
            good |= bool(candidate) and hmac.compare_digest(candidate.encode(), secret.encode())
    return good


def _basic_password(headers: Mapping[str, str]) -> str:
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


async def _body(stream: Callable[[], Any], declared: str) -> bytes | None:
    """The body, or None as soon as it is known to be too large."""
    if declared.isdigit() and int(declared) > MAX_BYTES:
        return None
    received = bytearray()
    async for chunk in stream():
        received += chunk
        if len(received) > MAX_BYTES:
            return None
    return bytes(received)


def ticket_id_in(raw: bytes) -> int | None:
    """The ticket's id in any shape that Freshdesk's rules produce; None if there is none to be found. Never raises."""
    found = _from_objects(_read(raw))
    if found is not None:
        return found
    match = _ID_IN_TEXT.search(raw) or _ID_IN_URL.search(raw)
    return _positive(match.group(1).decode()) if match else None


def _read(raw: bytes) -> Any:
    """The body's objects, in whichever of Freshdesk's encodings it came; None for what is none of them."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return from_xml(raw) or from_form(raw)


def _from_objects(value: Any) -> int | None:
    """A key that speaks of the ticket, however deep, or a link to it beats a bare `id`, which may be anybody's."""
    objects = list(_objects(value, 0))
    for key in _TICKET_KEYS:
        for named in objects:
            if key in named and (found := _positive(named[key])) is not None:
                return found
    for named in objects:
        ticket = named.get("ticket")
        if isinstance(ticket, dict) and (found := _positive(ticket.get("id"))) is not None:
            return found
    return (_linked(objects) or _positive(objects[0].get("id"))) if objects else None


def _linked(objects: list[dict[str, Any]]) -> int | None:
    """From the ticket's own link. Only a value that is nothing but such a link counts, and a bare `url` only beside the
    bare `id`: words that customers write hold links to other tickets."""
    links = [named.get(key) for key in _LINK_KEYS for named in objects]
    links += [objects[0].get(key) for key in _BARE_LINK_KEYS]
    found = (_TICKET_LINK.fullmatch(link) for link in links if isinstance(link, str))
    return next((number for match in found if match and (number := _positive(match.group(1)))), None)


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The object and those in it, three levels down, keys in small letters."""
    if isinstance(value, dict) and depth <= 3:
        yield {str(key).lower(): inner for key, inner in value.items()}
        for inner in value.values():
            yield from _objects(inner, depth + 1)


def _positive(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    match = re.fullmatch(r"\s*\[?#?(\d{1,15})\]?\s*", str(value), re.ASCII)
    return int(match.group(1)) or None if match else None


def _said(status: int, text: str) -> Response:
    metrics.WEBHOOKS.labels(str(status)).inc()
    return Response(json.dumps({"detail": text}), status_code=status, media_type="application/json")
