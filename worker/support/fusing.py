"""Hits of one search made one ranking, and how sure it is that the first of it answers the question.

Vector and BM25 are weighed, not ranked: their sum is on one scale for all questions, so that it can also tell a
question that nothing answers. Called by searching.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.knowledge.words import content_words
from worker.models import Source
from worker.ports.world import Hit, Hits

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
    found = Hits.of(hits)
    return [
        weights.dense * dense + weights.lexical * (lexical or 0.0)
        for dense, lexical in zip(found.dense, found.lexical, strict=True)
    ]


@dataclass(frozen=True)
class Fused:
    """What `fuse` tells, each source made when it is asked for. `kept`: the sources as the index keeps them, best
    first; `dense`, `scores`: of each its cosine and its fused score."""

    kept: Sequence[Source] = ()
    dense: Sequence[float] = ()
    scores: Sequence[float] = ()

    def all(self) -> list[Source]:
        return [self._made(place) for place in range(len(self.kept))]

    def above(self, floor: float, most: int) -> list[Source]:
        """The best of them, `most` at most, without those whose score is below the floor."""
        return [self._made(place) for place in [n for n, score in enumerate(self.scores) if score >= floor][:most]]

    def named(self, ids: Collection[str]) -> list[Source]:
        return [self._made(place) for place, source in enumerate(self.kept) if source.source_id in ids]

    def _made(self, place: int) -> Source:
        return self.kept[place].model_copy(update={"score": self.scores[place], "dense": self.dense[place]})


def fuse(hits: Sequence[Hit], weights: Weights = Weights()) -> list[Source]:
    """The hits of one search as sources, best first, with fused scores: see `fused`."""
    return fused(hits, summed(hits, weights)).all()


def fused(hits: Sequence[Hit], sums: Sequence[float]) -> Fused:
    """The hits of one search as sources, best first, with fused scores. `sums`: as `summed` gives them.

    The order is that of the sums. The score is that sum brought back to the scale of the cosines by mean and deviation
    over the hits, so that a floor means the same with BM25 and without.
    """
    found = Hits.of(hits)
    if not len(found):
        return Fused()
    dense = found.dense
    middle, summed_middle, spread = _mean(dense), _mean(sums), _deviation(sums)
    scale = _deviation(dense) / spread if spread > 0 else 0.0
    scores = [middle + scale * (value - summed_middle) for value in sums] if scale > 0 else dense
    keys = zip([-value for value in sums], [-value for value in dense], [s.source_id for s in found.kept], strict=True)
    order = [place for _, place in sorted(zip(keys, range(len(found)), strict=True))]
    return Fused(
        [found.kept[i] for i in order], [dense[i] for i in order], [min(max(scores[i], 0.0), 1.0) for i in order]
    )


def confidence(text: str, best: Sequence[Source], sums: Sequence[float], fixed: Sureness = Sureness()) -> float:
    """How sure it is, 0..1, that the first of `best` answers `text`; 0 where nothing was found."""
    if not best:
        return 0.0
    nearness, cover, lead = signs(text, best, sums)
    return 1 / (1 + math.exp(-(fixed.nearness * nearness + fixed.cover * cover + fixed.lead * lead + fixed.constant)))


def signs(text: str, best: Sequence[Source], sums: Sequence[float]) -> tuple[float, float, float]:
    """What `confidence` goes by: the cosine of the first, its share of the question's words, its lead."""
    asked, has = set(content_words(text)), _said(best[0].title, best[0].text)
    first = sorted(sums, reverse=True)[:AHEAD_OF]
    return best[0].dense, len(asked & has) / max(len(asked), 1), first[0] - _mean(first)


@lru_cache(maxsize=1_000)
def _said(title: str, text: str) -> frozenset[str]:
    """The words of a source, which is the first one for many questions."""
    return frozenset(content_words(f"{title}\n{text}"))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(sum([(value - mean) ** 2 for value in values]) / len(values))
