"""Who it is that is to be forgotten: the ids, addresses and names under which the ledger knows one requester.

Only reads. An address leads to requester ids and to the customers who registered it, those to further addresses, until
nothing new turns up. Called by forget.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from worker.adapters.directory import normal_email
from worker.adapters.store.columns import clean
from worker.adapters.store.conditions import LIVE, WAITING
from worker.adapters.store.schema import cases, customer_emails, customers, doorbells, drafts, sends, snapshots
from worker.adapters.store.schema import unanswered as open_questions
from worker.models import Status
from worker.support.bodies import plain

UNDER_WAY = (Status.OPEN, Status.HELD, Status.APPROVED)
SHORTEST = 16  # characters of a piece of text that is looked for again; shorter ones are everybody's
LONGEST = 120
_BATCH = 500
# Where JSON or HTML would spell a text in another way than it was written, or white space may be folded.
_BREAKS = re.compile(r'[\x00-\x1f"\\<>&]+|(?<=[.!?;:])\s+|\s{2,}')


@dataclass
class Person:
    """`names`, `phones`: as they were ever spelled. `texts`: pieces of what they wrote, in their spelling. `known`: a
    case or a customer's record is theirs; what was only asked for is in the sets of ids and addresses all the same."""

    requester_ids: set[int] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)  # normalised
    customer_ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    texts: dict[str, None] = field(default_factory=dict)
    case_ids: list[str] = field(default_factory=list)
    ticket_ids: list[int] = field(default_factory=list)
    known: bool = False


@dataclass(frozen=True)
class Unfinished:
    """Something that is still being worked on. `what` is for people; `case_id` None for a doorbell."""

    ticket_id: int
    case_id: str | None
    what: str


def find_person(
    connection: Connection, emails: Collection[str], requester_ids: Collection[int], customer_ids: Collection[str]
) -> Person:
    """Everything that the ledger knows to be the same person as what is given."""
    person = Person(set(requester_ids), {normal_email(email) for email in emails} - {""}, set(customer_ids))
    whose = select(cases.c.case_id, cases.c.ticket_id, cases.c.requester_id, cases.c.requester_email)
    every = [(row, row.requester_id, normal_email(row.requester_email)) for row in connection.execute(whose)]
    known = {(requester, email) for _, requester, email in every}
    size = -1
    while size != (size := len(person.requester_ids) + len(person.emails) + len(person.customer_ids)):
        person.emails |= {email for requester, email in known if requester in person.requester_ids and email}
        person.requester_ids |= {requester for requester, email in known if email in person.emails and requester}
        _follow_customers(connection, person)
    mine = [row for row, requester, email in every if requester in person.requester_ids or email in person.emails]
    person.case_ids, person.ticket_ids = [row.case_id for row in mine], sorted({row.ticket_id for row in mine})
    person.known = bool(mine) or any(True for _ in rows_of(connection, customers, "customer_id", person.customer_ids))
    _learn_words(connection, person)
    return person


def rows_of(connection: Connection, table: Table, column: str, values: Iterable[Any]) -> Iterator[Any]:
    """The rows of `table` with one of these values, a few hundred values at a time."""
    wanted = sorted(values)
    for start in range(0, len(wanted), _BATCH):
        yield from connection.execute(select(table).where(table.c[column].in_(wanted[start : start + _BATCH]))).all()


def unfinished(connection: Connection, person: Person) -> list[Unfinished]:
    """What a worker or a lead has yet to end: emptied now, a reply could go out twice, or a question be lost."""
    found = [
        Unfinished(row.ticket_id, row.case_id, f"its case is {row.status}")
        for row in rows_of(connection, cases, "case_id", person.case_ids)
        if row.status in UNDER_WAY
    ]
    live = connection.execute(select(sends.c.ticket_id, sends.c.case_id, sends.c.kind, sends.c.state).where(LIVE))
    mine = set(person.case_ids)
    found += [
        Unfinished(row.ticket_id, row.case_id, f"its {row.kind.replace('_', ' ')} is {row.state}")
        for row in live
        if row.case_id in mine
    ]
    rung = connection.execute(select(doorbells.c.ticket_id).where(WAITING, doorbells.c.ticket_id.is_not(None)))
    waiting = set(rung.scalars()) & set(person.ticket_ids)
    return found + [Unfinished(ticket, None, "a change of it is waiting to be read") for ticket in sorted(waiting)]


def _follow_customers(connection: Connection, person: Person) -> None:
    """From addresses to the customers who registered them, and to those customers' other addresses; an address that
    another customer has registered is that customer's, whoever else names it."""
    registered = select(customer_emails).where(customer_emails.c.registered.is_(True))
    owners: dict[str, set[str]] = {}
    for row in connection.execute(registered):
        owners.setdefault(row.email, set()).add(row.customer_id)
    for email in person.emails & owners.keys():
        person.customer_ids |= owners[email]
    for row in rows_of(connection, customer_emails, "customer_id", person.customer_ids):
        if row.registered or row.email not in owners:
            person.emails.add(row.email)


def _learn_words(connection: Connection, person: Person) -> None:
    for row in rows_of(connection, customers, "customer_id", person.customer_ids):
        _know(person, row.name, [row.phone, row.phone_digits])
    for row in rows_of(connection, snapshots, "case_id", person.case_ids):
        _learn_thread(person, row.thread)
        _learn_trace(person, row.trace)
    for row in rows_of(connection, drafts, "case_id", person.case_ids):
        _learn_trace(person, row.trace)
    for row in rows_of(connection, cases, "case_id", person.case_ids):
        _quote(person, row.subject)
    for row in rows_of(connection, open_questions, "case_id", person.case_ids):
        _quote(person, row.question)


def _learn_thread(person: Person, thread: dict[str, Any]) -> None:
    requester = thread["ticket"].get("requester", {})
    _know(person, requester.get("name", ""), requester.get("phones", ()))
    _quote(person, thread["ticket"].get("subject", ""))
    for message in thread.get("messages", ()):
        if message.get("author") == "customer":
            _quote(person, message.get("text", ""), plain(message.get("html", "")))


def _learn_trace(person: Person, trace: dict[str, Any]) -> None:
    identity = trace.get("identity") or {}
    customer = identity.get("customer") or {}
    if customer.get("customer_id") in person.customer_ids:
        _know(person, customer.get("name", ""), [customer.get("phone", "")])
    _quote(person, trace.get("query", ""), *trace.get("questions", ()))


def _know(person: Person, name: str, phones: Iterable[str]) -> None:
    if len(name.strip()) > 2 and normal_email(name) not in person.emails:
        person.names.add(" ".join(name.split()))
    person.phones |= {phone.strip() for phone in phones if len(re.sub(r"\D", "", phone)) >= 7}


def _quote(person: Person, *texts: str) -> None:
    for text in texts:
        pieces = (piece.strip() for piece in _BREAKS.split(str(clean(text))))
        person.texts |= {piece[:LONGEST]: None for piece in pieces if len(piece) >= SHORTEST}
