"""Texts counted into numbered buckets: words and pairs of words, or pieces of words. Called by wording.py.

What scikit-learn's HashingVectorizer counts, into the same buckets (MurmurHash3, 32 bits, seed 0). Loading that library
takes two seconds and 45 MB, which a worker would spend on nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

_WORD = re.compile(r"(?u)\w+\+?")
_GAP = re.compile(r"\s\s+")
PIECES = (3, 4, 5)  # characters


def words_and_pairs(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return words + [f"{one} {next_}" for one, next_ in pairwise(words)]


def pieces(text: str) -> list[str]:
    """Of each word with a blank around it; a word shorter than a piece counts once."""
    return [piece for word in _GAP.sub(" ", text.lower()).split() for piece in _of_word(f" {word} ")]


def _of_word(word: str) -> Iterator[str]:
    for size in PIECES:
        if len(word) <= size:
            yield word
            return
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


def counted(texts: Sequence[str], cut: Callable[[str], Sequence[str]], buckets: int) -> Any:
    """A sparse (len(texts), buckets) matrix: how often what falls into each bucket is said. `texts`: without lone
    surrogates, of which there are no bytes."""
    from mmh3 import hash as number_of
    from scipy import sparse

    places: list[int] = []
    counts: list[int] = []
    ends = [0]
    for text in texts:
        # abs, as there: a number and its negative share a bucket, and so does the one that has none.
        found = Counter(abs(number_of(piece)) % buckets for piece in cut(text))
        places += sorted(found)
        counts += [found[place] for place in sorted(found)]
        ends.append(len(places))
    data = np.array(counts, dtype=np.float32), np.array(places, dtype=np.int32), np.array(ends, dtype=np.int32)
    return sparse.csr_matrix(data, shape=(len(texts), buckets))
