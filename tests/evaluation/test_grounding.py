"""The suite that tells grounded replies from others by what the guards find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from worker.evaluation.run import main

TEXT = "The shop opens at 9:00 on Monday. Delivery takes 3 days and costs Rs 50. Returns are free."


def test_what_the_guards_find_tells_replies_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {
        "Delivery takes 3 days and costs Rs 50.": True,
        "Returns are free, and the shop opens at 9:00 on Monday.": True,
        "Delivery takes 5 days and costs Rs 50.": False,
        "Returns are not free.": False,
    }
    path = tmp_path / "replies.jsonl"
    rows = [
        {"id": str(i), "source": TEXT, "reply": reply, "grounded": grounded}
        for i, (reply, grounded) in enumerate(said.items())
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["grounding", "--file", str(path), "--quiet"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["n"], figures["auroc"], figures["f1"], figures["balanced_accuracy"]) == (4, 1.0, 1.0, 1.0)
    assert figures["flagged"] == 0.5
    assert "by_kind" not in figures
