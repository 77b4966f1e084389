"""Files that others have made: what means the same is read, and what cannot be meant is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import BadConfiguration
from worker.evaluation.files import read_jsonl

FIELDS = {"id": str, "title": str, "attack": bool, "relevant": list}
OTHERWISE = {"title": "", "relevant": []}


def read(tmp_path: Path, *lines: str) -> list[dict[str, object]]:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_jsonl(path, FIELDS, OTHERWISE)


def test_numbers_as_names_and_as_yes_and_no_are_read(tmp_path: Path) -> None:
    [row] = read(tmp_path, '{"id": 7, "title": null, "attack": 1, "kind": "odd"}')
    assert row == {"id": "7", "title": "", "attack": True, "relevant": [], "kind": "odd"}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('{"title": "x", "attack": true}', "id is missing"),
        ('{"id": true, "attack": true}', "id is missing or of another type"),
        ('{"id": "x", "attack": "no"}', "attack is missing or of another type"),
        ('{"id": "x", "attack": 2}', "attack is missing or of another type"),
        ('{"id": "x", "attack": 0, "relevant": "p1"}', "relevant is missing or of another type"),
        ('["x"]', "not a JSON object"),
        ("{", "not JSON"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(tmp_path: Path, line: str, wrong: str) -> None:
    with pytest.raises(BadConfiguration, match=rf"rows\.jsonl:2: .*{wrong}"):
        read(tmp_path, '{"id": "a", "attack": false}', line)
