"""Old tickets from a file, as threads: Freshdesk's own JSON (one, a list, or one a line), or a CSV, a row a ticket.

Nothing is asked of anybody. Called by scripts/replay.py.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from worker.adapters.freshdesk.shapes import ConversationShape, TicketShape
from worker.adapters.freshdesk.words import to_thread
from worker.errors import BadConfiguration
from worker.intake.mailtext import read
from worker.models import Author, Channel, Message, Requester, Thread, Ticket, TicketState
from worker.support.masked import masked

COLUMNS = ("ticket_id", "subject", "message", "reply")  # besides these: email, name, requester_id, created_at
_NOBODY = -1  # no agent's id: in an export, none of the agents is us
PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """A ticket as it was when one message of it wanted an answer. `theirs`: what a colleague then wrote, without what
    their mail quoted; "" if nobody answered."""

    thread: Thread
    message: Message
    theirs: str = ""


def read_tickets(path: Path) -> list[Thread]:
    """BadConfiguration names each ticket that cannot be read, by its place in the file; none is left out silently."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read ({error.strerror}): check its name and rights") from None
    except UnicodeDecodeError:
        raise BadConfiguration(f"{path} is not UTF-8: save it as UTF-8") from None
    rows = _csv_rows(text, path) if path.suffix.lower() == ".csv" else _json_rows(text, path)
    make = _from_row if path.suffix.lower() == ".csv" else _from_ticket
    threads: list[Thread] = []
    problems: list[str] = []
    for number, row in rows:
        try:
            threads.append(make(row))
        except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(f"{path}: ticket {number} cannot be read: {_why(error)}")
    if problems:
        more = len(problems) - PROBLEMS_SHOWN
        raise BadConfiguration(problems[:PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else []))
    if not threads:
        raise BadConfiguration(f"{path} holds no ticket")
    return threads


def as_it_was_asked(thread: Thread, ours: tuple[str, ...] = (), key: str = "") -> Asked | None:
    """The message that the first reply of a colleague answered, or the newest one of the customer (or the one with that
    `key`), in a ticket that nobody had touched since; masked. `ours`: Deskhand's tags. None where no customer wrote."""
    thread = masked(thread)  # as threads.read_thread does: what is drafted and shown has no number that nobody may keep
    messages = thread.messages
    answers = [n for n, m in enumerate(messages) if m.public and m.author is Author.PERSON]
    asked = [n for n, m in enumerate(messages) if m.public and m.author is Author.CUSTOMER]
    before = [n for n in asked if any(n < answer for answer in answers)]
    if key:
        at = next((n for n, m in enumerate(messages) if m.key == key), None)
    elif before:
        first = next(answer for answer in answers if answer > asked[0])
        at = max(n for n in asked if n < first)
    else:
        at = asked[-1] if asked else None
    if at is None:
        return None
    reply = next((messages[n] for n in answers if n > at), None)
    fresh = {"state": TicketState.OPEN, "assigned_to": None, "assigned_to_person": False, "merged": False}
    ticket = thread.ticket.model_copy(update=fresh | {"tags": tuple(t for t in thread.ticket.tags if t not in ours)})
    then = Thread(ticket=ticket, messages=messages[: at + 1])
    return Asked(then, messages[at], read(reply.html, reply.text).now if reply else "")


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict):
        whole = whole.get("tickets", [whole])
    if isinstance(whole, list):
        yield from enumerate(whole, 1)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                raise BadConfiguration(f"{path}: line {number} is no JSON") from None


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(StringIO(text, newline=""))
    if missing := [name for name in COLUMNS[:3] if name not in (reader.fieldnames or ())]:
        raise BadConfiguration(
            f"{path} has no column {', '.join(missing)}: its first line must name {', '.join(COLUMNS)}"
        )
    yield from enumerate(reader, 1)


def _from_ticket(row: dict[str, Any]) -> Thread:
    """As the API gives a ticket with include=requester,conversations. Whoever is not the requester is a colleague."""
    shape = TicketShape.model_validate(row.get("helpdesk_ticket", row))
    if not (shape.description or shape.description_text) and not shape.conversations:
        raise _Unusable("it holds no text")
    said = [ConversationShape.model_validate(one) for one in row.get("conversations") or ()]
    return to_thread(shape, said, _NOBODY, lambda user: user != shape.requester_id)


def _from_row(row: Mapping[str, str | None]) -> Thread:
    given = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    at = _time(given.get("created_at", ""))
    requester = Requester(
        requester_id=_number("requester_id", given.get("requester_id") or "0"),
        name=given.get("name", ""),
        email=given.get("email", ""),
    )
    ticket = Ticket(
        ticket_id=_number("ticket_id", given["ticket_id"]),
        subject=given["subject"],
        state=TicketState.OPEN,
        channel=Channel.EMAIL,
        requester=requester,
        created_at=at,
        updated_at=at,
    )
    asked = Message(
        key="ticket", author=Author.CUSTOMER, public=True, at=at, text=given["message"], from_email=requester.email
    )
    reply = Message(key="c1", author=Author.PERSON, public=True, at=at, text=given.get("reply", ""))
    return Thread(ticket=ticket, messages=(asked, reply) if reply.text else (asked,))


class _Unusable(ValueError):
    """Its words name a column and no value."""


def _number(column: str, written: str) -> int:
    try:
        return int(written)
    except ValueError:
        raise _Unusable(f"{column} is no number") from None


def _time(written: str) -> datetime:
    """Without one, all are of the same moment: only their order counts."""
    try:
        at = datetime.fromisoformat(written) if written else datetime(2000, 1, 1)
    except ValueError:
        raise _Unusable("created_at is no time: write it as 2026-03-31T09:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _why(error: Exception) -> str:
    """The field, without its value: that is what a customer wrote."""
    if isinstance(error, _Unusable):
        return str(error)
    if isinstance(error, ValidationError):
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        return f"{where} is missing, or not as Freshdesk gives it"
    return f"it is no ticket as Freshdesk gives it ({type(error).__name__})"
