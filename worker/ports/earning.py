"""What the gate needs of the database: what became of assessed drafts, where each kind stands, and the one switch.

Another part of ports/ledger.py, whose rules hold here too. `user` is a login; what people do lands in the audit log in
the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from worker.models import GateMove, Outcome, ReplyKind, RiskModel, Standing, Stop, Treatment


class Earning(Protocol):
    """Drafts are assessed by `Cases.conclude` (`Trace.assessed`). An outcome is wrong if its draft was rewritten,
    rejected or drafted anew on a lead's demand, if a blind review said so, or if harm was reported, which outweighs all
    others; a decision outweighs a blind review."""

    def outcomes(self, limit: int) -> Sequence[Outcome]:
        """Newest first."""
        ...

    def last_heard(self) -> datetime | None:
        """When the newest decision, blind review or report of harm came in."""
        ...

    def standings(self) -> Sequence[Standing]:
        """Of every kind that ever took a step, by kind."""
        ...

    def standing(self, kind: ReplyKind) -> Standing:
        """Of a kind that never took a step: in the shadow."""
        ...

    def step(self, move: GateMove) -> bool:
        """Stores it, if the kind still stands where it began. Its time is the caller's."""
        ...

    def moves(self, limit: int, offset: int = 0) -> Sequence[GateMove]:
        """Newest first."""
        ...

    def budgets(self) -> Mapping[ReplyKind, float]:
        """Of 100 unreviewed replies, how many may be wrong. An empty field of a kind stands for all of them."""
        ...

    def set_budget(self, kind: ReplyKind, budget: float | None, user: str) -> None:
        """None: as for the kinds around it."""
        ...

    def model(self) -> RiskModel | None:
        """The newest."""
        ...

    def keep_model(self, model: RiskModel) -> int:
        """Stores it as the newest; its version."""
        ...

    def stopped(self) -> Stop | None: ...

    def stop(self, reason: str, user: str) -> None:
        """Nothing leaves without a person from now on. A second stop changes nothing."""
        ...

    def go_on(self, user: str) -> None: ...

    def key(self) -> str:
        """A secret of this ledger's own, made when first asked for."""
        ...

    def claim_night(self, night: date, lease: timedelta) -> bool:
        """True for one caller, until the night is ended or the lease is over; False if that night, or a later one, was
        ended before."""
        ...

    def end_night(self, night: date) -> None: ...

    def to_judge(self, limit: int) -> Sequence[Outcome]:
        """Sampled drafts that nobody has looked at again: those that left alone and are at the customer, among others
        that were decided on. Oldest first."""
        ...

    def judge(self, draft_id: str, treatment: Treatment, user: str) -> bool:
        """A blind review. False if the draft is not there to be judged (any more)."""
        ...

    def report_harm(self, case_id: str, reason: str, user: str) -> bool:
        """What this case sent turned out wrong. False if it sent nothing that was assessed, or is reported already."""
        ...

    def harm(self, case_id: str) -> Mapping[str, Any] | None:
        """That report: at, user, reason ("" where it was forgotten with its customer); None if there is none."""
        ...
