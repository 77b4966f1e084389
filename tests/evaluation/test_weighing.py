"""Weights fitted to labelled replies: what tells within a kind, by sources that were not seen."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from worker.evaluation.figures import auroc
from worker.evaluation.run import main
from worker.evaluation.weighing import labelled, weigh


def some_replies() -> tuple[list[dict[str, float]], list[bool], list[str], list[str]]:
    """Two kinds. In each, "telling" tells; one kind is wrong more often and longer, which tells nothing within it."""
    draw = random.Random(7)
    measures, wrong, kinds, sources = [], [], [], []
    for i in range(400):
        kind = "plain" if i % 2 else "long"
        bad = draw.random() < (0.8 if kind == "long" else 0.2)
        form = {"form": 1.0} if kind == "long" else {"other form": 1.0}
        long = draw.gauss(5.0 if kind == "long" else 0.0, 1)
        found = {"telling": draw.gauss(1.5 if bad else 0, 1), "length": long, "mock": draw.gauss(-bad, 1)}
        measures.append(found | form)
        wrong.append(bad)
        kinds.append(kind)
        sources.append(str(draw.randrange(60)))
    return measures, wrong, kinds, sources


def test_what_tells_within_a_kind_gets_weight_and_what_tells_kinds_apart_gets_none() -> None:
    replies = labelled(*some_replies())
    found = weigh(replies, frozenset({"length"}), ("form", "other form"))
    assert found.weights["telling"] > 0.5
    assert abs(found.weights["length"]) < 0.2
    assert "mock" not in found.weights  # it speaks for a reply, and may not
    right = ~replies.wrong
    for kind in ("plain", "long"):
        of = replies.kinds == kind
        assert (auroc(found.unseen[of & ~right], found.unseen[of & right]) or 0) > 0.75


def test_a_measure_without_meaning_tells_nothing_of_unseen_sources() -> None:
    _, wrong, kinds, sources = some_replies()
    own = [{f"of {source}": 1.0 + bad} for source, bad in zip(sources, wrong, strict=True)]
    found = weigh(labelled(own, wrong, kinds, sources), frozenset(), ())
    replies = labelled(own, wrong, kinds, sources)
    assert abs((auroc(found.unseen[replies.wrong], found.unseen[~replies.wrong]) or 0) - 0.5) < 0.1


def test_the_suite_prints_new_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows_on(12)), encoding="utf-8")
    assert main(["grounding", "--file", str(path), "--fit", "--quiet"]) == 0
    fit = json.loads(capsys.readouterr().out)["fit"]
    assert fit["weights"]["absent"] > 0
    assert fit["unseen_auroc"] == {"": 1.0}


def test_too_few_sources_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows_on(3)), encoding="utf-8")
    assert main(["grounding", "--file", str(path), "--fit", "--quiet"]) == 2
    assert "at least 10 sources" in capsys.readouterr().err


def rows_on(sources: int) -> list[dict[str, object]]:
    return [
        {
            "id": f"{i}{grounded}",
            "source": f"Parcel {i} takes 3 days and costs Rs 50.",
            "reply": f"Parcel {i} takes {3 if grounded else 7} days.",
            "grounded": grounded,
        }
        for i in range(sources)
        for grounded in (True, False)
    ]
