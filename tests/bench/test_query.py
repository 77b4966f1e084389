"""The measurement of a question's search: its made-up passages, its figures, and a whole small run."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from tests.knowledge.kb_files import TEMPLATE, write_kb
from worker.adapters.memory_index import HashEmbedder
from worker.bench.query import BOUND, figures, made_up
from worker.bench.run import main
from worker.bench.took import Took
from worker.evaluation import parts
from worker.knowledge.chunk import passages
from worker.knowledge.documents import read_kb
from worker.knowledge.index import row_of
from worker.settings import ROOT


def test_made_up_passages_have_the_words_of_real_ones_and_a_vector_each():
    real = list(passages(read_kb(ROOT / "kb", ("public", "IM", "IM+")).articles))
    made, vectors = made_up(real, 50, HashEmbedder(dim=64), random.Random(1))

    assert len({source.source_id for source in made}) == len(vectors) == 50
    words = {word for source in real for word in source.text.split()}
    assert all(set(source.text.split()[1:]) <= words for source in made)
    assert all(np.linalg.norm(vectors[row_of(source).embed]) == pytest.approx(1.0, abs=1e-5) for source in made)
    assert {source.segments for source in made} <= {source.segments for source in real}


def test_a_twentieth_of_the_queries_may_be_slow_and_the_fastest_try_is_told_apart():
    def told(*rounds: float) -> object:
        took = {"query": Took(wall=[ms for one in rounds for ms in [1.0] * 18 + [one] * 2])}
        return figures(took, 5_000, 20)

    assert told(BOUND)["within"]
    assert not told(10 * BOUND)["within"]
    assert told(10 * BOUND, 2.0)["query_fastest_p95_ms"] == 2.0


def test_a_whole_run_tells_the_parts_of_a_query(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(parts, "embedder", lambda: HashEmbedder(dim=64))
    template = TEMPLATE.replace("questions:\n", "questions:\n  - Is a PAN needed?\n  - How long does KYC take?\n")
    monkeypatch.setenv("KB_DIR", str(write_kb(tmp_path, templates={"kyc-documents": template})))

    assert main(["query", "--passages", "30", "--queries", "3", "--rounds", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["passages"], err) == (30, "")
    for name in ("query", "message", "embedding", "search", "first"):
        assert 0 < told[f"{name}_p50_ms"] <= told[f"{name}_p95_ms"]
        assert 0 < told[f"{name}_cpu_p50_ms"] <= told[f"{name}_cpu_p95_ms"]


def test_a_measurement_that_cannot_be_made_is_refused(capsys):
    assert main(["query", "--passages", "1"]) == 2
    assert "two passages" in capsys.readouterr().err
