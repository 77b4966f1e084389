"""/api/v2/tickets: view, list, change, merge, delete and restore.

Writes to a spam or deleted ticket answer 405. `group_id` and `responder_id` must exist; the account's form rules may
refuse a closure with missing_field.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response

from worker.sandbox import acts, shapes
from worker.sandbox import fields as f
from worker.sandbox.door import Call, CallArg, Door, no_content, ok, page_of
from worker.sandbox.fields import VendorError, invalid, problem, read_body, read_page, read_query, refused, wrong_method
from worker.sandbox.nouns import CLOSED, PRIORITIES, RESOLVED, STATUSES, Ticket
from worker.sandbox.world import World

router = APIRouter(route_class=Door)
TYPES = ["Question", "Incident", "Problem", "Feature Request", "Refund"]
_INTEGERS = (
    "status priority source group_id responder_id requester_id email_config_id product_id company_id parent_id "
    "internal_group_id internal_agent_id"
)
_UPDATE = (
    dict.fromkeys(_INTEGERS.split(), f.INTEGER)
    | dict.fromkeys("type subject description email phone name".split(), f.TEXT)
    | {"tags": f.STRINGS, "custom_fields": f.OBJECT, "due_by": f.DATE, "fr_due_by": f.DATE}
)
_NULLABLE = ("group_id", "responder_id", "type", "company_id", "product_id", "email_config_id")
_KEPT = set("status priority type group_id responder_id tags custom_fields subject requester_id company_id".split())
_LIST = set(
    "requester_id email company_id updated_since filter order_by order_type include page per_page".split(),
)


def visible(world: World, ticket_id: int) -> Ticket:
    """404 if there is none, 403 in the trash (seen live)."""
    ticket = world.tickets.get(ticket_id)
    if ticket is None:
        raise VendorError(404)
    if ticket.deleted:
        raise refused(403, "access_denied", "You are not authorized to perform this action.")
    return ticket


def writable(world: World, ticket_id: int, method: str) -> Ticket:
    """405 for spam and deleted tickets: permanent, whatever the method."""
    ticket = world.tickets.get(ticket_id)
    if ticket is None:
        raise VendorError(404)
    if ticket.spam or ticket.deleted:
        raise wrong_method(method, ["GET"])
    return ticket


@router.get("/tickets/{ticket_id:int}")
async def view(ticket_id: int, call: CallArg) -> Response:
    read_query(call.query, {"include"})
    asked = call.includes({"conversations", "requester", "company", "stats"})
    with call.world.lock:
        ticket = visible(call.world, ticket_id)
        body = shapes.ticket_full(ticket)
        if "conversations" in asked:
            body["conversations"] = [shapes.conversation(c) for c in ticket.conversations[:10]]
        if "requester" in asked:
            body["requester"] = shapes.requester(call.world, ticket)
        if "company" in asked:
            body["company"] = {}
        if "stats" in asked:
            body["stats"] = shapes.stats(ticket)
    return ok(body)


@router.get("/tickets")
async def listing(call: CallArg) -> Response:
    read_query(call.query, _LIST)
    page, per_page = read_page(call.query)
    if page > 300:
        message = "You cannot access tickets beyond the 300th page. Please provide a smaller page number."
        raise invalid(problem("page", message, "invalid_value"))
    asked = call.includes({"requester", "stats", "description", "company"})
    with call.world.lock:
        tickets = _sorted(_chosen(call), call.query)
        page_rows, headers = page_of(call, tickets, page, per_page)
        rows = [_row(call.world, t, asked) for t in page_rows]
    return ok(rows, headers)


def _row(world: World, ticket: Ticket, asked: list[str]) -> dict[str, Any]:
    row = shapes.ticket_row(ticket)
    if "description" in asked:
        row |= shapes.description(ticket)
    if "requester" in asked:
        row["requester"] = shapes.requester(world, ticket)
    if "stats" in asked:
        row["stats"] = shapes.stats(ticket)
    return row


def _chosen(call: Call) -> list[Ticket]:
    """What the filters leave. Without updated_since only tickets created in the last 30 days."""
    world, query = call.world, call.query
    tickets = list(world.tickets.values())
    if "requester_id" in query or "email" in query:
        person = world.contact_by_email(query["email"]) if "email" in query else None
        wanted = person.id if person else _whole(query, "requester_id") if "requester_id" in query else -1
        tickets = world.tickets_of(wanted)
    if "company_id" in query:
        company = _whole(query, "company_id")
        tickets = [t for t in tickets if t.company_id == company]
    which = query.get("filter")
    if which not in (None, "new_and_my_open", "watching", "spam", "deleted"):
        raise invalid(
            problem(
                "filter", "It should be one of these values: 'new_and_my_open,watching,spam,deleted'", "invalid_value"
            )
        )
    if which in ("spam", "deleted"):
        tickets = [t for t in tickets if (t.spam if which == "spam" else t.deleted)]
    else:
        tickets = [t for t in tickets if not t.spam and not t.deleted]
    if which == "new_and_my_open":
        tickets = [t for t in tickets if t.status == 2 and t.responder_id in (None, call.agent.id)]
    if "updated_since" in query:
        since = _moment(query["updated_since"])
        return [t for t in tickets if t.updated_at.replace(microsecond=0) >= since]
    border = world.now() - timedelta(days=30)
    return [t for t in tickets if t.created_at >= border]


def _sorted(tickets: list[Ticket], query: dict[str, str]) -> list[Ticket]:
    by, kind = query.get("order_by", "created_at"), query.get("order_type", "desc")
    if by not in ("created_at", "due_by", "updated_at", "status"):
        raise invalid(
            problem(
                "order_by", "It should be one of these values: 'due_by,created_at,updated_at,status'", "invalid_value"
            )
        )
    if kind not in ("asc", "desc"):
        raise invalid(problem("order_type", "It should be one of these values: 'asc,desc'", "invalid_value"))
    return sorted(tickets, key=lambda t: (getattr(t, by) or t.created_at, t.id), reverse=kind == "desc")


def _whole(query: dict[str, str], name: str) -> int:
    if not query[name].isascii() or not query[name].isdigit():
        raise invalid(problem(name, "It should be a/an Positive Integer", "datatype_mismatch"))
    return int(query[name])


def _moment(given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given.replace(" ", "+"))  # an unescaped + of the offset arrives as a blank
    except ValueError:
        raise invalid(
            problem("updated_since", "It should be in the 'combined date and time ISO8601' format", "invalid_date")
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@router.put("/tickets/merge")
async def merge(call: CallArg) -> Response:
    allowed = {"primary_id": f.INTEGER, "ticket_ids": f.ANY, "convert_recepients_to_cc": f.ANY}
    allowed |= {"note_in_primary": f.OBJECT, "note_in_secondary": f.OBJECT}
    body = read_body(call.raw, allowed, required=("primary_id", "ticket_ids"))
    with call.world.lock:
        for ticket_id in (body["primary_id"], *body["ticket_ids"]):
            writable(call.world, ticket_id, "PUT")
        notes = tuple(str(body.get(k, {}).get("body", "")) for k in ("note_in_primary", "note_in_secondary"))
        acts.merge(call.world, body["primary_id"], body["ticket_ids"], call.agent.id, (notes[0], notes[1]))
    return no_content()


@router.put("/tickets/{ticket_id:int}")
async def update(ticket_id: int, call: CallArg) -> Response:
    with call.world.lock:
        ticket = writable(call.world, ticket_id, "PUT")
        body = read_body(call.raw, _UPDATE, nullable=_NULLABLE)
        if not body:
            raise invalid(problem("request", "The request body is empty", "missing_field"))
        _check(call.world, ticket, body)
        fields = {k: v for k, v in body.items() if k in _KEPT}
        if "email" in body:
            person = call.world.add_contact(str(body.get("name") or body["email"]), body["email"])
            fields["requester_id"] = person.id
        if "description" in body:
            acts.describe(call.world, ticket_id, body["description"])
        return ok(shapes.ticket_full(acts.change(call.world, ticket_id, fields, call.agent.id)))


def _check(world: World, ticket: Ticket, body: dict[str, Any]) -> None:
    """Values that must exist, and what the account's form demands."""
    problems = []
    listed: dict[str, list[Any]] = {"status": [*STATUSES], "priority": [*PRIORITIES], "type": [*TYPES, None]}
    for name, values in listed.items():
        if name in body and body[name] not in values:
            one_of = ",".join(str(v) for v in values if v is not None)
            problems.append(problem(name, f"It should be one of these values: '{one_of}'", "invalid_value"))
    for name, there in (("group_id", set(world.groups)), ("responder_id", set(world.agents))):
        if body.get(name) is not None and body[name] not in there:
            text = f"There is no {name.removesuffix('_id')} matching the given {name}"
            problems.append(problem(name, text, "invalid_value"))
    if "requester_id" in body and world.person(body["requester_id"]) is None:
        problems.append(problem("requester_id", "There is no contact matching the given requester_id", "invalid_value"))
    custom = {**ticket.custom_fields, **body.get("custom_fields", {})}
    known = {"cf_customer_id", *world.required_for_closure, *ticket.custom_fields}
    problems += [problem(k, "Unexpected/invalid field in request", "invalid_field") for k in custom if k not in known]
    if body.get("status") in (RESOLVED, CLOSED):
        problems += [
            problem(name, "It should not be blank as this is a mandatory field", "missing_field")
            for name in sorted(world.required_for_closure)
            if not custom.get(name)
        ]
    if problems:
        raise invalid(*problems)


@router.delete("/tickets/{ticket_id:int}")
async def delete(ticket_id: int, call: CallArg) -> Response:
    with call.world.lock:
        writable(call.world, ticket_id, "DELETE")
        acts.change(call.world, ticket_id, {"deleted": True}, call.agent.id)
    return no_content()


@router.put("/tickets/{ticket_id:int}/restore")
async def restore(ticket_id: int, call: CallArg) -> Response:
    with call.world.lock:
        ticket = call.world.tickets.get(ticket_id)
        if ticket is None or not ticket.deleted:
            raise VendorError(404)
        acts.change(call.world, ticket_id, {"deleted": False}, call.agent.id)
    return no_content()
