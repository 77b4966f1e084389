"""How well the templates of kb/ are told apart: each example question, left out in turn, must find its own template.

What a support team runs after changing templates. It needs no labelled file: the head is trained on kb/ as index_kb.py
trains it, and says of each question what it would say had the question not been there. A question that is missed has no
like among the others of its template, or stands with the wrong one; those are listed on standard error.
"""

from __future__ import annotations

import argparse

import numpy as np

from worker.bootstrap import load_kb
from worker.evaluation import parts
from worker.evaluation.figures import interval, rounded
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.choice import ranked_without
from worker.knowledge.documents import Kb
from worker.knowledge.index import EMBED_TOGETHER, rows_of
from worker.models import Kind, Noun
from worker.ports import Embedder
from worker.ports.shelf import Tick
from worker.settings import load_settings


class LeftOut(Noun):
    """One example question, its template, and the three that it would find without itself, best first."""

    question: str
    template_id: str
    found: tuple[str, ...]


def leave_out(kb: Kb, embedder: Embedder, tick: Tick) -> list[LeftOut]:
    rows = [row for row in rows_of(kb) if row.source.kind is Kind.TEMPLATE]
    vectors = []
    for start in range(0, len(rows), EMBED_TOGETHER):
        batch = rows[start : start + EMBED_TOGETHER]
        vectors.append(embedder.embed([row.embed for row in batch]))
        tick("embed", start + len(batch), len(rows))
    texts = [row.source.title if row.about == "source" else row.embed for row in rows]
    labels = [row.source.source_id for row in rows]
    found = ranked_without(texts, np.concatenate(vectors), labels, best=3)
    return [
        LeftOut(question=row.embed, template_id=row.source.source_id, found=three)
        for row, three in zip(rows, found, strict=True)
        if row.about == "question"
    ]


def measure(_: argparse.Namespace, screen: Screen) -> Figures:
    kb = load_kb(load_settings())
    judged = leave_out(kb, parts.embedder(), screen.tick)
    for one in judged:
        if one.template_id not in one.found:
            screen.say(f"{one.template_id}: “{one.question}” would find {', '.join(one.found)}")
    told: dict[str, object] = {"n": len(judged), "templates": len(kb.templates)}
    for name, right in (
        ("accuracy", [one.found[0] == one.template_id for one in judged]),
        ("top3", [one.template_id in one.found for one in judged]),
    ):
        values = np.array(right, dtype=float)
        told[name] = rounded(float(values.mean()))
        told[f"{name}_ci95"] = interval(values, lambda drawn: float(drawn.mean()))
    return told


SUITE = Suite(
    "templates", "the templates of KB_DIR: each example question, left out, finds its own", lambda _: None, measure
)
