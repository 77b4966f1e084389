"""Texts to vectors with a sentence-transformers model, on the CPU, behind one thread.

One thread, because tokenizers are not safe to share, and because texts of several callers embedded together cost half
of what they cost one by one. Importing this module loads nothing; making a MiniLmEmbedder takes some seconds.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from worker.adapters.embedding_bert import Bert
from worker.adapters.embedding_model import load, model_name, packaged_model
from worker.errors import Permanent, Retryable

if TYPE_CHECKING:
    from worker.ports.world import Vectors

TOGETHER = 32  # texts of one forward pass
LATELY = 64  # texts whose views are kept until as many others were embedded
SLACK = 8  # word pieces left free in each part, since a part cut out may count a little more than it did in the whole
FEW = 800  # characters that one core embeds as soon as several do, which would wait for one another after each step


@dataclass(frozen=True)
class _Wish:
    """Vectors of `texts`, with the tuned `layers` if any are told; where `groups` are told, such layers as bytes.
    `behind`: what the same turn works out after that, of what this one leaves."""

    texts: Sequence[str]
    layers: bytes = b""
    groups: NDArray[Any] | None = None
    behind: _Wish | None = None
    answer: Future[Any] = field(default_factory=Future)


class MiniLmEmbedder:
    """all-MiniLM-L6-v2, or any model of that library. Implements world.Embedder.

    `model`: a folder or a hub id; None for the packaged one. `threads`: how many cores a forward pass may use, None for
    all. `linger`: seconds that a forward pass waits for texts of other callers. `brief`: whether in bfloat16; None
    where processor and model can. `name`: its `model_name`, where that is known. Raises BadConfiguration where the
    model cannot be loaded, or not so.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        threads: int | None = None,
        linger: float = 0.0,
        brief: bool | None = False,
        name: str = "",
    ) -> None:
        self._cores = threads or os.cpu_count() or 1
        self._model = load(model or str(packaged_model()), brief)
        self._linger = linger
        self.name = name or model_name(model)
        self.dim = self._model.dim
        self._wishes: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()
        self._lately: dict[str, Vectors] = {}  # rows of `views`
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="embedding", daemon=True)
        self._thread.start()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit vectors. A text longer than the model reads is embedded in parts, and averaged."""
        return self._vectors(texts, self._ask(texts))

    def views(self, texts: Sequence[str]) -> Vectors | None:
        """(len(texts), several times dim): what several layers say, each of length 1, the vector first. None where the
        model cannot tell. Costs nothing for texts that were embedded last: it was worked out with their vectors."""
        if not self._model.deep:
            return None
        with self._closing:
            rows = [self._lately.get(text) for text in texts]
        known = [row for row in rows if row is not None]
        return np.stack(known) if rows and len(known) == len(rows) else self._ask(texts)

    def tune(self, texts: Sequence[str], groups: NDArray[Any]) -> bytes:
        """See world.Tunable. Nobody is served meanwhile."""
        return bytes(self._wished(_Wish(tuple(texts), groups=groups))) if isinstance(self._model, Bert) else b""

    def tuned(self, texts: Sequence[str], layers: bytes) -> Vectors:
        """See world.Tunable."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        self._tunable()
        return np.asarray(self._wished(_Wish(tuple(texts), layers)))

    def embed_ahead(
        self, texts: Sequence[str], layers: bytes
    ) -> tuple[Callable[[], Vectors], Callable[[], Vectors] | None]:
        """See world.Ahead. Both in one turn of the model's thread: who asks twice waits twice for those before him."""
        if not texts:
            return lambda: self.embed(texts), (lambda: self.tuned(texts, layers)) if layers else None
        if layers:
            self._tunable()
        tuned = _Wish(tuple(texts), layers)
        wish = self._wish(_Wish(tuple(texts), behind=tuned if layers else None))

        def plain() -> Vectors:
            return self._vectors(texts, np.asarray(wish.answer.result()))

        return plain, (lambda: np.asarray(tuned.answer.result())) if layers else None

    def _ask(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim * max(len(self._model.deep), 1)), dtype=np.float32)
        return np.asarray(self._wished(_Wish(tuple(texts))))

    def _wish(self, wish: _Wish) -> _Wish:
        with self._closing:
            if self._closed:
                raise Permanent("the embedder is closed", part="embedding")
            self._wishes.put(wish)
        return wish

    def _wished(self, wish: _Wish) -> Any:
        return self._wish(wish).answer.result()

    def _vectors(self, texts: Sequence[str], wide: Vectors) -> Vectors:
        """Of what `_ask` gave; the rest of it is kept for `views`."""
        if len(texts) <= LATELY:
            with self._closing:
                self._lately |= dict(zip(texts, wide, strict=True))
                for text in list(self._lately)[:-LATELY]:
                    del self._lately[text]
        return np.ascontiguousarray(wide[:, : self.dim])

    def close(self) -> None:
        """Ends the thread after what it was asked before. Safe to repeat."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._wishes.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (first := self._wishes.get()) is not None:
            wishes, last = self._collect(first)
            wishes += [wish.behind for wish in wishes if wish.behind is not None]
            for layers in dict.fromkeys(wish.layers for wish in wishes):
                self._fulfil([wish for wish in wishes if wish.layers == layers and wish.groups is None], layers)
            for wish in wishes:
                if wish.groups is not None:
                    self._fulfil_tuning(wish, wish.groups)
            if last:
                return

    def _fulfil(self, wishes: Sequence[_Wish], layers: bytes) -> None:
        with _told_of_trouble(wishes):
            vectors = self._encode([text for wish in wishes for text in wish.texts], layers)
            start = 0
            for wish in wishes:
                wish.answer.set_result(vectors[start : start + len(wish.texts)])
                start += len(wish.texts)

    def _fulfil_tuning(self, wish: _Wish, groups: NDArray[Any]) -> None:
        with _told_of_trouble([wish]):
            _use_cores(self._cores)
            wish.answer.set_result(self._tunable().tune(wish.texts, groups))

    def _tunable(self) -> Bert:
        if not isinstance(self._model, Bert):
            raise Permanent("this embedding model has no tuned layers", part="embedding")
        return self._model

    def _collect(self, first: _Wish) -> tuple[list[_Wish], bool]:
        """What was asked by several callers within `linger`; True if nothing will come after it."""
        wishes, until = [first], time.monotonic() + self._linger
        while sum(len(wish.texts) for wish in wishes) < TOGETHER:
            try:
                wish = self._wishes.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if wish is None:
                return wishes, True
            wishes.append(wish)
        return wishes, False

    def _encode(self, texts: Sequence[str], layers: bytes = b"") -> Vectors:
        parts = [self._parts(text) for text in texts]
        flat = [part for split in parts for part, _ in split]
        _use_cores(1 if sum(map(len, flat)) <= FEW else self._cores)
        vectors = self._tunable().tuned(flat, layers) if layers else self._model.encode(flat, self._model.deep)
        if len(flat) == len(texts):
            return vectors
        views = vectors.reshape(len(flat), -1, self.dim)
        whole = np.empty((len(texts), *views.shape[1:]), dtype=np.float32)
        start = 0
        for row, split in enumerate(parts):
            whole[row] = _mean(views[start : start + len(split)], [weight for _, weight in split])
            start += len(split)
        return whole.reshape(len(texts), -1)

    def _parts(self, text: str) -> list[tuple[str, int]]:
        """The text in pieces that the model reads whole, each with its number of word pieces, cut between words."""
        if len(text) < self._model.reads - 2:  # a word piece has at least one character
            return [(text, 1)]
        spans = self._model.spans(text)
        if len(spans) <= self._model.reads - 2:
            return [(text, 1)]
        room, start, parts = self._model.reads - 2 - SLACK, 0, []
        while start < len(spans):
            end = min(start + room, len(spans))
            cut = end
            while cut < len(spans) and cut > start and spans[cut][0] == spans[cut - 1][1]:
                cut -= 1
            end = cut if cut > start else end
            parts.append((text[spans[start][0] : spans[end - 1][1]], end - start))
            start = end
        return parts


@contextmanager
def _told_of_trouble(wishes: Sequence[_Wish]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Only the kind of error: its message could quote a text.
        told = Retryable(f"embedding failed: {type(error).__name__}", part="embedding")
        for wish in wishes:
            wish.answer.set_exception(error if isinstance(error, Permanent) else told)


def _use_cores(cores: int) -> None:
    """Holds for the thread that calls it."""
    import torch

    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)


def _mean(vectors: Vectors, weights: Sequence[int]) -> NDArray[np.float32]:
    """`vectors`: (parts, layers, dim). Each layer's mean has length 1."""
    mean = np.average(vectors, axis=0, weights=weights)
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-12), dtype=np.float32)
