"""How a text is worded, as sparse numbers: words, pairs of words and pieces of words, weighted by how rare they are.

Beside an embedding, which says what a text means, this keeps the very words apart ("IM" and "IM+", "card" and "PIN"),
and finds a misspelt word by its pieces. Hashed, so that nothing of a text can be read from it. Called by choice.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.knowledge.buckets import counted, pieces, words_and_pairs
from worker.knowledge.words import sendable

BUCKETS = 2**18  # of words, and as many again of pieces of words


@dataclass(frozen=True)
class Wording:
    """The weights of the buckets that the learned texts fell into; all others count nothing."""

    rarity: NDArray[np.float32]  # (2 * BUCKETS,)

    def of(self, texts: Sequence[str]) -> Any:
        """A sparse (len(texts), 2 * BUCKETS) matrix; a row has length 1 where a text shares words and pieces of words
        with the learned texts, less where it does not."""
        from scipy import sparse

        halves = _counted(texts)
        for number, half in enumerate(halves):
            # By hand: as a product with a diagonal matrix this takes longer than all else that a choice needs.
            half.data *= self.rarity[number * BUCKETS : (number + 1) * BUCKETS][half.indices]
            row = np.repeat(np.arange(len(texts)), np.diff(half.indptr))
            lengths = np.sqrt(np.bincount(row, weights=half.data**2, minlength=len(texts)))
            half.data *= np.sqrt(0.5) / np.where(lengths > 0, lengths, 1.0)[row]
        return sparse.hstack(halves, format="csr")


def learn(texts: Sequence[str]) -> Wording:
    """Rarity as usual: the logarithm of how many texts there are for one with the word."""
    rare = []
    for half in _counted(texts):
        having = np.bincount(half.indices, minlength=BUCKETS)
        rare.append(np.where(having > 0, np.log((1 + len(texts)) / (1 + having)) + 1, 0))
    return Wording(np.concatenate(rare).astype(np.float32))


def _counted(texts: Sequence[str]) -> list[Any]:
    plain = [re.sub(r"[_\W]*_[_\W]*", " ", sendable(text)) for text in texts]
    halves = [counted(plain, cut, BUCKETS) for cut in (words_and_pairs, pieces)]
    for half in halves:
        half.data = 1 + np.log(half.data)  # said twice is not twice as much
    return halves
