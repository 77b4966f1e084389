"""Texts counted into numbered buckets: words and pairs of words, or pieces of words. Called by wording.py.

What scikit-learn's HashingVectorizer counts, into the same buckets (MurmurHash3, 32 bits, seed 0). Loading that library
takes two seconds and 45 MB, which a worker would spend on nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"(?u)\w+\+?")
_GAP = re.compile(r"\s\s+")
PIECES = (3, 4, 5)  # characters


def words_and_pairs(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return words + [f"{one} {next_}" for one, next_ in pairwise(words)]


def pieces(text: str) -> list[str]:
    """Of each word with a blank around it; a word shorter than a piece counts once."""
    found: list[str] = []
    for word in _GAP.sub(" ", text.lower()).split():
        bounded = f" {word} "
        for size in PIECES:
            if len(bounded) <= size:
                found.append(bounded)
                break
            found += [bounded[start : start + size] for start in range(len(bounded) - size + 1)]
    return found


def numbered(rows: Sequence[Sequence[str]], buckets: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the strings of each row fall into, as row * buckets + bucket, in order, and how many into each. Without lone
    surrogates, of which there are no bytes."""
    from mmh3 import hash as number_of

    lengths = [len(row) for row in rows]
    numbers = np.fromiter(map(number_of, chain.from_iterable(rows)), dtype=np.int64, count=sum(lengths))
    # abs, as there: a number and its negative share a bucket, and so does the one that has none in 32 bits.
    places = np.abs(numbers) % buckets + np.repeat(np.arange(len(rows)) * buckets, lengths)
    return np.unique(places, return_counts=True)


def counted(texts: Sequence[str], cut: Callable[[str], Sequence[str]], buckets: int) -> Any:
    """A sparse (len(texts), buckets) matrix: how often what falls into each bucket is said."""
    from scipy import sparse

    rows = [numbered([cut(text)], buckets) for text in texts]  # one by one: thousands have millions of pieces
    ends = np.cumsum([0, *(len(places) for places, _ in rows)], dtype=np.int32)
    places, data = np.empty(ends[-1], dtype=np.int32), np.empty(ends[-1], dtype=np.float32)
    for (found, counts), start, end in zip(rows, ends, ends[1:], strict=False):
        places[start:end], data[start:end] = found, counts
    return sparse.csr_matrix((data, places, ends), shape=(len(texts), buckets))
