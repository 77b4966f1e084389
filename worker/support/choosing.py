"""The template for a question: what the search found for this reader, in the order of the trained choice's chances.

The search keeps to what the reader may see; the head only orders what came back, and says whether any of it fits.
Called by retrieve.py; `trained` by seeking.py too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.knowledge.choice import Choice, Head
from worker.knowledge.choice_file import unpack
from worker.knowledge.net import views_of
from worker.knowledge.tuned import Later
from worker.models import Source
from worker.ports.world import Embedder, Index, Vectors


@dataclass(frozen=True)
class Chosen:
    """`templates`: best first, each with its chance. `none`: none of them answers the question."""

    templates: tuple[Source, ...] = ()
    none: bool = False
    fits: float | None = None  # the chance that any template at all answers it; None without a trained choice


def trained(index: Index) -> Head | None:
    """The live index's trained choice; None where it has none."""
    stored = index.head()
    return unpack(stored) if stored else None


def choose(
    texts: Sequence[str],
    vectors: Vectors,
    found: Sequence[Sequence[Source]],
    head: Head | None,
    embedder: Embedder | None = None,
    tuned: Later | None = None,
) -> list[Chosen]:
    """For each text what the search `found` for it, ordered by the chances that `head` gives.

    What the reader may not see was not found, and its examples have no say: "when is interest paid?" is about his own
    product. Without a head the order of the search stands. `embedder`: that made the `vectors`; a head asks it for more
    than those where thousands of examples taught it. `tuned`: gives the texts' vectors with the head's layers.
    """
    if head is None:
        return [Chosen(tuple(sources)) for sources in found]
    among = [{source.source_id for source in sources} for sources in found]
    views = views_of(embedder, texts) if head.net and embedder else None
    choices = head.choose(texts, vectors, among, views=views, tuned=tuned)
    return [_ordered(sources, choice) for sources, choice in zip(found, choices, strict=True)]


def _ordered(found: Sequence[Source], choice: Choice) -> Chosen:
    told = [source.model_copy(update={"chance": choice.chances.get(source.source_id, 0.0)}) for source in found]
    ordered = sorted(told, key=lambda source: (*(-x for x in rank(source)), source.source_id))
    return Chosen(tuple(ordered), choice.none, choice.fits)


def rank(source: Source) -> tuple[float, float]:
    """Larger is better."""
    return source.chance or 0.0, source.score
