"""BM25 as Milvus Lite scores it, over texts that do not change: the same words, the same constants, the same numbers.

Numbers are 32 bits wide and added in the order of the query's words, as there, so that scores come out equal to the
last digit. Called by adapters/milvus_whole.py.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

K1, B = 1.5, 0.75  # Milvus Lite has no others
_WORD = re.compile(r"\w+")  # its standard analyzer: words, in lower case


class Bm25:
    """`texts`: the words of each row."""

    def __init__(self, texts: Iterable[str]) -> None:
        places: dict[str, list[int]] = {}
        counts: dict[str, list[int]] = {}
        lengths: list[int] = []
        for row, text in enumerate(texts):
            said = Counter(_WORD.findall(text.lower()))
            lengths.append(said.total())
            for word, times in said.items():
                places.setdefault(word, []).append(row)
                counts.setdefault(word, []).append(times)
        self._rows = len(lengths)
        average = sum(lengths) / max(self._rows, 1) or 1.0
        damping = K1 * (1.0 - B + B * np.array(lengths, dtype=np.float32) / average)
        self._words = {
            word: self._posting(np.array(rows, dtype=np.int32), np.array(counts.pop(word), dtype=np.float32), damping)
            for word, rows in places.items()
        }

    def scores(self, text: str) -> NDArray[np.float32]:
        """One for each row: larger is better, 0 where it has none of the text's words."""
        found = np.zeros(self._rows, dtype=np.float32)
        said = Counter(_WORD.findall(text.lower()))
        postings = [(posting, times) for word, times in said.items() if (posting := self._words.get(word))]
        if postings:
            rows = np.concatenate([rows for (rows, _), _ in postings])
            weights = [weights if times == 1 else weights * times for (_, weights), times in postings]
            np.add.at(found, rows, np.concatenate(weights))  # one after the other
        return found

    def _posting(
        self, rows: NDArray[np.int32], times: NDArray[np.float32], damping: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The rows that have the word, and what it is worth in each."""
        rarity = math.log((self._rows - len(rows) + 0.5) / (len(rows) + 0.5) + 1.0)
        return rows, np.asarray(rarity * (times * (K1 + 1.0) / (times + damping[rows])), dtype=np.float32)
