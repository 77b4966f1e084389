"""The numbers as tables: what stands under a picture and what is downloaded are the same rows.

`csv_of` keeps spreadsheets from taking a customer's words for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

Cell = str | int | float | date | datetime | None
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a cell begins with that Excel, Calc or Sheets would compute


@dataclass(frozen=True)
class Sheet:
    """`name` is that of the download."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def csv_of(sheet: Sheet) -> str:
    """With a byte order mark, without which Excel reads it in the wrong encoding; lines end as RFC 4180 wants it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_safe(name) for name in sheet.columns])
    writer.writerows([[_safe(cell) for cell in row] for row in sheet.rows])
    return "\ufeff" + out.getvalue()


def _safe(cell: Cell) -> str:
    """White space before the sign does not help: some programs cut it off before they look."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA[:4]) else cell
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def percent(part: int, whole: int) -> float | None:
    """To a tenth; None of nothing."""
    return round(100.0 * part / whole, 1) if whole else None


def total(rows: Sequence[tuple[Cell, ...]], place: int) -> int:
    return sum(cell for row in rows if isinstance(cell := row[place], int))
