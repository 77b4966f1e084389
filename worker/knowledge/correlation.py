"""Matthews correlation over several labels: one figure for how well what is said agrees with what is true.

Unlike a share of right answers, it gives nothing to saying the same of everything. Used to fix a floor (choice.py) and
to report (worker/evaluation).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def matthews(truth: NDArray[Any], said: NDArray[Any]) -> float:
    """-1..1 of two arrays of whole numbers from 0 on; 0 where either is the same for all."""
    labels = int(max(truth.max(), said.max())) + 1
    true = np.bincount(truth, minlength=labels).astype(float)
    told = np.bincount(said, minlength=labels).astype(float)
    n, right = float(len(truth)), float((truth == said).sum())
    below = np.sqrt(max(n * n - float(told @ told), 0.0)) * np.sqrt(max(n * n - float(true @ true), 0.0))
    return float((right * n - float(true @ told)) / below) if below else 0.0
