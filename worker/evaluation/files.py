"""The files that a suite measures on: rows of CSV, lines of JSON, read strictly; a problem is told with its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
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


def read_jsonl(
    path: Path, fields: Mapping[str, type], otherwise: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """One object for each line that is not blank, with `fields` of these types: a number counts as its digits where
    text is wanted, 0 and 1 as no and yes. `otherwise`: what fields have that are null or missing. BadConfiguration
    where any other one is, or has another type."""
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
        if not isinstance(one, dict):
            problems.append(f"{path}:{number}: this is not a JSON object.")
            continue
        told = {name: _told(one.get(name), kind, (otherwise or {}).get(name)) for name, kind in fields.items()}
        if wrong := [name for name, value in told.items() if value is None]:
            problems.append(f"{path}:{number}: {' and '.join(wrong)} is missing or of another type.")
        else:
            found.append(one | told)
    if problems:
        raise BadConfiguration(problems[:20])
    if not found:
        raise BadConfiguration(f"{path} has no lines.")
    return found


def _told(value: Any, kind: type, otherwise: Any) -> Any:
    """The value in that type; None if it has none."""
    if value is None:
        return otherwise
    if kind is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if kind is bool and value in (0, 1):
        return bool(value)
    return value if isinstance(value, kind) else None


def _why(error: Exception) -> str:
    return (error.strerror or "it cannot be opened") if isinstance(error, OSError) else str(error)
