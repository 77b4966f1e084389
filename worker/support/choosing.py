"""The template for a question: what the search found for this reader, in the order of the trained choice's chances.

The search keeps to what the reader may see; the head only orders what came back, and says whether any of it fits.
Called by retrieve.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.knowledge.choice import Choice
from worker.knowledge.choice_file import unpack
from worker.models import Source
from worker.ports.world import Index, Vectors


@dataclass(frozen=True)
class Chosen:
    """`templates`: best first, each with its chance. `none`: none of them answers the question."""

    templates: tuple[Source, ...] = ()
    none: bool = False
    fits: float | None = None  # the chance that any template at all answers it; None without a trained choice


def choices(texts: Sequence[str], vectors: Vectors, index: Index) -> Sequence[Choice | None]:
    """What the trained choice of the live index says of each text; None for each where the index has none."""
    stored = index.head()
    return unpack(stored).choose(texts, vectors) if stored else [None] * len(texts)


def chosen(found: Sequence[Source], choice: Choice | None) -> Chosen:
    """The chances count every template: where the best one is not the reader's to see, none of the others gets its
    share, and none fits. Without a trained choice the order of the search stands."""
    if choice is None:
        return Chosen(tuple(found))
    told = [source.model_copy(update={"chance": choice.chances.get(source.source_id, 0.0)}) for source in found]
    ordered = sorted(told, key=lambda source: (*(-x for x in rank(source)), source.source_id))
    none = choice.none or not ordered or ordered[0].source_id != choice.best
    return Chosen(tuple(ordered), none, choice.fits)


def rank(source: Source) -> tuple[float, float]:
    """Larger is better."""
    return source.chance or 0.0, source.score
