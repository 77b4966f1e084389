"""How far the chances that drafts were given agree with what became of them: the reliability curve, and its error.

Always over chances that were given before the outcome was known (prequential: Dawid, 1984). Called by night.py and the
console.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.models import Noun

Numbers = NDArray[Any]
BINS = 10


class Bin(Noun):
    """Drafts of about the same risk: how many, what they were given on average, and the share that was wrong."""

    n: int
    given: float
    wrong: float


def curve(risk: Numbers, wrong: Numbers, bins: int = BINS) -> list[Bin]:
    """Bins of as many drafts each, from the smallest risk up; fewer bins where there are few drafts."""
    if not len(risk):
        return []
    order = np.argsort(risk, kind="stable")
    parts = np.array_split(order, min(bins, max(1, len(risk) // 20)))
    return [Bin(n=len(p), given=float(risk[p].mean()), wrong=float(wrong[p].mean())) for p in parts if len(p)]


def calibration_error(bins: list[Bin]) -> float | None:
    """The expected calibration error (Naeini et al., 2015): the mean distance of a bin from the diagonal, by size."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.given - one.wrong) for one in bins) / total if total else None
