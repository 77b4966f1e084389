"""Builders of what the gate reads: outcomes of a kind, one a day or many, and what the ladder is shown of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from worker.models import Outcome, ReplyKind, Rung, Standing
from worker.support.earning.history import Evidence, Tally
from worker.support.earning.sequential import Harm

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KIND = ReplyKind(template_id="redeem", segment="IM")


def an_outcome(number: int = 0, wrong: bool | None = False, **fields: Any) -> Outcome:
    at = fields.pop("at", START + timedelta(minutes=number))
    heard_at = None if wrong is None else at + timedelta(minutes=30)
    said = {"kind": KIND, "features": {}, "risk": 0.01, "heard_at": heard_at, "waiting": wrong is None} | fields
    return Outcome(draft_id=f"f{number}", case_id=f"c{number}", at=at, wrong=wrong, **said)


def a_standing(rung: Rung = Rung.REVIEW, **fields: Any) -> Standing:
    opened = {"level": 0, "opened_at": START} if rung.open else {}
    return Standing(**{"kind": KIND, "rung": rung, "moved_at": START} | opened | fields)


def found(n: int = 0, wrong: int = 0, **fields: Any) -> Evidence:
    """The same at every level, unless told otherwise."""
    said = {
        "quality": (Tally(n, wrong),) * 4,
        "harm": Harm(),
        "heard": n,
        "fresh": Tally(n, wrong),
        "rated": n,
        "overdue": 0,
    }
    return Evidence(**said | fields)


def stream(n: int, *wrong: int) -> Any:
    """`n` outcomes, wrong at the given places."""
    outcomes = np.zeros(n, dtype=bool)
    outcomes[list(wrong)] = True
    return outcomes
