"""The geometry of the pictures: columns over days, and bars in parts. Drawn as inline SVG by pages/charts.html.

Units are of the picture's own grid; the page stretches it. All words stand beside the pictures, where they wrap and
can be read out; a picture says the same as its table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HIGH = 100.0  # of a picture of columns
STEP = 10.0  # from one column to the next
GAP = 2.0
LEAST = 1.5  # what is not nothing can be seen


@dataclass(frozen=True)
class Column:
    """A rectangle and what it stands for, in words."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Columns:
    """One picture. `summary`: what there is to see, for those who cannot."""

    title: str
    summary: str
    columns: tuple[Column, ...]
    width: float


@dataclass(frozen=True)
class Piece:
    """A part of a bar, from `x` on, in hundredths of the whole. `name` is its class in the stylesheet."""

    name: str
    x: float
    width: float
    words: str


def columns(
    title: str, summary: str, values: Sequence[float | None], words: Sequence[str], most: float | None = None
) -> Columns:
    """A column for each value, None for none; the highest, or `most`, reaches the top."""
    top = most or max((value for value in values if value), default=0.0) or 1.0
    drawn = []
    for n, (value, said) in enumerate(zip(values, words, strict=True)):
        height = max(LEAST, HIGH * min(value / top, 1.0)) if value else 0.0
        drawn.append(Column(n * STEP + GAP / 2, HIGH - height, STEP - GAP, height, said))
    return Columns(title, summary, tuple(drawn), max(1, len(values)) * STEP)


def pieces(parts: Sequence[tuple[str, str, int]]) -> tuple[Piece, ...]:
    """The parts (class, words, count) of one whole, side by side; those of nothing are left out."""
    whole = sum(count for _, _, count in parts)
    at, drawn = 0.0, []
    for name, said, count in parts:
        if count:
            width = 100.0 * count / whole
            drawn.append(Piece(name, round(at, 3), round(width, 3), f"{said}: {count} of {whole}"))
            at += width
    return tuple(drawn)
