"""The vectors of all rows, in the batches in which they come: first those that are known, then those that are made.

So that the rows of unchanged texts are written while the model is being loaded, and others while it goes on embedding.
Called by knowledge/index.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from worker.ports.shelf import Row, Tick
from worker.ports.world import Embedder, Vectors

EMBED_TOGETHER = 128  # texts between two steps of the progress bar


class Made:
    """`known`: vectors by `Row.text_hash`. `all`: (len(rows), dim), whole once the batches came to their end."""

    def __init__(self, rows: Sequence[Row], known: Mapping[str, Vectors], dim: int) -> None:
        self.all: Vectors = np.zeros((len(rows), dim), dtype=np.float32)
        self.embedded = 0  # texts so far
        self._known: list[int] = []
        self._missing: dict[str, list[int]] = {}  # places by text
        for place, row in enumerate(rows):
            vector = known.get(row.text_hash)
            if vector is None:
                self._missing.setdefault(row.embed, []).append(place)
            else:
                self.all[place] = vector
                self._known.append(place)

    def batches(self, embedder: Embedder, tick: Tick) -> Iterator[tuple[Sequence[int], Vectors]]:
        """Places and their vectors. Equal texts are embedded once. Raises what the embedder raises."""
        if self._known:
            yield self._known, self.all[self._known]
        # Texts of about one length together: a batch costs as much as its longest text.
        missing = sorted(self._missing, key=lambda text: (len(text), text))
        for start in range(0, len(missing), EMBED_TOGETHER):
            texts = missing[start : start + EMBED_TOGETHER]
            for text, vector in zip(texts, embedder.embed(texts), strict=True):
                self.all[self._missing[text]] = vector
            self.embedded += len(texts)
            tick("embed", self.embedded, len(missing))
            places = [place for text in texts for place in self._missing[text]]
            yield places, self.all[places]
