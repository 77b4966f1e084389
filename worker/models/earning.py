"""What the gate is about: kinds of reply, what became of their drafts, and how far each kind has come.

A kind of reply is one template for the readers of one segment. Nothing here decides; worker/support/earning does.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from worker.models.base import Noun

DEFAULT_BUDGET = 2.0  # of 100 unreviewed replies, how many may be wrong


class Rung(StrEnum):
    """How far a kind of reply has come. `share`: of its customers, those whose replies may leave unreviewed."""

    SHADOW = "shadow"  # too little is known to say anything
    REVIEW = "review"  # its drafts are rated, and all of them are reviewed
    FIVE = "5 %"
    QUARTER = "25 %"
    ALL = "100 %"

    @property
    def share(self) -> float:
        return {Rung.FIVE: 0.05, Rung.QUARTER: 0.25, Rung.ALL: 1.0}.get(self, 0.0)

    @property
    def open(self) -> bool:
        return self.share > 0


class ReplyKind(Noun):
    """A kind of reply. `segment`: the products of its readers, "none" for readers without one."""

    template_id: str
    segment: str


class Assessed(Noun):
    """What is kept of a machine's draft that no guard had anything against, when it is stored.

    `risk`: the chance that it is wrong, by version `model` of the risk model; None where there was none yet. `alone`:
    it leaves without a person. `sampled`: it comes back for a blind review.
    """

    kind: ReplyKind
    features: dict[str, float] = Field(default_factory=dict)
    risk: float | None = None
    model: int = 0
    alone: bool = False
    sampled: bool = False


class Outcome(Noun):
    """An assessed draft and what became of it. `wrong` None: nobody has said (yet, if `waiting`).

    `heard_at`: when it was said: by the decision on the draft, in a blind review, or as a report of harm. `unasked`: it
    is known only since harm was reported; had it been right, nobody would have said so.
    """

    draft_id: str
    case_id: str
    at: datetime
    kind: ReplyKind
    features: dict[str, float]
    risk: float | None = None
    model: int = 0
    alone: bool = False
    sampled: bool = False
    waiting: bool = False
    unasked: bool = False
    wrong: bool | None = None
    heard_at: datetime | None = None


class Standing(Noun):
    """Where a kind of reply stands. `level`: how large a risk may leave alone, an index into the levels of
    support/earning/history.py; -1 for none. `budget`: that it was earned for. Evidence of quality counts from
    `evidence_from`, of harm from `opened_at`."""

    kind: ReplyKind
    rung: Rung = Rung.SHADOW
    level: int = -1
    budget: float = DEFAULT_BUDGET
    moved_at: datetime | None = None
    evidence_from: datetime | None = None
    opened_at: datetime | None = None


class GateMove(Noun):
    """A step of a kind of reply, with the numbers that it was decided on."""

    at: datetime
    before: Standing
    after: Standing
    why: str
    numbers: dict[str, float] = Field(default_factory=dict)


class RiskModel(Noun):
    """The chance that a draft is wrong, as a sum of log-odds (worker/support/earning/risk.py).

    `kind`: "rates" (how often each kind was wrong, shrunk towards all of them) or "logistic". Effects that are not
    named are 0, and so is a feature that is missing. `report`: how it did on drafts rated before they were decided.
    """

    version: int = 0
    kind: str
    n: int
    wrong: int
    intercept: float
    weights: dict[str, float] = Field(default_factory=dict)
    means: dict[str, float] = Field(default_factory=dict)
    scales: dict[str, float] = Field(default_factory=dict)
    templates: dict[str, float] = Field(default_factory=dict)
    segments: dict[str, float] = Field(default_factory=dict)
    kinds: dict[str, float] = Field(default_factory=dict)
    report: dict[str, Any] = Field(default_factory=dict)
    fitted_at: datetime | None = None


class Stop(Noun):
    """All automatic sending is switched off."""

    by: str
    reason: str
    at: datetime
