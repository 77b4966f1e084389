"""Hits of one search made one ranking, and how sure it is that the first of it answers the question.

Vector and BM25 are weighed, not ranked: their sum is on one scale for all questions, so that it can also tell a
question that nothing answers. Called by retrieve.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from worker.knowledge.words import content_words
from worker.models import Source
from worker.ports.world import Hit

AHEAD_OF = 10  # how many of the first stand for "the others"


@dataclass(frozen=True)
class Weights:
    """Of the cosine, and of one point of BM25 over `content_words`. Fixed on FeedbackQA's training questions, one pair
    for every knowledge base; between three quarters and five quarters of it little changes. Fusing ranks, or scores
    made equal for each query, found less."""

    dense: float = 1.0
    lexical: float = 0.0166


@dataclass(frozen=True)
class Sureness:
    """A logistic regression over three things that can be told of a search. Fixed on FeedbackQA's training questions,
    of half of which the right passages were taken away; `evaluate.py retrieval --fit` fits it on a file of your own."""

    nearness: float = 1.68  # the cosine of the first
    cover: float = 1.28  # the share of the question's words that the first has
    lead: float = 4.14  # by how much the first is ahead of the mean of the first ten
    constant: float = -2.51


def summed(hits: Sequence[Hit], weights: Weights = Weights()) -> list[float]:
    """weights.dense * cosine + weights.lexical * BM25 of each hit, in the order of `hits`."""
    return [weights.dense * hit.dense + weights.lexical * (hit.lexical or 0.0) for hit in hits]


def fuse(hits: Sequence[Hit], weights: Weights = Weights()) -> list[Source]:
    """The hits of one search as sources, best first, with fused scores.

    The order is that of `summed`. The score is that sum brought back to the scale of the cosines by mean and deviation
    over the hits, so that a floor means the same with BM25 and without.
    """
    if not hits:
        return []
    dense, sums = [hit.dense for hit in hits], summed(hits, weights)
    middle, summed_middle, spread = _mean(dense), _mean(sums), _deviation(sums)
    scale = _deviation(dense) / spread if spread > 0 else 0.0
    fused: list[Source] = []
    for hit, value in zip(hits, sums, strict=True):
        score = middle + scale * (value - summed_middle) if scale > 0 else hit.dense
        fused.append(hit.source.model_copy(update={"score": min(max(score, 0.0), 1.0), "dense": hit.dense}))
    order = sorted(range(len(hits)), key=lambda i: (-sums[i], -dense[i], fused[i].source_id))
    return [fused[i] for i in order]


def confidence(text: str, best: Sequence[Source], sums: Sequence[float], fixed: Sureness = Sureness()) -> float:
    """How sure it is, 0..1, that the first of `best` answers `text`; 0 where nothing was found."""
    if not best:
        return 0.0
    nearness, cover, lead = signs(text, best, sums)
    return 1 / (1 + math.exp(-(fixed.nearness * nearness + fixed.cover * cover + fixed.lead * lead + fixed.constant)))


def signs(text: str, best: Sequence[Source], sums: Sequence[float]) -> tuple[float, float, float]:
    """What `confidence` goes by: the cosine of the first, its share of the question's words, its lead."""
    asked, has = set(content_words(text)), set(content_words(f"{best[0].title}\n{best[0].text}"))
    first = sorted(sums, reverse=True)[:AHEAD_OF]
    return best[0].dense, len(asked & has) / max(len(asked), 1), first[0] - _mean(first)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
