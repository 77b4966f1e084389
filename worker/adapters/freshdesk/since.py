"""Whether anything was written on a ticket since it was read, told by the ticket alone: one credit in place of two.

Rests on one thing: whatever is written on a ticket moves its `updated_at`. No reference promises that, and where it is
false a reply would go out over a newer message. So trust is earned, by each process: all threads are read as a whole
until a few tickets were seen to move with a message, and with nothing else that could have moved them; the first one
that stood still ends it for good. Called by desk.py.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from worker.adapters.freshdesk.shapes import ConversationShape, TicketShape
from worker.models import Thread

log = structlog.get_logger(__name__)

# `updated_at` is a whole second: what came later within it, and after the look, would not show. Two seconds, since the
# clock of the answer and that of the ticket need not be the same machine's.
SETTLED = timedelta(seconds=2)
ENOUGH = 3  # tickets seen to move, before the first is believed
AUDIT = 20  # of the looks that could do without the messages, each so-manieth reads them
_SLACK = timedelta(seconds=1)
_BESIDE = timedelta(seconds=5)  # a ticket that moved later than that after a message may have moved for another reason
_MANY = 2_000  # looks that are remembered
_NEWEST = 20  # of whose messages each


@dataclass(frozen=True, slots=True)  # thousands are kept
class _Look:
    """`at`: not later than it was made. `fields`: what else moves a ticket when it changes. `touched`: when we changed
    it since, by our own clock."""

    at: datetime
    updated_at: datetime
    ids: frozenset[int]
    fields: tuple[object, ...]
    touched: float | None = None


class Since:
    """Thread-safe; shared by all threads of a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: OrderedDict[int, _Look] = OrderedDict()
        self._moved = 0
        self._lost = False
        self._spared = 0

    @property
    def trusted(self) -> bool:
        return self._moved >= ENOUGH and not self._lost

    def nothing_yet(self, ticket: TicketShape) -> bool:
        """Nothing happened on the ticket since it was opened."""
        return self.trusted and ticket.updated_at == ticket.created_at and not self._audited()

    def nothing(self, known: Thread, ticket: TicketShape) -> bool:
        """Nothing happened on the ticket since `known` was read."""
        before = known.ticket
        if known.read_at is None or known.read_at < before.updated_at + SETTLED or before.ticket_id != ticket.id:
            return False
        return self.trusted and ticket.updated_at == before.updated_at and not self._audited()

    def saw(
        self, ticket: TicketShape, conversations: Sequence[ConversationShape], at: datetime | None, me: int, apart: bool
    ) -> None:
        """The whole thread. `apart`: the messages were read after the ticket, which may know nothing of the last ones;
        so whatever is not older than `at` tells nothing."""
        there = [c for c in conversations if not c.deleted and not (apart and at and c.created_at >= at)]
        newest = max((c.created_at for c in there), default=ticket.created_at)
        with self._lock:
            if newest > ticket.updated_at + _SLACK:
                self._stood_still(ticket)
            before = self._looks.pop(ticket.id, None)
            if at is None or self._lost:
                return
            if before is not None and self._moved_by_message(before, ticket, there, at, me):
                self._moved += 1
            ids = frozenset(c.id for c in sorted(conversations, key=lambda c: c.created_at)[-_NEWEST:])
            self._looks[ticket.id] = _Look(at, ticket.updated_at, ids, _fields(ticket))
            while len(self._looks) > _MANY:
                self._looks.popitem(last=False)

    def changed(self, ticket_id: int, status: int | None, priority: int | None, group_id: int | None) -> None:
        """A change of ours moves the ticket too, whatever messages do."""
        with self._lock:
            if look := self._looks.get(ticket_id):
                given = (status, priority, group_id)
                fields = tuple(old if new is None else new for new, old in zip(given, look.fields, strict=False))
                fields += look.fields[len(given) :]
                self._looks[ticket_id] = replace(look, fields=fields, touched=self._clock())

    def _moved_by_message(
        self, before: _Look, ticket: TicketShape, there: Sequence[ConversationShape], at: datetime, me: int
    ) -> bool:
        """Our own messages are no evidence, since we change the ticket right after them; nor is anybody's at whose
        time the ticket has changed otherwise."""
        new = [c for c in there if c.id not in before.ids and c.created_at >= before.at]
        ours = [c.created_at for c in new if c.user_id == me and not c.incoming]
        theirs = [c.created_at for c in new if c.user_id != me or c.incoming]
        if not theirs or (ours and before.touched is None) or before.fields != _fields(ticket):
            return False
        newest = max(theirs)
        others = [before.updated_at + _SLACK, *(time + _BESIDE for time in ours)]
        if before.touched is not None:
            others.append(at - timedelta(seconds=self._clock() - before.touched) + _BESIDE)
        return newest > max(others) and newest - _SLACK <= ticket.updated_at <= newest + _BESIDE

    def _stood_still(self, ticket: TicketShape) -> None:
        if not self._lost:
            log.warning("updated_at_stood_still", ticket_id=ticket.id)
        self._lost = True
        self._looks.clear()

    def _audited(self) -> bool:
        with self._lock:
            self._spared += 1
            return self._spared % AUDIT == 0


def _fields(ticket: TicketShape) -> tuple[object, ...]:
    """First those that `changed` names. No tags: we change them ourselves, and nearly nobody else does."""
    return ticket.status, ticket.priority, ticket.group_id, ticket.responder_id, ticket.spam, ticket.deleted
