"""What a reply may rest on: templates and passages for the questions of a message, within what the reader may read.

The index filters by the reader's labels; every row that comes back is checked again here, and one that is not readable
is dropped and logged. Called by the pipeline; choosing the template and writing the reply come after.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from pydantic import Field

from worker.models import Kind, Noun, Reader, Source
from worker.ports.world import Embedder, Hit, Index, Vectors
from worker.support.choosing import Chosen, choose, rank
from worker.support.questions import in_context

log = structlog.get_logger(__name__)

TEMPLATES_OF_A_QUESTION = 3
PASSAGES_OF_A_QUESTION = 4
PASSAGES_OF_AN_ARTICLE = 3
PASSAGES = 6
CANDIDATES = {Kind.TEMPLATE: 12, Kind.PASSAGE: 30}  # sources asked for by vector and by words, before fusing
MESSAGE_READ = 1_500  # characters of the whole message that are searched with


@dataclass(frozen=True)
class Weights:
    """Of the two z-normalised scores. Fixed on development data, where plain rank fusion lost what dense search had."""

    dense: float = 0.7
    lexical: float = 0.3


@dataclass(frozen=True)
class Floors:
    """Fused scores below which a source is not shown to the writer at all."""

    template: float = 0.25
    passage: float = 0.25


class Found(Noun):
    """What the searches brought, best first. A template's text is its body.

    `score` of a source is fused and on the scale of a cosine, cut to 0..1; `dense` is the cosine itself.
    `fit`: for each question the scores of its own templates: a source that suits one question says nothing of another.
    `per_question`: for each question the ids of its templates and of its passages, best first, all of them in
    `templates` or `passages`. `unfit`: questions of which the trained choice says that none of the templates that this
    reader may see answers them.
    """

    templates: tuple[Source, ...] = ()
    passages: tuple[Source, ...] = ()
    per_question: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = Field(default_factory=dict)
    fit: dict[str, dict[str, float]] = Field(default_factory=dict)
    unfit: tuple[str, ...] = ()


def retrieve(
    questions: Sequence[str],
    message_text: str,
    reader: Reader,
    index: Index,
    embedder: Embedder,
    *,
    passages: bool = True,
    before: str = "",
    weights: Weights = Weights(),
    floors: Floors = Floors(),
) -> Found:
    """Searches with each question, and for templates with the whole message too.

    At most three templates and four passages for a question; in all at most six passages, three of one article.
    `passages`: False where templates alone are wanted. `before`: what the customer wrote before on this ticket, for a
    first question that leans on it. Raises what index and embedder raise.
    """
    asked = list(dict.fromkeys(q for q in (*questions, *([] if questions else [message_text])) if q.strip()))
    whole = message_text[:MESSAGE_READ]
    texts = [*asked, *([whole] if whole.strip() and whole not in asked else [])]
    if not texts:
        return Found()
    said = [*in_context(asked, before), *texts[len(asked) :]]
    vectors = embedder.embed(said)
    for_text = dict(zip(texts, templates_for(said, vectors, reader, index, weights=weights), strict=True))
    by_text = {text: _shown(found, floors.template) for text, found in for_text.items()}
    search = _Search(index, reader, weights)
    by_question = {
        text: search.best(Kind.PASSAGE, vectors[i], said[i], PASSAGES_OF_A_QUESTION, floors.passage) if passages else []
        for i, text in enumerate(asked)
    }
    shown = _shared(by_question)
    kept = {source.source_id for source in shown}
    return Found(
        templates=_merged(source for found in by_text.values() for source in found),
        passages=shown,
        per_question={
            text: (
                tuple(source.source_id for source in by_text[text]),
                tuple(source.source_id for source in by_question[text] if source.source_id in kept),
            )
            for text in asked
        },
        fit={text: {source.source_id: source.score for source in by_text[text]} for text in asked},
        unfit=tuple(text for text in asked if for_text[text].none),
    )


def fuse(hits: Sequence[Hit], weights: Weights = Weights()) -> list[Source]:
    """The hits of one search as sources, best first, with fused scores.

    Fused is weights.dense * z(dense) + weights.lexical * z(lexical), then brought back to the scale of the cosines by
    their mean and deviation: the order is that of the z-scores, and yet a floor means the same for every query.
    """
    if not hits:
        return []
    dense, spread = [hit.dense for hit in hits], _deviation([hit.dense for hit in hits])
    worded = [hit.lexical for hit in hits if hit.lexical is not None]
    lexical = [hit.lexical or 0.0 for hit in hits]
    mean, words_mean, words_spread = _mean(dense), _mean(lexical), _deviation(lexical)
    fused: list[Source] = []
    for hit, words in zip(hits, lexical, strict=True):
        score = hit.dense
        if worded and words_spread > 0 and spread > 0:
            as_cosine = mean + spread * (words - words_mean) / words_spread
            score = (weights.dense * hit.dense + weights.lexical * as_cosine) / (weights.dense + weights.lexical)
        fused.append(hit.source.model_copy(update={"score": min(max(score, 0.0), 1.0), "dense": hit.dense}))
    return sorted(fused, key=lambda source: (-source.score, -source.dense, source.source_id))


def _shown(found: Chosen, floor: float) -> list[Source]:
    return [source for source in found.templates if source.score >= floor][:TEMPLATES_OF_A_QUESTION]


def templates_for(
    texts: Sequence[str], vectors: Vectors, reader: Reader, index: Index, *, weights: Weights = Weights()
) -> list[Chosen]:
    """The templates for each text, best first, and whether none of them fits it. `vectors`: of the texts, in order."""
    search = _Search(index, reader, weights)
    found = [
        search.best(Kind.TEMPLATE, vectors[i], text, CANDIDATES[Kind.TEMPLATE], 0.0) for i, text in enumerate(texts)
    ]
    return choose(texts, vectors, found, index)


@dataclass(frozen=True)
class _Search:
    index: Index
    reader: Reader
    weights: Weights

    def best(self, kind: Kind, vector: Vectors, text: str, limit: int, floor: float) -> list[Source]:
        hits = self.index.search(kind, vector, text, self.reader.reads, CANDIDATES[kind])
        return [s for s in fuse(self._readable(kind, hits), self.weights) if s.score >= floor][:limit]

    def _readable(self, kind: Kind, hits: Iterable[Hit]) -> list[Hit]:
        """The second look: the filter in the query is the first, and no customer must depend on one alone."""
        kept: list[Hit] = []
        for hit in hits:
            if hit.source.kind is kind and not set(hit.source.segments).isdisjoint(self.reader.reads):
                kept.append(hit)
            else:
                log.error("retrieve.unreadable", source_id=hit.source.source_id, segments=hit.source.segments)
        return kept


def _merged(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each source once, with its best chance and score, best first."""
    best: dict[str, Source] = {}
    for source in sources:
        if source.source_id not in best or rank(source) > rank(best[source.source_id]):
            best[source.source_id] = source
    return tuple(sorted(best.values(), key=lambda s: (*(-x for x in rank(s)), s.source_id)))


def _shared(by_question: Mapping[str, Sequence[Source]]) -> tuple[Source, ...]:
    """Passages by turns, the best of each question first, so that a second question is not crowded out."""
    chosen: dict[str, Source] = {}
    articles: dict[str, int] = {}
    for turn in range(PASSAGES_OF_A_QUESTION):
        for found in by_question.values():
            if turn >= len(found) or len(chosen) >= PASSAGES:
                continue
            source = found[turn]
            if source.source_id in chosen:
                chosen[source.source_id] = max(chosen[source.source_id], source, key=lambda s: s.score)
            elif articles.get(source.article_id, 0) < PASSAGES_OF_AN_ARTICLE:
                chosen[source.source_id] = source
                articles[source.article_id] = articles.get(source.article_id, 0) + 1
    return tuple(sorted(chosen.values(), key=lambda s: (-s.score, s.source_id)))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
