"""The suite that measures search: its measures by hand, and a whole run in a Milvus of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from worker.adapters.memory_index import HashEmbedder
from worker.errors import BadConfiguration
from worker.evaluation import parts
from worker.evaluation.retrieval import Asked, figures, fitted, measures
from worker.evaluation.run import main


def asked(found: str, relevant: str, sure: float = 0.5) -> Asked:
    return Asked(tuple(found), sure, (sure, sure, sure), frozenset(relevant), 0.001)


def test_the_measures_are_those_that_are_published() -> None:
    told = {name: values.tolist() for name, values in measures([asked("abc", "bc"), asked("xyz", "q")]).items()}

    assert told["r_at_1"] == [0.0, 0.0]
    assert told["r_at_5"] == [1.0, 0.0]
    assert told["hit_at_3"] == [1.0, 0.0]
    assert told["mrr_at_10"] == [0.5, 0.0]
    assert told["ndcg_at_10"][0] == pytest.approx((1 / 1.58496 + 1 / 2) / (1 + 1 / 1.58496), abs=1e-4)


def test_queries_that_nothing_answers_count_for_the_sureness_alone() -> None:
    told = figures([asked("ab", "a", 0.9), asked("ab", "b", 0.4), asked("ab", "", 0.5)])

    assert (told["n"], told["n_answerable"], told["r_at_1"]) == (3, 2, 0.5)
    assert told["unanswerable_auroc"] == 0.5


def test_without_unanswerable_queries_there_is_no_such_figure_and_nothing_to_fit() -> None:
    assert figures([asked("ab", "a")])["unanswerable_auroc"] is None
    with pytest.raises(BadConfiguration):
        fitted([asked("ab", "a")])


def test_fitting_finds_that_answerable_queries_have_more_of_every_sign() -> None:
    told = fitted([asked("a", "a", 0.1 * n + 0.3) for n in range(5)] + [asked("a", "", 0.1 * n) for n in range(5)])

    assert min(told["fitted"][name] for name in ("nearness", "cover", "lead")) > 0


def test_a_whole_run_finds_what_the_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "embedder", lambda: HashEmbedder(dim=512))
    passages, queries = tmp_path / "p.jsonl", tmp_path / "q.jsonl"
    told = {"fee": "The exit fee is 1 %.", "nominee": "You can add three nominees.", "tax": "Tax is due in July."}
    passages.write_text("".join(json.dumps({"id": k, "title": k, "text": v}) + "\n" for k, v in told.items()))
    asks = [("1", "What is the exit fee?", ["fee"]), ("2", "adding a nominee", ["nominee"]), ("3", "zebra", [])]
    queries.write_text("".join(json.dumps({"id": i, "text": t, "relevant": r}) + "\n" for i, t, r in asks))

    assert main(["retrieval", "--passages", str(passages), "--queries", str(queries), "--quiet"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["n"], figures["r_at_1"], figures["unanswerable_auroc"]) == (3, 1.0, 1.0)
    assert 0 < figures["query_p50_ms"] <= figures["query_p95_ms"]
    assert figures["ms_per_query"] > 0


def test_a_query_that_names_an_unknown_passage_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passages, queries = tmp_path / "p.jsonl", tmp_path / "q.jsonl"
    passages.write_text('{"id": "a", "title": "t", "text": "x"}\n')
    queries.write_text('{"id": "1", "text": "x", "relevant": ["b"]}\n')

    assert main(["retrieval", "--passages", str(passages), "--queries", str(queries)]) == 2
    assert "lacks: 1" in capsys.readouterr().err
