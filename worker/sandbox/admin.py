"""/sandbox: what tests, fault runs and people use to make things happen and to see what happened. No vendor has it.

POSTs are taken only from loopback names, so that a page in somebody's browser cannot reach them under another name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from worker.sandbox import acts
from worker.sandbox.faults import Fault
from worker.sandbox.local import only_local
from worker.sandbox.parts import Parts
from worker.sandbox.rules import Rule
from worker.sandbox.samples import HUMAN, Sample, put, read_samples
from worker.sandbox.temper import Temper

router = APIRouter(prefix="/sandbox", dependencies=[Depends(only_local)])


async def parts(request: Request) -> Parts:  # a plain function would be handed to a thread
    found: Parts = request.app.state.sandbox
    return found


PartsArg = Annotated[Parts, Depends(parts)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Writing(Asked):
    by: Literal["customer", "agent", "bot", "survey"] = "customer"  # survey: the customer, in the form after it
    html: str = Field(min_length=1)
    private: bool = False


class Loading(Asked):
    stagger: float = Field(default=0.0, ge=0)  # seconds between two tickets
    delay: float = Field(default=0.0, ge=0)  # seconds before the first


class Change(Asked):
    """What somebody at the helpdesk changes by hand."""

    status: int | None = None
    priority: int | None = None
    group_id: int | None = None
    responder_id: int | None = None
    tags: list[str] | None = None
    spam: bool | None = None
    deleted: bool | None = None
    custom_fields: dict[str, Any] | None = None


class Merging(Asked):
    into: int


class Settings(Asked):
    """Anything left out stays as it is."""

    allowance: int | None = None
    sub_limits: dict[str, int] | None = None
    others_per_minute: float | None = None
    burn: float | None = None
    decimals: bool | None = None
    say_retry_after: bool | None = None
    required_for_closure: list[str] | None = None
    index_lag: float | None = None
    reopen_when_customer_responds: bool | None = None
    assign_to_first_responder: bool | None = None
    names_the_bot: bool | None = None  # as author of its replies
    cascade: bool | None = None
    escape: bool | None = None
    webhooks_count: bool | None = None
    advance: float | None = None  # seconds, on the clock of webhook retries
    models: list[str] | None = None  # those that the local Groq still offers
    groq_seconds: float | None = None  # how long a completion takes
    groq_temper: Temper | None = None  # which harm its answers do from now on
    api_key: str | None = Field(default=None, repr=False)  # rotates the bot's key


@router.post("/faults", status_code=201)
async def add_fault(fault: Fault, here: PartsArg) -> dict[str, int]:
    return {"id": here.board.add(fault)}


@router.get("/faults")
async def list_faults(here: PartsArg) -> list[dict[str, Any]]:
    return here.board.listed()


@router.delete("/faults", status_code=204)
async def clear_faults(here: PartsArg, number: int | None = None) -> None:
    here.board.clear(number)


@router.post("/tickets", status_code=201)
async def write_ticket(sample: Sample, here: PartsArg) -> dict[str, int]:
    """A customer's mail arrives: {"requester": {"name","email"}, "subject", "html"}, the rest as in a sample."""
    return {"id": put(here.world, sample).id}


@router.post("/tickets/{ticket_id}/messages", status_code=201)
async def write_message(ticket_id: int, said: Writing, here: PartsArg) -> dict[str, int]:
    _known(here, ticket_id)
    if said.by == "customer":
        return {"id": acts.customer_writes(here.world, ticket_id, said.html).id}
    if said.by == "survey":
        return {"id": acts.customer_rates(here.world, ticket_id, said.html).id}
    act = acts.note if said.private else acts.reply
    return {"id": act(here.world, ticket_id, said.html, HUMAN if said.by == "agent" else 7).id}


@router.post("/tickets/{ticket_id}/changes")
async def change_ticket(ticket_id: int, wanted: Change, here: PartsArg) -> dict[str, int]:
    _known(here, ticket_id)
    acts.change(here.world, ticket_id, wanted.model_dump(exclude_unset=True), HUMAN)
    return {"id": ticket_id}


