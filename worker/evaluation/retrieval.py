"""Search on judged queries: passages become articles of an index of their own, and the search that answers customers is
asked for each query. With --fit it fits anew how sure a search is of its first (support/fusing.Sureness)."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.errors import BadConfiguration
from worker.evaluation import parts
from worker.evaluation.figures import Numbers, auroc, interval, rounded
from worker.evaluation.files import read_jsonl
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.articles import Article, Section
from worker.knowledge.documents import Kb
from worker.knowledge.index import build
from worker.knowledge.words import sendable
from worker.models import Kind, Reader, Source
from worker.ports import Embedder, Index
from worker.support.fusing import Sureness, Weights, signs
from worker.support.searching import Search

READS = "public"
DEPTH = 10


@dataclass(frozen=True)
class Asked:
    """One query's outcome: ids of the first passages, how sure, what the sureness went by, and the time it took."""

    found: tuple[str, ...]
    sure: float
    signs: tuple[float, float, float]
    relevant: frozenset[str]
    seconds: float


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    passages = read_jsonl(options.passages, {"id": str, "title": str, "text": str}, {"title": ""})
    queries = read_jsonl(options.queries, {"id": str, "text": str, "relevant": list}, {"relevant": []})
    articles, ids = as_articles(passages)
    if unknown := {str(r) for q in queries for r in q["relevant"]} - set(ids.values()):
        raise BadConfiguration(f"{options.queries}: relevant passages that {options.passages} lacks: {len(unknown)}.")
    embedder = parts.embedder()
    with parts.served_shelf(embedder.name) as (shelf, _):
        build(Kb(templates=(), articles=articles), embedder, shelf, progress=screen.tick)
        asked = []
        for query in queries:
            asked.append(ask(query, ids, embedder, shelf))
            screen.tick("asking", len(asked), len(queries))
    return fitted(asked) if options.fit else figures(asked)


def as_articles(passages: Sequence[Mapping[str, Any]]) -> tuple[tuple[Article, ...], dict[str, str]]:
    """Each passage as an article of one section, cut up like any other; and the ids of theirs by ours."""
    articles: list[Article] = []
    ids: dict[str, str] = {}
    for number, passage in enumerate(passages):
        blocks = tuple(block.strip() for block in re.split(r"\n\s*\n", passage["text"]) if block.strip())
        title = " ".join(passage["title"].split()) or "-"
        section = Section(anchor="text", headings=(), segments=(READS,), blocks=blocks or (title,))
        ids[f"p{number}"] = passage["id"]
        articles.append(
            Article(
                article_id=f"p{number}",
                title=title[:300],
                segments=(READS,),
                questions=(),
                updated=date(2026, 1, 1),
                sections=(section,),
            )
        )
    return tuple(articles), ids


def ask(query: Mapping[str, Any], ids: Mapping[str, str], embedder: Embedder, index: Index) -> Asked:
    text = sendable(query["text"])
    started = time.perf_counter()
    finish = Search(index, Reader(segments=(), reads=(READS,)), Weights()).begin(Kind.PASSAGE, [text])
    vectors = embedder.embed([text])
    looked = finish(vectors)[0]
    ended = time.perf_counter()
    return Asked(
        found=_articles(looked.sources, ids),
        sure=looked.sure,
        signs=signs(text, looked.sources, looked.sums) if looked.sources else (0.0, 0.0, 0.0),
        relevant=frozenset(str(one) for one in query["relevant"]),
        seconds=ended - started,
    )


def _articles(sources: Sequence[Source], ids: Mapping[str, str]) -> tuple[str, ...]:
    """An article stands where its best passage stands."""
    return tuple(list(dict.fromkeys(ids[source.article_id] for source in sources))[:DEPTH])


def figures(asked: Sequence[Asked]) -> Figures:
    answerable = [one for one in asked if one.relevant]
    told: dict[str, Any] = {"n": len(asked), "n_answerable": len(answerable)}
    for name, values in measures(answerable).items():
        told[name] = rounded(float(values.mean())) if len(values) else None
        told[f"{name}_ci95"] = interval(np.arange(len(values)), partial(_mean, values))
    sure = np.array([one.sure for one in asked])
    inside = np.array([bool(one.relevant) for one in asked])
    told["unanswerable_auroc"] = rounded(auroc(sure[inside], sure[~inside]))
    told["unanswerable_auroc_ci95"] = interval(
        np.arange(0 if inside.all() else len(asked)),
        lambda rows: auroc(sure[rows][inside[rows]], sure[rows][~inside[rows]]),
    )
    took = [one.seconds * 1000 for one in asked]
    told["ms_per_query"] = round(float(np.mean(took)), 2)
    told["query_p50_ms"], told["query_p95_ms"] = (round(float(np.percentile(took, p)), 2) for p in (50, 95))
    return told


def _mean(values: Numbers, rows: NDArray[np.int64]) -> float:
    return float(values[rows].mean())


def measures(asked: Sequence[Asked]) -> dict[str, Numbers]:
    """A value for each query and measure."""
    rows: dict[str, list[float]] = {name: [] for name in ("r_at_1", "r_at_5", "r_at_10", "hit_at_3", "mrr_at_10")}
    rows["ndcg_at_10"] = []
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    for one in asked:
        right = [passage in one.relevant for passage in one.found]
        for k in (1, 5, 10):
            rows[f"r_at_{k}"].append(sum(right[:k]) / len(one.relevant))
        rows["hit_at_3"].append(float(any(right[:3])))
        rows["mrr_at_10"].append(1 / (right.index(True) + 1) if any(right) else 0.0)
        ideal = float(discount[: len(one.relevant)].sum())
        rows["ndcg_at_10"].append(float(sum(d for d, ok in zip(discount, right, strict=False) if ok)) / ideal)
    return {name: np.array(values) for name, values in rows.items()}


def fitted(asked: Sequence[Asked]) -> Figures:
    """The numbers of fusing.Sureness that tell the queries with a relevant passage from those without one."""
    from sklearn.linear_model import LogisticRegression

    found = np.array([one.signs for one in asked])
    answerable = np.array([bool(one.relevant) for one in asked])
    if answerable.all() or not answerable.any():
        raise BadConfiguration("To fit, the file needs queries with relevant passages and queries without any.")
    middle, spread = found.mean(axis=0), found.std(axis=0) + 1e-9
    model = LogisticRegression(class_weight="balanced").fit((found - middle) / spread, answerable)
    weights = model.coef_[0] / spread
    constant = float(model.intercept_[0] - (weights * middle).sum())
    names = ("nearness", "cover", "lead", "constant")
    told = dict(zip(names, (rounded(v) for v in (*weights, constant)), strict=True))
    now = Sureness()
    return {"n": len(asked), "fitted": told, "now": {name: getattr(now, name) for name in names}}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passages", type=Path, required=True, help="JSONL with id, title, text")
    parser.add_argument("--queries", type=Path, required=True, help="JSONL with id, text, relevant (ids; may be empty)")
    parser.add_argument("--fit", action="store_true", help="print the constants of the sureness that fit this file")


SUITE = Suite(
    "retrieval",
    "search: --passages P.jsonl (id, title, text) --queries Q.jsonl (id, text, relevant)",
    arguments,
    measure,
)
