"""Everything a support reply needs, in one bundle: bootstrap fills it, the stages take from it what they need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from worker.models import TicketState
from worker.ports import Directory, Embedder, Helpdesk, Index, Ledger, Now, Writer
from worker.rulebook import Rulebook


@dataclass(frozen=True)
class Policy:
    """What ops decided. `auto`: replies may leave without a person, where template and guards allow it."""

    delivery: str = "review"  # auto, review or shadow
    gate_open: bool = False
    state_after_reply: TicketState | None = TicketState.PENDING
    lease: timedelta = timedelta(seconds=60)
    settle: timedelta = timedelta(seconds=90)
    http_timeout: float = 15.0
    console_link: str = "http://localhost:8001"
    max_tries: int = 3
    max_deaths: int = 5  # of the processes that worked on a row: by then it is the row
    max_rounds: int = 3
    zone: tzinfo = UTC  # in which a day begins and ends, for what is promised
    undo: timedelta = timedelta(0)  # how long a lead's approval waits before its reply may leave

    @property
    def shadow(self) -> bool:
        return self.delivery == "shadow"


@dataclass(frozen=True)
class Desk:
    """The ports, the rules and the policy. `writer` is None where no model is configured."""

    helpdesk: Helpdesk
    ledger: Ledger
    directory: Directory
    index: Index
    embedder: Embedder
    writer: Writer | None
    rulebook: Rulebook
    policy: Policy
    now: Now
