"""A small look at the sandbox in a browser: tickets, one ticket's conversation, a form to write as a customer.

Server-rendered; message HTML is shown as text. Says on every page that no language model is here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from worker.sandbox import acts
from worker.sandbox.local import only_local
from worker.sandbox.nouns import BOT_ID, PRIORITIES, STATUSES, Ticket
from worker.sandbox.parts import Parts
from worker.sandbox.samples import SAMPLES, Requester, Sample, put, read_customers, read_samples
from worker.sandbox.sanitiser import from_text

HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# With "no-referrer" a browser sends the forms of these very pages without their origin, and local.py refuses them.
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_SHOWN = 200

router = APIRouter(dependencies=[Depends(only_local)], include_in_schema=False)
_templates = Environment(
    loader=FileSystemLoader(HERE), trim_blocks=True, undefined=StrictUndefined, autoescape=select_autoescape()
)


def add_to(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(router)


def _page(name: str, status: int = 200, **values: Any) -> Response:
    content = _templates.get_template(name).render(**values)
    return Response(content, status, _HEADERS | {"Cache-Control": "no-store"}, "text/html; charset=utf-8")


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.sandbox
    return found


PartsArg = Annotated[Parts, Depends(_parts)]


@router.get("/")
async def tickets(here: PartsArg) -> Response:
    with here.world.lock:
        newest = sorted(here.world.tickets.values(), key=lambda t: (t.updated_at, t.id), reverse=True)
        rows = [_row(here, t) for t in newest[:_SHOWN]]
        total = len(newest)
    return _page("list.html", rows=rows, total=total, samples_loaded=here.loader.total > 0)


@router.get("/tickets/{ticket_id:int}")
async def ticket(ticket_id: int, here: PartsArg) -> Response:
    with here.world.lock:
        found = here.world.tickets.get(ticket_id)
        if found is None:
            return _page("missing.html", 404)
        person = here.world.person(found.requester_id)
        row, entries = _row(here, found), _entries(here, found)
    return _page("ticket.html", row=row, entries=entries, person=person)


@router.get("/a/tickets/{ticket_id:int}")
async def agents_page(ticket_id: int) -> Response:
    """Where a ticket stands in a Freshdesk account: the console links there."""
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303)


@router.get("/new")
async def new() -> Response:
    return _form()


def _form(status: int = 200, trouble: str = "", **typed: str) -> Response:
    """The form, with what was typed into it and why it was not taken."""
    blank = dict.fromkeys(("known", "name", "email", "subject", "text"), "")
    people = sorted((who.name, email) for email, who in _people().items())
    return _page("new.html", status, people=people, trouble=trouble, typed=blank | typed)


@router.post("/tickets")
async def write(
    here: PartsArg,
    subject: Annotated[str, Form(max_length=255)] = "",
    text: Annotated[str, Form(max_length=50000)] = "",
    known: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=120)] = "",
    email: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    who = _requester(known, name, email)
    if who is None or not text.strip():
        trouble = "Write a message." if who else "Choose a customer, or give the stranger's e-mail address."
        return _form(400, trouble, known=known, name=name, email=email, subject=subject, text=text)
    made = put(here.world, Sample(requester=who, subject=subject.strip() or "(no subject)", html=from_text(text)))
    return RedirectResponse(f"/tickets/{made.id}", status_code=303)


@router.post("/tickets/{ticket_id:int}/messages")
async def answer(ticket_id: int, here: PartsArg, text: Annotated[str, Form(max_length=50000)]) -> Response:
    if ticket_id not in here.world.tickets:
        raise HTTPException(404, "no such ticket")
    if text.strip():
        acts.customer_writes(here.world, ticket_id, from_text(text))
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303)


@router.post("/samples")
async def samples(here: PartsArg) -> Response:
    here.loader.load(read_samples(), stagger=0.05)
    return RedirectResponse("/", status_code=303)


def _requester(known: str, name: str, email: str) -> Requester | None:
    """The sample customer with that address as a whole, so that phone and other addresses come along."""
    if known:
        return _people().get(known)
    address = email.strip()
    return Requester(name=name.strip() or address, email=address) if "@" in address else None


def _people() -> dict[str, Requester]:
    """Everybody of the sample customers and of the sample tickets, by address."""
    writers = read_samples() if SAMPLES.exists() else []
    return read_customers() | {s.requester.email: s.requester for s in writers}


def _row(here: Parts, one: Ticket) -> dict[str, Any]:
    person = here.world.person(one.requester_id)
    group = here.world.groups.get(one.group_id or -1)
    state = "Deleted" if one.deleted else "Spam" if one.spam else STATUSES.get(one.status, str(one.status))
    return {
        "id": one.id,
        "subject": one.subject or "(no subject)",
        "state": state,
        "priority": PRIORITIES[one.priority],
        "group": group.name if group else "",
        "tags": list(one.tags),
        "from": person.name or person.email if person else "somebody",
        "last": _last(here, one),
        "at": one.updated_at,
    }


def _last(here: Parts, one: Ticket) -> str:
    if not one.conversations:
        return "the customer wrote"
    said = one.conversations[-1]
    if said.incoming:
        return "the customer wrote again"
    what = "left a private note" if said.private else "replied"
    return f"{_who(here, said.user_id)} {what}"


def _who(here: Parts, user_id: int | None) -> str:
    person = here.world.person(user_id)
    return (person.name or person.email) if person else "somebody"


def _entries(here: Parts, one: Ticket) -> list[dict[str, Any]]:
    first = {
        "kind": "customer", "label": "Customer", "who": _who(here, one.requester_id), "at": one.created_at,
        "text": one.description_text,
    }  # fmt: skip
    return [first] + [
        {
            "kind": "customer" if c.incoming else "note" if c.private else "reply",
            "label": "Customer" if c.incoming else "Private note" if c.private else "Public reply",
            "who": _who(here, c.user_id) + (" (bot)" if c.user_id == BOT_ID else ""),
            "at": c.created_at,
            "text": c.body_text,
        }
        for c in one.conversations
    ]
