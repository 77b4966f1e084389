"""An index in memory and an embedder without a model: for unit tests, exact and quick, never for customers.

MemoryIndex implements world.Index and shelf.Shelf with the same meaning as adapters/milvus.py; one contract test holds
both to it.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from worker.errors import Permanent, Retryable
from worker.models import Kind, Source, Template
from worker.ports.shelf import Batches, Build, Contents, Points, Row, Tick, Trained, no_way_back
from worker.ports.world import Hit, Vectors

K1, B = 0.9, 0.4
_WORD = re.compile(r"\w+")


class HashEmbedder:
    """Words hashed into buckets: the more words two texts share, the nearer they are. Implements world.Embedder."""

    def __init__(self, dim: int = 256, name: str = "hash") -> None:
        self.dim = dim
        self.name = f"{name}-{dim}"
        self.embedded = 0  # texts so far

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower()) or [""]:
                vectors[row, int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % self.dim] += 1
        self.embedded += len(texts)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class _Collection:
    build: Build
    rows: tuple[Row, ...]
    vectors: Vectors
    head: bytes = b""


class MemoryIndex:
    """Collections as tuples. `model`: the embedder's name that searches are made with; "" asks for no agreement."""

    def __init__(self, *, model: str = "", keep: int = 2) -> None:
        self._model = model
        self._keep = keep
        self._lock = threading.Lock()
        self._collections: list[_Collection] = []  # the live one last
        self._staged: dict[str, _Collection] = {}
        self._builds = 0

    def search(self, kind: Kind, vector: Vectors, text: str, reads: Sequence[str], limit: int) -> Sequence[Hit]:
        live = self._live()
        readable = [
            i
            for i, row in enumerate(live.rows)
            if row.source.kind is kind and not set(row.source.segments).isdisjoint(reads)
        ]
        dense = _best(live.rows, {i: float(live.vectors[i] @ vector) for i in readable})
        lexical = _best(live.rows, _bm25([_counted(live.rows[i].words) for i in readable], readable, _words(text)))
        ranked = sorted(lexical, key=lambda s: -lexical[s])[:limit]
        nearest = sorted(dense, key=lambda s: -dense[s])[:limit]
        sources = {row.source.source_id: row.source for row in live.rows if row.about == "source"}
        return [
            Hit(
                source=sources[found].model_copy(update={"dense": dense[found]}),
                dense=dense[found],
                lexical_rank=ranked.index(found) if found in ranked else None,
                lexical=lexical[found] if found in ranked else None,
            )
            for found in dict.fromkeys((*nearest, *ranked))
        ]

    def search_all(
        self, kind: Kind, vectors: Vectors, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Sequence[Sequence[Hit]]:
        return [self.search(kind, vectors[n], text, reads, limit) for n, text in enumerate(texts)]

    def begin(
        self, kind: Kind, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Callable[[Vectors], Sequence[Sequence[Hit]]]:
        return lambda vectors: self.search_all(kind, vectors, texts, reads, limit)

    def passages(self, source_ids: Sequence[str], reads: Sequence[str]) -> Sequence[Source]:
        sources = [row.source for row in self._live().rows if row.about == "source" and row.pk in source_ids]
        return [s for s in sources if s.kind is Kind.PASSAGE and not set(s.segments).isdisjoint(reads)]

    def template(self, template_id: str) -> Template | None:
        return next((r.template for r in self._live().rows if r.template and r.pk == template_id), None)

    def head(self) -> bytes:
        return self._collections[-1].head if self._collections else b""

    def version(self) -> str:
        return self._collections[-1].build.collection if self._collections else ""

    def searched(self) -> str:
        return self.version()

    def ping(self) -> str:
        live = self._live()
        return f"memory, {live.build.collection}, {len(live.rows)} rows, {live.build.model}"

    def built(self) -> Build | None:
        return self._collections[-1].build if self._collections else None

    def contents(self) -> Contents:
        if not self._collections:
            return Contents()
        live = self._collections[-1]
        return Contents(
            versions={row.source.source_id: row.source.version for row in live.rows},
            labels={row.source.source_id: row.source.segments for row in live.rows},
            vectors={row.text_hash: live.vectors[i] for i, row in enumerate(live.rows)},
        )

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        points = vectors if isinstance(vectors, np.ndarray) else _in_place(vectors, len(rows), build.dim)
        head = head if isinstance(head, bytes) else head()
        with self._lock:
            self._builds += 1
            named = build.model_copy(update={"collection": f"deskhand_memory_{self._builds}", "rows": len(rows)})
            self._staged[named.collection] = _Collection(named, tuple(rows), points, head)
        tick("write", len(rows), len(rows))
        return named.collection

    def staged(self, name: str) -> MemoryIndex:
        view = MemoryIndex()
        view._collections = [
            one for one in (*self._staged.values(), *self._collections) if one.build.collection == name
        ]
        return view

    def swap(self, name: str, tick: Tick) -> None:
        with self._lock:
            self._collections.append(self._staged.pop(name))
            del self._collections[: -self._keep - 1]

    def discard(self, name: str) -> None:
        self._staged.pop(name, None)

    def earlier(self) -> list[str]:
        return [one.build.collection for one in self._collections[-2::-1]]

    def rollback(self, steps: int = 1) -> str:
        with self._lock:
            there = len(self._collections) - 1
            if not 1 <= steps <= there:
                raise Permanent(no_way_back(steps, there), part="milvus")
            back, live = -1 - steps, self._collections[-1]
            self._collections[back], self._collections[-1] = live, self._collections[back]
        return self.version()

    def _live(self) -> _Collection:
        if not self._collections:
            raise Retryable("there is no index yet: run scripts/index_kb.py", part="milvus", after=30)
        live = self._collections[-1]
        if self._model and live.build.model != self._model:
            raise Permanent(f"the index was built with {live.build.model}, not with {self._model}", part="milvus")
        return live


def _in_place(batches: Batches, rows: int, dim: int) -> Vectors:
    points = np.zeros((rows, dim), dtype=np.float32)
    for places, some in batches:
        points[list(places)] = some
    return points


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


@lru_cache(maxsize=4096)
def _counted(text: str) -> tuple[Counter[str], int]:
    """How often each word stands in the text, and how many words it has. Rows are asked for each search anew."""
    words = _words(text)
    return Counter(words), len(words)


def _best(rows: Sequence[Row], scores: dict[int, float]) -> dict[str, float]:
    """The best score of each source over its rows."""
    best: dict[str, float] = {}
    for i, score in scores.items():
        found = rows[i].source.source_id
        best[found] = max(best.get(found, -math.inf), score)
    return best


def _bm25(documents: Sequence[tuple[Counter[str], int]], ids: Sequence[int], query: Sequence[str]) -> dict[int, float]:
    """Okapi BM25 of the documents that share a word with the query, by id."""
    average = sum(length for _, length in documents) / max(len(documents), 1)
    scores: dict[int, float] = {}
    for word in set(query):
        having = sum(word in count for count, _ in documents)
        weight = math.log((len(documents) - having + 0.5) / (having + 0.5) + 1)
        for i, (count, length) in zip(ids, documents, strict=True):
            if count[word]:
                damped = count[word] + K1 * (1 - B + B * length / average)
                scores[i] = scores.get(i, 0.0) + weight * count[word] * (K1 + 1) / damped
    return scores
