"""The suite that measures reply trimming: what it counts as right, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from worker.evaluation.run import main


def measured(path: Path, rows: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["replies", "--pairs", str(path), "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_mail_counts_that_comes_out_as_expected_but_for_white_space(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quote = "On 2 Nov 2026, Support <s@x.example> wrote:\n> Which fee?"
    rows = [
        {"id": "one", "email": f"The exit\nfee.\n\n{quote}", "expected": "The  exit fee."},
        {"id": "two", "email": "What is the fee?", "expected": "What is the charge?"},
    ]
    figures = measured(tmp_path / "pairs.jsonl", rows, capsys)
    assert (figures["n"], figures["exact"], figures["exact_share"]) == (2, 1, 0.5)


def test_a_file_without_what_is_expected_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": "one", "email": "x"}\n', encoding="utf-8")
    assert main(["replies", "--pairs", str(path)]) == 2
    assert "pairs.jsonl:1: expected is missing" in capsys.readouterr().err
