"""The rest of /api/v2: agents/me, groups, email_configs, contacts, searches, ticket_fields and the automation rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from worker.sandbox import shapes
from worker.sandbox.door import Call, CallArg, Door, ok, page_of
from worker.sandbox.fields import VendorError, invalid, problem, read_page, read_query
from worker.sandbox.rules import RuleBook
from worker.sandbox.search import matches, parse

router = APIRouter(route_class=Door)


@router.get("/agents/me")
async def me(call: CallArg) -> Response:
    return ok(shapes.agent(call.agent))


@router.get("/agents")
async def agents(call: CallArg) -> Response:
    page, per_page = read_page(call.query)
    rows, headers = page_of(call, [shapes.agent(a) for a in call.world.agents.values()], page, per_page)
    return ok(rows, headers)


@router.get("/groups")
async def groups(call: CallArg) -> Response:
    read_query(call.query, {"page", "per_page"})
    page, per_page = read_page(call.query)
    rows, headers = page_of(call, [shapes.group(g) for g in call.world.groups.values()], page, per_page)
    return ok(rows, headers)


@router.get("/email_configs")
async def mailboxes(call: CallArg) -> Response:
    read_query(call.query, {"page", "per_page"})
    page, per_page = read_page(call.query)
    rows, headers = page_of(call, [shapes.mailbox(m) for m in call.world.mailboxes.values()], page, per_page)
    return ok(rows, headers)


@router.get("/ticket_fields")
async def ticket_fields(call: CallArg) -> Response:
    return ok(shapes.ticket_fields(call.world))


@router.get("/contacts/{contact_id:int}")
async def contact(contact_id: int, call: CallArg) -> Response:
    found = call.world.contacts.get(contact_id)
    if found is None:
        raise VendorError(404)
    return ok(shapes.contact(found))


@router.get("/contacts")
async def contacts(call: CallArg) -> Response:
    """By e-mail an array of none or one."""
    read_query(call.query, {"email", "phone", "mobile", "company_id", "state", "updated_since", "page", "per_page"})
    page, per_page = read_page(call.query)
    with call.world.lock:
        if "email" in call.query:
            one = call.world.contact_by_email(call.query["email"])
            found = [one] if one else []
        else:
            found = [c for c in call.world.contacts.values() if not c.deleted]
        for name in ("phone", "mobile"):
            if name in call.query:
                found = [c for c in found if getattr(c, name) == call.query[name]]
        rows, headers = page_of(call, [shapes.contact(c) for c in found], page, per_page)
    return ok(rows, headers)


@router.get("/search/tickets")
async def search_tickets(call: CallArg) -> Response:
    """Spam and deleted ones never; new ones only after the index lag."""
    with call.world.lock:
        border = call.world.now() - timedelta(seconds=call.world.index_lag)
        tickets = [t for t in call.world.tickets.values() if t.updated_at <= border and not t.spam and not t.deleted]
        rows = [shapes.ticket_row(t) for t in sorted(tickets, key=lambda t: t.id, reverse=True)]
    renamed = [r | {"agent_id": r["responder_id"], "tag": r["tags"]} | r["custom_fields"] for r in rows]
    return _search(call, renamed, rows)


@router.get("/search/contacts")
async def search_contacts(call: CallArg) -> Response:
    with call.world.lock:
        border = call.world.now() - timedelta(seconds=call.world.index_lag)
        found = [c for c in call.world.contacts.values() if c.updated_at <= border and not c.deleted]
        rows = [shapes.contact(c) for c in found]
    return _search(call, rows, rows)


def _search(call: Call, searched: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Response:
    """30 a page, at most 10 pages, the query at most 512 characters and in double quotes."""
    read_query(call.query, {"query", "page"})
    page, _ = read_page(call.query)
    if page > 10:
        raise invalid(problem("page", "It should be a Positive Integer less than or equal to 10", "invalid_value"))
    wanted = parse(call.query.get("query", ""))
    hits = [row for seen, row in zip(searched, rows, strict=True) if matches(wanted, seen)]
    return ok({"total": len(hits), "results": hits[(page - 1) * 30 : page * 30]})


@router.get("/automations/{kind:int}/rules")
async def rules(kind: int, call: CallArg, request: Request) -> Response:
    if kind not in (1, 3, 4):
        raise VendorError(404)
    book: RuleBook = request.app.state.sandbox.rules
    return ok(book.as_api(kind))
