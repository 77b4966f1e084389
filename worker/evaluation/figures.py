"""Measures and their intervals: area under the ROC curve, bootstrap. Plain numbers in, plain numbers out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
DRAWS = 500
SEED = 20_26


def auroc(inside: Numbers, outside: Numbers) -> float | None:
    """How often a score of `inside` is above one of `outside`, a tie counting half; None if one of them is empty."""
    if not len(inside) or not len(outside):
        return None
    both = np.concatenate([inside, outside]).astype(float)
    _, where, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    above = float(ranks[: len(inside)].sum()) - len(inside) * (len(inside) + 1) / 2
    return above / (len(inside) * len(outside))


def interval(rows: Numbers, measure: Callable[[Numbers], float | None]) -> list[float] | None:
    """The 95 % bootstrap interval of a measure of `rows`, drawn with replacement; None if it is not defined."""
    draw = np.random.default_rng(SEED)
    drawn = [measure(rows[draw.integers(0, len(rows), len(rows))]) for _ in range(DRAWS if len(rows) else 0)]
    defined = [value for value in drawn if value is not None]
    if len(defined) < DRAWS / 2:
        return None
    return [round(float(edge), 4) for edge in np.percentile(defined, [2.5, 97.5])]


def rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
