"""What a reply may rest on: templates and passages for the questions of a message, within what the reader may read.

What a reader may not read, searching.py keeps out. Called by the pipeline; writing the reply comes after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from worker.knowledge.choice import Head
from worker.knowledge.tuned import Later, embedded
from worker.knowledge.words import sendable
from worker.models import Kind, Noun, Reader, Source
from worker.ports.world import Embedder, Index, Vectors
from worker.support.choosing import Chosen, choose, rank, trained
from worker.support.fusing import Weights
from worker.support.neighbours import beside, neighbours
from worker.support.searching import CANDIDATES, Looked, Search
from worker.support.seeking import Sought, seek

TEMPLATES_OF_A_QUESTION = 3
PASSAGES_OF_A_QUESTION = 4
PASSAGES_OF_AN_ARTICLE = 3
PASSAGES = 6


@dataclass(frozen=True)
class Floors:
    """Fused scores below which a source is not shown to the writer at all. `found`: the confidence below which nothing
    that was found for a question counts; less than one answerable question in a hundred lies below it."""

    template: float = 0.25
    passage: float = 0.25
    found: float = 0.15


class Found(Noun):
    """What the searches brought, best first. A template's text is its body.

    `score` of a source is fused and on the scale of a cosine, cut to 0..1; `dense` is the cosine itself.
    `sure`: for each question how sure it is, 0..1, that a passage answers it, whether or not any was kept.
    `fit`: for each question the scores of its own templates: a source that suits one question says nothing of another.
    `per_question`: for each question the ids of its templates and of its passages, best first, all of them in
    `templates` or `passages`. Where a section was cut, the parts beside a passage come last, without a score if no
    search brought them. `unfit`: questions of which the trained choice says that none of the templates that this
    reader may see answers them.
    """

    templates: tuple[Source, ...] = ()
    passages: tuple[Source, ...] = ()
    per_question: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = Field(default_factory=dict)
    fit: dict[str, dict[str, float]] = Field(default_factory=dict)
    sure: dict[str, float] = Field(default_factory=dict)
    unfit: tuple[str, ...] = ()

    def supports(self, question: str) -> bool:
        """Whether an answer to it has anything to rest on: a passage, or a template that fits."""
        templates, passages = self.per_question.get(question, ((), ()))
        return bool(passages) or (bool(templates) and question not in self.unfit)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Questions that the knowledge base says nothing about, as far as its passages were searched."""
        return tuple(
            question for question in self.per_question if question in self.sure and not self.supports(question)
        )


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
    """Searches with each question, and for templates with the whole message too, a long one part by part.

    At most three templates and four passages for a question; in all at most six passages, three of one article, and
    three more that stand beside them where a section was cut.
    `passages`: False where templates alone are wanted. `before`: what the customer wrote before on this ticket, for a
    first question that leans on it. Raises what index and embedder raise.
    """
    sought = seek(questions, message_text, index, embedder, before=before)
    return found_by(sought, reader, index, embedder, passages=passages, weights=weights, floors=floors)


def found_by(
    sought: Sought | None,
    reader: Reader,
    index: Index,
    embedder: Embedder,
    *,
    passages: bool = True,
    weights: Weights = Weights(),
    floors: Floors = Floors(),
) -> Found:
    """`retrieve` for what `seek` began; nothing for None."""
    if sought is None:
        return Found()
    asked, texts, said, head, tuned = sought.asked, sought.texts, sought.said, sought.head, sought.tuned
    search = Search(index, reader, weights)
    wanted = asked if passages else []
    # Both are on their way while the texts are embedded, which takes about as long.
    for_passages = search.begin(Kind.PASSAGE, said[: len(wanted)])
    for_templates = search.begin(Kind.TEMPLATE, said)
    vectors = sought.vectors()
    looked = dict(zip(wanted, for_passages(vectors[: len(wanted)]), strict=True))
    templates = for_templates(vectors)
    if (now := trained(index)) is not head:  # another index came meanwhile, with a choice of its own
        head, tuned = now, embedded(said, now.layers, embedder)[1] if now else None
    # Before the choice, which waits for what is still being embedded.
    by_question = _passages_of(asked, looked, floors, search)
    for_text = dict(zip(texts, _chosen(said, vectors, templates, head, embedder, tuned), strict=True))
    by_text = {text: _shown(found, floors.template) for text, found in for_text.items()}
    unfit = tuple(text for text in asked if for_text[text].none)
    return _found(asked, by_text, by_question, {text: one.sure for text, one in looked.items()}, unfit)


def _passages_of(
    asked: Sequence[str], looked: Mapping[str, Looked], floors: Floors, search: Search
) -> dict[str, list[Source]]:
    """For each question the passages that are shown, with the parts beside them."""
    by_question = {
        text: one.fused.above(floors.passage, PASSAGES_OF_A_QUESTION) if one.sure >= floors.found else []
        for text, one in ((text, looked.get(text, Looked())) for text in asked)
    }
    shown = _shared(by_question)
    parts = {part for source in shown for part in beside(source.source_id)}
    seen = {source.source_id: source for one in looked.values() for source in one.fused.named(parts)}
    return _with_neighbours(by_question, shown, neighbours(shown, seen, search.read))


def _with_neighbours(
    by_question: Mapping[str, Sequence[Source]], shown: Sequence[Source], beside: Mapping[str, Sequence[Source]]
) -> dict[str, list[Source]]:
    """For each question those of its passages that are shown, then the parts beside them."""
    best = {source.source_id: source for source in shown}
    told: dict[str, list[Source]] = {}
    for text, sources in by_question.items():
        kept = [best[source.source_id] for source in sources if source.source_id in best]
        more = [part for source in kept for part in beside.get(source.source_id, ())]
        told[text] = list({source.source_id: source for source in (*kept, *more)}.values())
    return told


def _found(
    asked: Sequence[str],
    by_text: Mapping[str, Sequence[Source]],
    by_question: Mapping[str, Sequence[Source]],
    sure: dict[str, float],
    unfit: tuple[str, ...],
) -> Found:
    passages = {source.source_id: source for found in by_question.values() for source in found}
    return Found(
        templates=_merged(source for found in by_text.values() for source in found),
        passages=tuple(sorted(passages.values(), key=lambda s: (-s.score, s.source_id))),
        per_question={
            text: (
                tuple(source.source_id for source in by_text[text]),
                tuple(source.source_id for source in by_question[text]),
            )
            for text in asked
        },
        sure=sure,
        fit={text: {source.source_id: source.score for source in by_text[text]} for text in asked},
        unfit=unfit,
    )


def _shown(found: Chosen, floor: float) -> list[Source]:
    return [source for source in found.templates if source.score >= floor][:TEMPLATES_OF_A_QUESTION]


def templates_for(
    texts: Sequence[str], embedder: Embedder, reader: Reader, index: Index, *, weights: Weights = Weights()
) -> list[Chosen]:
    """The templates for each text, best first, and whether none of them fits it."""
    said = [sendable(text) for text in texts]
    head = trained(index)
    vectors, tuned = embedded(said, head.layers if head else b"", embedder)
    looked = Search(index, reader, weights).look_all(Kind.TEMPLATE, vectors, said)
    return _chosen(said, vectors, looked, head, embedder, tuned)


def _chosen(
    texts: Sequence[str],
    vectors: Vectors,
    looked: Sequence[Looked],
    head: Head | None,
    embedder: Embedder,
    tuned: Later | None,
) -> list[Chosen]:
    found = [one.fused.above(0.0, CANDIDATES[Kind.TEMPLATE]) for one in looked]
    return choose(texts, vectors, found, head, embedder, tuned)


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
