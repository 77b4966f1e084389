"""What `scripts/forget.py` says: whom it found, what goes (or would go), and the proof that nothing is left.

Neither addresses nor names nor texts are printed: what this prints is kept as evidence, and must not keep them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from worker.adapters.store.forget import Forgotten, StillAtWork
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.leftovers import Hit
from worker.models import Status

SHOWN = 20  # rows that are named; of more only the number
_NOBODY = (
    "Is it spelt right, and is that the ledger of the service? An address or customer that was forgotten before is not"
    " known any more; the requester's id is."
)


_BLIND = (
    "NOT proven: nothing was left to look for by, neither address nor words. If other people's mails or drafts quote an"
    " address of theirs, only --email finds that: run this again with each address."
)


def kept_back(url: str, done: Forgotten) -> list[str]:
    """Why other people's cases keep what is left in them, a sentence for each, by the ledger at `url`. Trouble."""
    found = []
    with closing(open_ledger(url)) as ledger:
        for case_id in sorted({hit.case_id for hit in done.left if hit.case_id and not hit.own}):
            if (case := ledger.cases.get(case_id)) is None:
                continue
            if case.status is Status.HELD:
                why = "its case is held, and keeps what a lead was shown: decide on it"
            else:
                why = "its case, or a reply to it, is on its way: wait for that to end, mostly a minute"
            found.append(f"ticket {case.ticket_id}, case {case_id}: {why}, then run this again with --email")
    return found


def masked(email: str) -> str:
    """Enough for somebody who knows the address: "a…a@e…e.com"."""
    name, _, host = email.partition("@")
    return f"{_ends(name)}@{_ends(host.rpartition('.')[0])}.{host.rpartition('.')[2]}"


def _ends(word: str) -> str:
    return f"{word[:1]}…{word[-1:]}"


def as_json(done: Forgotten, kept: list[str]) -> dict[str, Any]:
    """Shapes for programs; `complete`: nothing is left anywhere, of somebody who was there. `kept`: what kept_back
    said."""
    person = done.person
    return {
        "ledger": done.ledger,
        "known": not unknown(done),
        "really": done.really,
        "requester_ids": sorted(person.requester_ids),
        "customer_ids": sorted(person.customer_ids),
        "addresses": sorted(masked(email) for email in person.emails),
        "cases": len(person.case_ids),
        "tickets": person.ticket_ids,
        "changed": dict(sorted(done.changed.items())),
        "searched": done.searched,
        "left": [str(hit) for hit in done.left],
        "kept_back": kept,
        "others": [str(hit) for hit in done.others],
        "in_file": done.in_file,
        "rewritten": done.rewritten or "yes",
        "complete": complete(done),
    }


def complete(done: Forgotten) -> bool:
    """Done, and proven."""
    return done.really and not (unknown(done) or _unproven(done) or _blind(done))


def unknown(done: Forgotten) -> bool:
    """Nothing in the ledger is about what was given: it may be misspelt, and must not pass for forgotten."""
    return not (done.person.known or done.changed or done.left or done.others)


def exit_code(done: Forgotten) -> int:
    """As scripts/forget.py documents them."""
    if done.really and (_unproven(done) or _blind(done)):
        return 1
    return 4 if unknown(done) else 0


def _unproven(done: Forgotten) -> bool:
    return bool(done.left or done.in_file or done.rewritten)


def _blind(done: Forgotten) -> bool:
    """Known by an id only: a search for nothing finds nothing, and proves nothing."""
    return not (done.searched or unknown(done))


def as_text(done: Forgotten, kept: list[str]) -> str:
    """For people. `kept`: what kept_back said."""
    return "\n".join((*_found(done), "", *_changes(done), "", *_verdict(done, kept)))


def refusal(found: StillAtWork) -> str:
    """Why nothing was done, and what to do first."""
    lines = [
        f"  ticket {one.ticket_id}{f', case {one.case_id}' if one.case_id else ''}: {one.what}" for one in found.found
    ]
    return "\n".join(
        [
            "Nothing has been changed: this person is still being answered.",
            *_first(lines),
            "Held drafts wait for a lead: approve, reject or take them over in the console. All else ends by itself,"
            " mostly within a minute; then run this again.",
        ]
    )


def _found(done: Forgotten) -> Iterator[str]:
    person = done.person
    yield f"Ledger          {done.ledger}"
    if not person.known:
        yield "The ledger knows nobody by that."
    yield f"Requester ids   {_listed(sorted(person.requester_ids))}"
    yield f"Addresses       {_listed(sorted(masked(email) for email in person.emails))}"
    yield f"Customers       {_listed(sorted(person.customer_ids))}"
    yield f"Cases           {len(person.case_ids)}"
    yield f"Tickets         {_listed(person.ticket_ids)}"


def _listed(items: list[Any]) -> str:
    return ", ".join(map(str, items[:SHOWN])) + (" …" if len(items) > SHOWN else "") if items else "none"


def _changes(done: Forgotten) -> Iterator[str]:
    yield "Emptied or deleted, in rows:" if done.really else "Would be emptied or deleted, in rows:"
    if not done.changed:
        yield "  nothing: there is nothing left to delete"
    for what, rows in sorted(done.changed.items()):
        yield f"  {what:<36} {rows}"


def _verdict(done: Forgotten, kept: list[str]) -> Iterator[str]:
    said = f"{done.searched} addresses, names and pieces of text were looked for in every text of every table"
    if not done.really:
        if _blind(done):
            yield _BLIND
        else:
            yield f"Afterwards, {said}:" if done.left else f"Afterwards nothing would be left: {said}."
        yield from _first([f"  would be left: {hit}" for hit in done.left])
        yield from _first([f"  {why}" for why in kept])
        yield from _others(done.others)
        yield f"Nothing has been changed. {_NOBODY if unknown(done) else 'To do it, run this again with --yes.'}"
        return
    if not _blind(done):
        yield f"{said}: {len(done.left)} rows still hold some of it." if done.left else f"{said}: none is there."
    yield from _first([f"  left: {hit}" for hit in done.left])
    yield from _first([f"  {why}" for why in kept])
    yield from _others(done.others)
    if done.rewritten:
        yield f"What was deleted may still be read in the database's files: {done.rewritten}. Run this again."
    elif done.in_file:
        yield f"The file itself still holds {sum(done.in_file.values())} of them. Stop Deskhand and run this again."
    if _unproven(done):
        yield "NOT complete."
    elif _blind(done):
        yield _BLIND
    else:
        yield (
            f"NOBODY was forgotten. {_NOBODY}"
            if unknown(done)
            else "Done. Backups are not changed by this, and neither is Freshdesk."
        )


def _others(hits: list[Hit]) -> Iterator[str]:
    if hits:
        yield "The same name or the same words stand in rows of other people. Look, and use --names if they are this"
        yield "person's:"
        yield from _first([f"  {hit}" for hit in hits])


def _first(lines: list[str]) -> list[str]:
    return lines[:SHOWN] + ([f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
