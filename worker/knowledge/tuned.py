"""Vectors from layers of the embedding model that were tuned on the examples, beside those of the model as it is.

The tuned ones tell near templates apart, the others still know what no example is about. Called by index.py, choice.py
and support/choosing.py; tuning itself is the embedder's (world.Tunable).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from worker.ports.world import Ahead, Embedder, Tunable, Vectors

Later = Callable[[], Vectors]  # called once
NONE = ""  # the label of examples that no template answers
MOST = 5_000  # examples: of more, what tuning adds in right answers it takes from the surest ones


@dataclass(frozen=True)
class Tuned:
    """`vectors`: what these `layers` make of the examples that they were tuned on."""

    layers: bytes
    vectors: Vectors


def tuned_on(embedder: Embedder, texts: Sequence[str], labels: Sequence[str]) -> Tuned | None:
    """None for an embedder that cannot, for more than MOST, and where there are not two labels with two examples."""
    if not isinstance(embedder, Tunable) or len(texts) > MOST:
        return None
    known, owner, counts = np.unique(np.array(labels), return_inverse=True, return_counts=True)
    learnt = ((known != NONE) & (counts > 1))[owner]
    if len(np.unique(owner[learnt])) < 2:
        return None
    layers = embedder.tune([text for text, learn in zip(texts, learnt, strict=True) if learn], owner[learnt])
    return Tuned(layers, embedder.tuned(texts, layers)) if layers else None


def begun(texts: Sequence[str], layers: bytes, embedder: Embedder) -> tuple[Later, Later | None]:
    """What gives the vectors, and what gives those with the tuned `layers`, if there are any. Both may be worked out
    meanwhile; where the embedder cannot do so, they are when they are asked for."""
    if isinstance(embedder, Ahead):
        return embedder.embed_ahead(texts, layers)
    later = partial(embedder.tuned, texts, layers) if layers and isinstance(embedder, Tunable) else None
    return partial(embedder.embed, texts), later


def embedded(texts: Sequence[str], layers: bytes, embedder: Embedder) -> tuple[Vectors, Later | None]:
    """The vectors, and what gives those with the tuned `layers`, which may be worked out meanwhile; else None."""
    vectors, later = begun(texts, layers, embedder)
    return vectors(), later


def beside(vectors: Vectors, tuned: Vectors | None) -> Vectors:
    """(n, 2 * dim) unit vectors, whose cosines are the mean of both; `vectors` alone where there are no others."""
    plain = np.asarray(vectors, dtype=np.float32)
    return plain if tuned is None else np.concatenate([plain, tuned], axis=1) * np.float32(0.5**0.5)


def plain_of(both: Vectors) -> Vectors:
    """What `beside` was given first."""
    return np.ascontiguousarray(both[:, : both.shape[1] // 2]) * np.float32(2**0.5)


def second_halves(tuned: Vectors, both: Vectors) -> tuple[Vectors, Vectors]:
    """Of `beside(vectors, tuned)` what `tuned` became, and the same of what `beside` gave for others."""
    return np.asarray(tuned, dtype=np.float32) * np.float32(0.5**0.5), both[:, both.shape[1] // 2 :]
