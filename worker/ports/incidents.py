"""What we need of the database for the incident brake: another part of ports/ledger.py, whose rules hold here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from worker.models import Brake, Hour, Send, Sighting, Surge
from worker.ports.outgoing import Outgoing


class Incidents(Protocol):
    """Cases count by when the customer wrote (`asked_at`; where nobody knows, when we heard of it), so that work that
    was late is no incident. One that is still being drafted, or was set aside, does not count."""

    def claim_look(self, every: timedelta) -> bool:
        """True for one caller in each `every`: that one looks."""
        ...

    def oldest(self) -> datetime | None:
        """When the first case was opened."""
        ...

    def hours(self, since: datetime, until: datetime) -> Sequence[Hour]:
        """Different customers in each hour of UTC by template ("": none) and segment."""
        ...

    def sightings(
        self, since: datetime, until: datetime | None = None, *, fitting: bool = True, limit: int = 20_000
    ) -> Sequence[Sighting]:
        """The cases whose customers wrote from `since` on, oldest first; the newest `limit`. `fitting` False: only
        those that no template fits."""
        ...

    def put_on(self, brake: Brake) -> Brake | None:
        """As stored; None if one is on for that topic already."""
        ...

    def still_hot(self, brake_id: int, at: datetime, surge: Surge | None = None) -> None:
        """Far above usual at `at` too. `surge`: kept as its numbers, if more customers than before."""
        ...

    def let_go(self, brake_id: int, user: str, *, false_alarm: bool = False) -> bool:
        """Audited if a person did it; False if it was off already. `user` "": it was usual for long enough."""
        ...

    def on(self) -> Sequence[Brake]:
        """Oldest first."""
        ...

    def since(self, at: datetime) -> Sequence[Brake]:
        """Those that are on, or were after `at`; newest first."""
        ...

    def get(self, brake_id: int) -> Brake | None: ...

    def hold_with(self, brake_id: int, letters: Mapping[str, Outgoing], text: str, user: str) -> Sequence[str]:
        """Queues the holding reply (SendKind.HOLDING) of each case, by its id, in one transaction, audited; the ids of
        the sends. Left out are cases that are not HELD any more, and the tickets of `left_out`; of two cases of a
        ticket, the newer one gets it. Nothing at all if the brake is off."""
        ...

    def left_out(self, brake_id: int) -> Mapping[int, Send]:
        """By ticket, the holding reply for which it gets none of this incident: one of its own, or one of another
        incident whose case is HELD, unless nothing of that ever left. Of two, its own."""
        ...

    def holding(self, brake_id: int) -> Mapping[int, Send]:
        """The newest holding reply of each ticket that got or is to get one."""
        ...
