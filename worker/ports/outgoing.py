"""A reply or note on its way into the ledger."""

from __future__ import annotations

from worker.models import Noun, SendKind, TicketChange

# Behind the reason for which a reply was dropped of which an attempt was in doubt: that it was dropped is no certainty.
MAY_BE_THERE = " An earlier attempt to send it may have arrived: please look at the ticket."


class Outgoing(Noun):
    """A send to be stored with a verdict or an approval."""

    kind: SendKind
    body_html: str
    body_hash: str
    change: TicketChange = TicketChange()
