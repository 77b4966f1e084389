"""Whether anything was written on a ticket since it was read, told by the ticket alone: one credit in place of two.

Rests on one thing: whatever is written on a ticket moves its `updated_at`, as the sweep for unannounced messages does
too. No reference promises that, so every thread that is read as a whole is held against it, and the first one that
tells otherwise ends it for this process: from then on each look reads the messages. Called by desk.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from worker.adapters.freshdesk.shapes import ConversationShape, TicketShape
from worker.models import Thread

log = structlog.get_logger(__name__)

# `updated_at` is a whole second: what came later within it, and after the look, would not show. Two seconds, since the
# clock of the answer and that of the ticket need not be the same machine's.
SETTLED = timedelta(seconds=2)
_SLACK = timedelta(seconds=1)


class Since:
    """Shared by all threads of a process; a lost race costs a credit."""

    def __init__(self) -> None:
        self.trusted = True

    def nothing_yet(self, ticket: TicketShape) -> bool:
        """Nothing happened on the ticket since it was opened."""
        return self.trusted and ticket.updated_at == ticket.created_at

    def nothing(self, known: Thread, ticket: TicketShape) -> bool:
        """Nothing happened on the ticket since `known` was read."""
        before = known.ticket
        if known.read_at is None or known.read_at < before.updated_at + SETTLED or before.ticket_id != ticket.id:
            return False
        return self.trusted and ticket.updated_at == before.updated_at

    def saw(self, ticket: TicketShape, conversations: Sequence[ConversationShape]) -> None:
        """`conversations` that were read with the ticket, or right after it."""
        newest = max((c.created_at for c in conversations if not c.deleted), default=ticket.created_at)
        if self.trusted and newest > ticket.updated_at + _SLACK:
            self.trusted = False
            log.warning("updated_at_stood_still", ticket_id=ticket.id)
