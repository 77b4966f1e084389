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

BUCKETS = 2**18  # of words, and as many again of pieces of words
_SHAPES: tuple[dict[str, Any], ...] = (
    {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\w+\+?"},
    {"analyzer": "char_wb", "ngram_range": (3, 5)},
)


@dataclass(frozen=True)
class Wording:
    """The weights of the buckets that the learned texts fell into; all others count nothing."""

    rarity: NDArray[np.float32]  # (2 * BUCKETS,)

    def of(self, texts: Sequence[str]) -> Any:
        """A sparse (len(texts), 2 * BUCKETS) matrix; a row has length 1 where a text shares words and pieces of words
        with the learned texts, less where it does not."""
        from scipy import sparse
        from sklearn.preprocessing import normalize

        halves = []
        for number, counted in enumerate(_counted(texts)):
            # By hand: as a product with a diagonal matrix this takes longer than all else that a choice needs.
            counted.data *= self.rarity[number * BUCKETS : (number + 1) * BUCKETS][counted.indices]
            half = normalize(counted, copy=False)
            half.data *= np.float32(np.sqrt(0.5))
            halves.append(half)
        return sparse.hstack(halves, format="csr")


def learn(texts: Sequence[str]) -> Wording:
    """Rarity as usual: the logarithm of how many texts there are for one with the word."""
    rare = []
    for counted in _counted(texts):
        having = np.bincount(counted.indices, minlength=BUCKETS)
        rare.append(np.where(having > 0, np.log((1 + len(texts)) / (1 + having)) + 1, 0))
    return Wording(np.concatenate(rare).astype(np.float32))


def _counted(texts: Sequence[str]) -> list[Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    # A lone surrogate is no text to whoever counts bytes.
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    plain = [re.sub(r"[_\W]*_[_\W]*", " ", text) for text in texts]
    counted = []
    for shape in _SHAPES:
        made = HashingVectorizer(n_features=BUCKETS, alternate_sign=False, norm=None, dtype=np.float32, **shape)
        found = made.transform(plain)
        found.data = 1 + np.log(found.data)  # said twice is not twice as much
        counted.append(found)
    return counted
