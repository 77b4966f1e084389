"""The geometry of the reliability curve: chances that were given against what came true. Drawn by pages/gate.html.

The picture is a square of SIDE units, from no chance at the bottom left to `most` at the top right; the diagonal is
where every chance comes true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SIDE = 100.0
LEAST = 0.05  # of the axis: what is smaller shows nothing


@dataclass(frozen=True)
class Point:
    """One bin, and what it says in words."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Curve:
    points: tuple[Point, ...]
    most: float
    summary: str

    @property
    def path(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def reliability(bins: Sequence[Mapping[str, Any]]) -> Curve:
    """`bins`: n, given, wrong, from the smallest risk on (support/earning/calibration.py)."""
    largest = max((max(one["given"], one["wrong"]) for one in bins), default=0.0)
    most = min(1.0, max(LEAST, largest * 1.1))
    points = tuple(
        Point(
            round(SIDE * one["given"] / most, 2),
            round(SIDE - SIDE * one["wrong"] / most, 2),
            f"{one['n']} drafts with a risk of {one['given']:.1%}: {one['wrong']:.1%} wrong",
        )
        for one in bins
    )
    return Curve(points, most, "; ".join(point.words for point in points) or "Nothing has been told yet.")
