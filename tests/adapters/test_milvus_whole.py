"""A collection in memory: of several rows for one source the best counts, as where answers of Milvus are joined."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from worker.adapters.bm25 import Bm25
from worker.adapters.milvus_ask import Found, Wish, asked_rows, hits
from worker.adapters.milvus_rows import Live
from worker.adapters.milvus_whole import FEW, Whole
from worker.models import Kind
from worker.ports.shelf import Build

WORDS = [f"word{n}" for n in range(30)]
AUDIENCES = ("IM", "IM+", "public")
DIM = 16


def a_row(pk: str, audience: str, words: str, vector: list[float]) -> dict[str, Any]:
    row = {"pk": pk, "source_id": pk.split("?")[0], "kind": "template", "article_id": "", "title": "T", "version": "1"}
    return row | {"text": pk, "labels": [audience], "audience": audience, "words": words, "meta": {}, "vector": vector}


def some_rows(seed: int) -> list[dict[str, Any]]:
    """Sixty templates with up to five example questions each. Numbers are small and whole, so that many are equally
    near; the questions of t7 lead to a template that is not there."""
    draw = random.Random(seed)
    rows = []
    for number in range(60):
        audience = draw.choice(AUDIENCES)
        for row in range(draw.randint(1, 6)):
            words = " ".join(draw.choices(WORDS, k=draw.randint(1, 3)))
            pk = f"t{number}?{row}" if row else f"t{number}"
            rows.append(a_row(pk, audience, words, [float(draw.randint(-1, 1)) / 4 for _ in range(DIM)]))
    return [row for row in rows if row["pk"] != "t7"]


def a_live(rows: int) -> Live:
    build = Build(model="m", dim=DIM, kb_hash="h", built_at=datetime(2026, 1, 1, tzinfo=UTC), rows=rows)
    return Live(name="deskhand_1", build=build, audiences=AUDIENCES, lexical=True, hnsw=False)


def best(scores: list[tuple[str, float]], wish: Wish) -> list[tuple[str, float]]:
    return sorted(scores, key=lambda found: -found[1])[: asked_rows(wish)]


def answers(rows: list[dict[str, Any]], wish: Wish, points: Any) -> tuple[Found, Found]:
    """What Milvus would answer, by vector and by words."""
    words = Bm25(row["words"] for row in rows)
    seen = [n for n, row in enumerate(rows) if row["audience"] in wish.reads]
    vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
    near = [best([(rows[n]["pk"], float(vectors[n] @ point)) for n in seen], wish) for point in points]
    worded = []
    for text in wish.words:
        scores = words.scores(text)
        worded.append(best([(rows[n]["pk"], float(scores[n])) for n in seen if scores[n] > 0], wish))
    return near, worded


@pytest.mark.parametrize("asked", [1, FEW, FEW + 3])
@pytest.mark.parametrize("limit", [1, 3, 90])
@pytest.mark.parametrize("reads", [("IM",), ("IM+", "public"), AUDIENCES, ("nobody",)])
def test_it_finds_what_is_made_of_answers_of_milvus(asked: int, limit: int, reads: tuple[str, ...]) -> None:
    rows, draw = some_rows(limit), random.Random(asked)
    whole = Whole(a_live(len(rows)), rows)
    texts = ["", "word1 word1 unheard", *(" ".join(draw.choices(WORDS, k=4)) for _ in range(asked))][:asked]
    wish = Wish(Kind.TEMPLATE, tuple(texts), reads, limit)
    points = np.array([[float(draw.randint(-1, 1)) / 4 for _ in range(DIM)] for _ in texts], dtype=np.float32)

    found = whole.search(wish, points)
    theirs = hits(wish, points, *answers(rows, wish, points), whole.rows)

    assert [list(one) for one in found] == theirs
    assert any(found) == (reads != ("nobody",))
    assert all(hit.source.source_id != "t7" for one in found for hit in one)


def test_a_cosine_that_rounding_lifts_above_one_is_one() -> None:
    whole = Whole(a_live(1), [a_row("a", "IM", "word1", [1.001] + [0.0] * (DIM - 1))])
    [[hit]] = whole.search(Wish(Kind.TEMPLATE, ("word2",), ("IM",), 3), np.eye(1, DIM, dtype=np.float32))

    assert (hit.dense, hit.source.dense, hit.lexical, hit.lexical_rank) == (1.0, 1.0, None, None)
