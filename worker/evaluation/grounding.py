"""Replies and the text they should rest on: how well what the guards find tells the grounded ones from the others.

Each reply is judged by `exact`, `meaning` and `supported` as if a model had written it citing the whole text. `flagged`
is their own word; the score behind `auroc` weighs what they found, and in long replies the share of words that the text
does not have. Lines may carry a `kind`; figures are told for each.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from worker.errors import BadConfiguration
from worker.evaluation.figures import Numbers, auroc, interval, rounded
from worker.evaluation.files import read_jsonl
from worker.evaluation.suite import Figures, Screen, Suite
from worker.evaluation.weighing import FOLDS, labelled, weigh
from worker.models import Finding, Identity, Kind, Part, Reader, Sentence, Source, Strength
from worker.support.guard import GUARDS, judge
from worker.support.guard.candidate import Candidate
from worker.support.guard.doubt import FORMS, FREE, chance, measures
from worker.support.sentences import sentences

ASKED = ("exact", "supported", "meaning")
_WORD = re.compile(r"\w+")


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    rows = read_jsonl(options.file, {"id": str, "source": str, "reply": str, "grounded": bool})
    if options.rows:
        rows = random.Random(1).sample(rows, k=min(options.rows, len(rows)))
    flagged, scores, plain, measured = [], [], [], []
    for row in rows:
        found, of_row, score, overlap = judged(row["source"], row["reply"])
        flagged.append(bool(found))
        measured.append(of_row)
        scores.append(score)
        plain.append(overlap)
        screen.tick("judge", len(scores), len(rows))
    told = (np.array(flagged), np.array(scores), np.array(plain), np.array([not row["grounded"] for row in rows]))
    kinds = np.array([str(row.get("kind", "")) for row in rows])
    by_kind = {str(kind): figures(*(one[kinds == kind] for one in told)) for kind in dict.fromkeys(kinds.tolist())}
    fit = {"fit": fitted(rows, measured)} if options.fit else {}
    return figures(*told) | ({"by_kind": by_kind} if len(by_kind) > 1 else {}) | fit


def judged(text: str, said: str) -> tuple[tuple[Finding, ...], Mapping[str, float], float, float]:
    """What the guards found, the measures, how much is in doubt by them, and plain overlap's own score."""
    reply = candidate(text, said)
    found = judge(reply, {name: GUARDS[name] for name in ASKED})
    measured = measures(reply)
    known = set(_WORD.findall(text.casefold()))
    words = _WORD.findall(said.casefold())
    new = sum(word not in known for word in words) / max(len(words), 1)
    return found, measured, chance(measured), new


def candidate(text: str, said: str) -> Candidate:
    source = Source(source_id="T", kind=Kind.PASSAGE, title="", text=text, segments=("public",), version="1")
    told = tuple(Sentence(text=sentence, sources=("T",)) for sentence in sentences(said))
    return Candidate(
        parts=(Part(question="?", sentences=told),),
        sources={"T": source},
        template_ids=(),
        facts={},
        identity=Identity(strength=Strength.UNKNOWN),
        reader=Reader(segments=(), reads=("public",)),
    )


def fitted(rows: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, float]]) -> Figures:
    """WEIGHTS of `doubt` as these replies would have them, and how well such weights do on unseen sources."""
    wrong, kinds = [not row["grounded"] for row in rows], [str(row.get("kind", "")) for row in rows]
    if len(set(wrong)) < 2 or len({row["source"] for row in rows}) < FOLDS:
        raise BadConfiguration(f"--fit needs replies of both labels on at least {FOLDS} sources.")
    weighed = weigh(labelled(measured, wrong, kinds, [row["source"] for row in rows]), FREE, FORMS)
    sides = [(kind, np.array(kinds) == kind) for kind in dict.fromkeys(kinds)]
    right = ~np.array(wrong)
    return {
        "weights": {name: round(weight, 4) for name, weight in weighed.weights.items()},
        "unseen_auroc": {
            kind: rounded(auroc(weighed.unseen[of & ~right], weighed.unseen[of & right])) for kind, of in sides
        },
    }


def figures(flagged: Numbers, scores: Numbers, plain: Numbers, wrong: Numbers) -> dict[str, Any]:
    """`overlap_auroc`: what the share of words that the text does not have would reach by itself."""
    rows = np.arange(len(wrong))
    right_of_wrong, right_of_right = _share(flagged[wrong]), _share(~flagged[~wrong])
    hits = float((flagged & wrong).sum())
    both = None if right_of_wrong is None or right_of_right is None else (right_of_wrong + right_of_right) / 2
    return {
        "n": len(wrong),
        "auroc": rounded(auroc(scores[wrong], scores[~wrong])),
        "auroc_ci95": interval(rows, lambda at: auroc(scores[at][wrong[at]], scores[at][~wrong[at]])),
        "overlap_auroc": rounded(auroc(plain[wrong], plain[~wrong])),
        "f1": rounded(2 * hits / max(float(flagged.sum() + wrong.sum()), 1.0)),
        "balanced_accuracy": rounded(both),
        "flagged": rounded(_share(flagged)),
    }


def _share(some: Numbers) -> float | None:
    return float(some.mean()) if len(some) else None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, required=True, help="JSONL with id, source, reply, grounded (and kind)")
    parser.add_argument("--fit", action="store_true", help="weigh the measures of support.guard.doubt anew")
    parser.add_argument("--rows", type=int, default=0, help="only so many of them, drawn by chance (0: all)")


SUITE = Suite("grounding", "is the reply in its source: --file F.jsonl", arguments, measure)
