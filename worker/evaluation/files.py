"""The files that a suite measures on: rows of CSV, lines of JSON, read strictly; a problem is told with its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.errors import BadConfiguration


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows with just `columns`. BadConfiguration for what is missing, empty or no UTF-8."""
    csv.field_size_limit(10_000_000)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise BadConfiguration(f"{path}: the column {' and '.join(missing)} is missing.")
            rows = [{name: row[name] or "" for name in columns} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadConfiguration(f"{path} cannot be read as CSV in UTF-8: {_why(error)}.") from None
    if not rows:
        raise BadConfiguration(f"{path} has no rows.")
    return rows


def read_jsonl(path: Path, fields: dict[str, type]) -> list[dict[str, Any]]:
    """One object for each line that is not blank. BadConfiguration where a field is missing or of another type."""
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read as UTF-8: {_why(error)}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
        except ValueError:
            problems.append(f"{path}:{number}: this is not JSON.")
            continue
        wrong = [n for n, kind in fields.items() if not (isinstance(one, dict) and isinstance(one.get(n), kind))]
        if wrong:
            problems.append(f"{path}:{number}: {' and '.join(wrong)} is missing or of another type.")
        else:
            found.append(one)
    if problems:
        raise BadConfiguration(problems[:20])
    if not found:
        raise BadConfiguration(f"{path} has no lines.")
    return found


def _why(error: Exception) -> str:
    return (error.strerror or "it cannot be opened") if isinstance(error, OSError) else str(error)
