"""/api/v2/tickets/{id}/conversations, reply, notes, and /api/v2/conversations/{id} (notes only).

A reply takes no `private`: sending it is a 400, as at the vendor. Replies cannot be edited or deleted.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from worker.sandbox import acts, shapes
from worker.sandbox import fields as f
from worker.sandbox.door import Call, CallArg, Door, created, no_content, ok, page_of
from worker.sandbox.fields import VendorError, invalid, problem, read_body, read_page, read_query, wrong_method
from worker.sandbox.nouns import NOTE, Conversation
from worker.sandbox.tickets_api import visible, writable

router = APIRouter(route_class=Door)
_REPLY = {
    **{"body": f.TEXT, "structured_body": f.OBJECT, "from_email": f.TEXT, "user_id": f.INTEGER},
    **{"cc_emails": f.STRINGS, "bcc_emails": f.STRINGS},
}
_NOTE = {
    **{"body": f.TEXT, "structured_body": f.OBJECT, "private": f.BOOLEAN, "incoming": f.BOOLEAN},
    **{"notify_emails": f.STRINGS, "user_id": f.INTEGER},
}


@router.get("/tickets/{ticket_id:int}/conversations")
async def listing(ticket_id: int, call: CallArg) -> Response:
    read_query(call.query, {"page", "per_page"})
    page, per_page = read_page(call.query)
    with call.world.lock:
        said, headers = page_of(call, visible(call.world, ticket_id).conversations, page, per_page)
        rows = [shapes.conversation(c) for c in said]
    return ok(rows, headers)


@router.post("/tickets/{ticket_id:int}/reply")
async def reply(ticket_id: int, call: CallArg) -> Response:
    with call.world.lock:
        writable(call.world, ticket_id, "POST")
        body = read_body(call.raw, _REPLY, required=("body",))
        _not_blank(body["body"])
        sender = _from(call, body.get("from_email"))
        author = _author(call, body.get("user_id"))
        cc, bcc = body.get("cc_emails", []), body.get("bcc_emails", [])
        said = acts.reply(
            call.world, ticket_id, body["body"], author, from_email=sender, cc_emails=cc, bcc_emails=bcc,
            arrived=call.arrived,
        )  # fmt: skip
        return created(shapes.replied(said), call.url)


@router.post("/tickets/{ticket_id:int}/notes")
async def note(ticket_id: int, call: CallArg) -> Response:
    with call.world.lock:
        writable(call.world, ticket_id, "POST")
        body = read_body(call.raw, _NOTE, required=("body",))
        _not_blank(body["body"])
        author = _author(call, body.get("user_id"))
        private, incoming = body.get("private", True), body.get("incoming", False)
        said = acts.note(call.world, ticket_id, body["body"], author, private=private, incoming=incoming)
        return created(shapes.noted(said), call.url)


@router.put("/conversations/{conversation_id:int}")
async def edit(conversation_id: int, call: CallArg) -> Response:
    with call.world.lock:
        said = _a_note(call, conversation_id, "PUT")
        body = read_body(call.raw, {"body": f.TEXT}, required=("body",))
        _not_blank(body["body"])
        return ok(shapes.noted(acts.edit_note(call.world, said, body["body"], call.agent.id)))


@router.delete("/conversations/{conversation_id:int}")
async def delete(conversation_id: int, call: CallArg) -> Response:
    with call.world.lock:
        acts.delete_note(call.world, _a_note(call, conversation_id, "DELETE"), call.agent.id)
    return no_content()


def _a_note(call: Call, conversation_id: int, method: str) -> Conversation:
    said = call.world.conversations.get(conversation_id)
    if said is None:
        raise VendorError(404)
    writable(call.world, said.ticket_id, method)
    if said.source != NOTE:
        raise wrong_method(method, [])
    return said


def _author(call: Call, user_id: int | None) -> int:
    if user_id is None:
        return call.agent.id
    if user_id not in call.world.agents:
        raise invalid(problem("user_id", "There is no agent matching the given user_id", "invalid_value"))
    return user_id


def _from(call: Call, address: str | None) -> str:
    """The account's first mailbox where none is named, whichever the ticket came to."""
    if address is None:
        return next(m.address for m in call.world.mailboxes.values() if m.primary)
    mailbox = call.world.mailbox_by_address(address)
    if mailbox is None:
        raise invalid(problem("from_email", "There is no support email matching the given from_email", "invalid_value"))
    return mailbox.address


def _not_blank(body: str) -> None:
    if not body.strip():
        raise invalid(problem("body", "It should not be blank", "invalid_value"))
