"""How a text is worded, as sparse numbers: words, pairs of words and pieces of words, weighted by how rare they are.

Beside an embedding, which says what a text means, this keeps the very words apart ("IM" and "IM+", "card" and "PIN"),
and finds a misspelt word by its pieces. Hashed, so that nothing of a text can be read from it. Called by choice.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.knowledge.buckets import counted, numbered, pieces, words_and_pairs
from worker.knowledge.words import sendable

BUCKETS = 2**18  # of words, and as many again of pieces of words
CUTS = (words_and_pairs, pieces)
_RULED = re.compile(r"[_\W]*_[_\W]*")


class Rows(NamedTuple):
    """Rows of sparse numbers, by the names that scipy has for them, whose matrices take longer to make than all that is
    asked of them for one message: `data` at the columns `indices`, row n from `indptr[n]` to `indptr[n + 1]`."""

    data: NDArray[np.float32]
    indices: NDArray[np.int64]
    indptr: NDArray[np.int64]


@dataclass(frozen=True)
class Wording:
    """The weights of the buckets that the learned texts fell into; all others count nothing."""

    rarity: NDArray[np.float32]  # (2 * BUCKETS,)

    def of(self, texts: Sequence[str]) -> Any:
        """`rows` as a sparse (len(texts), 2 * BUCKETS) matrix; for thousands of texts."""
        from scipy import sparse

        rows = [self.rows([text]) for text in texts]
        ends = np.cumsum([0, *(len(row.data) for row in rows)], dtype=np.int32)
        places, data = np.empty(ends[-1], dtype=np.int32), np.empty(ends[-1], dtype=np.float32)
        for row, start, end in zip(rows, ends, ends[1:], strict=False):
            places[start:end], data[start:end] = row.indices, row.data
        return sparse.csr_matrix((data, places, ends), shape=(len(texts), 2 * BUCKETS))

    def rows(self, texts: Sequence[str]) -> Rows:
        """Each text's learned buckets, of 2 * BUCKETS, and what they weigh; a row has length 1 where a text shares
        words and pieces of words with the learned texts, less where it does not."""
        places, counts = numbered([cut(plain) for plain in map(_plain, texts) for cut in CUTS], BUCKETS)
        rarity = self.rarity[places % (2 * BUCKETS)]
        learned = np.flatnonzero(rarity)
        places, half = places[learned], places[learned] // BUCKETS
        # Said twice is not twice as much.
        weights = (1 + np.log(counts[learned].astype(np.float32))) * rarity[learned]
        lengths = np.sqrt(np.bincount(half, weights=weights**2))
        weights *= np.sqrt(0.5) / np.where(lengths > 0, lengths, 1.0)[half]
        ends = np.searchsorted(places, np.arange(len(texts) + 1) * (2 * BUCKETS))
        return Rows(weights, places % (2 * BUCKETS), ends)


def learn(texts: Sequence[str]) -> Wording:
    """Rarity as usual: the logarithm of how many texts there are for one with the word."""
    rare = []
    plain = [_plain(text) for text in texts]
    for cut in CUTS:
        having = np.bincount(counted(plain, cut, BUCKETS).indices, minlength=BUCKETS)
        rare.append(np.where(having > 0, np.log((1 + len(texts)) / (1 + having)) + 1, 0))
    return Wording(np.concatenate(rare).astype(np.float32))


def _plain(text: str) -> str:
    return _RULED.sub(" ", sendable(text))