@router.post("/tickets/{ticket_id}/merge")
async def merge_ticket(ticket_id: int, wanted: Merging, here: PartsArg) -> dict[str, int]:
    for known in (ticket_id, wanted.into):
        _known(here, known)
    acts.merge(here.world, wanted.into, [ticket_id], HUMAN)
    return {"id": wanted.into}


@router.get("/tickets")
async def list_tickets(here: PartsArg) -> list[dict[str, Any]]:
    """Of each ticket its id, sample, status, tags, and how many public replies the bot sent."""
    with here.world.lock:
        return [
            {
                "id": t.id, "sample": t.sample, "subject": t.subject, "status": t.status, "priority": t.priority,
                "group_id": t.group_id, "responder_id": t.responder_id, "tags": t.tags, "spam": t.spam,
                "deleted": t.deleted,
                "bot_replies": sum(c.user_id == 7 and not c.private for c in t.conversations),
                "bot_notes": sum(c.user_id == 7 and c.private for c in t.conversations),
            }
            for t in here.world.tickets.values()
        ]  # fmt: skip


@router.post("/samples")
async def load_samples(here: PartsArg, wanted: Loading | None = None) -> dict[str, Any]:
    """Once per process. Answers how many there are and whether this call loaded them."""
    how = wanted or Loading()
    samples = read_samples()
    fresh = here.loader.load(samples, stagger=how.stagger, delay=how.delay)
    return {"total": len(samples), "loaded": here.loader.loaded, "fresh": fresh}


@router.get("/samples")
async def show_samples(here: PartsArg) -> dict[str, Any]:
    return {"total": here.loader.total, "loaded": here.loader.loaded}


@router.get("/journal")
async def journal(
    here: PartsArg, kind: str | None = None, ticket_id: int | None = None, after: int = 0
) -> list[dict[str, Any]]:
    return here.journal.read(kind=kind, ticket_id=ticket_id, after=after)


@router.get("/rules")
async def list_rules(here: PartsArg) -> list[Rule]:
    return here.rules.rules


@router.put("/rules")
async def replace_rules(rules: list[Rule], here: PartsArg) -> dict[str, int]:
    here.rules.rules = rules
    return {"rules": len(rules)}


@router.get("/state")
async def state(here: PartsArg) -> dict[str, Any]:
    """Counters for tests: credits ever spent, webhooks under way, model calls."""
    return {
        "tickets": len(here.world.tickets),
        "credits": here.limiter.spent_ever,
        "webhooks_waiting": here.sender.waiting(),
        "completions": here.groq.completions,
    }


@router.post("/settings")
async def settings(wanted: Settings, here: PartsArg) -> dict[str, str]:
    given = wanted.model_dump(exclude_none=True)
    plain = {
        "others_per_minute": here.limiter, "decimals": here.limiter, "say_retry_after": here.limiter,
        "index_lag": here.world, "names_the_bot": here.world,
        "reopen_when_customer_responds": here.world, "assign_to_first_responder": here.world, "cascade": here.rules,
        "escape": here.rules,
    }  # fmt: skip
    for name, owner in plain.items():
        if name in given:
            setattr(owner, name, given[name])
    if wanted.allowance is not None:
        here.limiter.allowance.total = wanted.allowance
    here.limiter.allowance.kinds.update(wanted.sub_limits or {})
    here.limiter.burn(wanted.burn or 0)
    if wanted.required_for_closure is not None:
        here.world.required_for_closure = set(wanted.required_for_closure)
    if wanted.webhooks_count is not None:
        here.sender.counts_against_allowance = wanted.webhooks_count
    if wanted.models is not None:
        here.groq.models = wanted.models
    if wanted.groq_seconds is not None:
        here.groq.seconds = wanted.groq_seconds
    if wanted.groq_temper is not None:
        here.groq.temper = wanted.groq_temper
    if wanted.api_key:
        here.world.agents[7].api_key = wanted.api_key
    here.sender.advance(wanted.advance or 0)
    return {"changed": ", ".join(given)}


def _known(here: Parts, ticket_id: int) -> None:
    if ticket_id not in here.world.tickets:
        raise HTTPException(404, "no such ticket")
