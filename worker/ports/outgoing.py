"""A reply or note on its way into the ledger."""

from __future__ import annotations

from worker.models import Noun, SendKind, TicketChange


class Outgoing(Noun):
    """A send to be stored with a verdict or an approval."""

    kind: SendKind
    body_html: str
    body_hash: str
    change: TicketChange = TicketChange()
