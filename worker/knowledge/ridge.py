"""Kernel ridge regression in closed form: fitted, and what it would say of examples that it had not seen.

The kernel is Gaussian in the distance of embeddings and wording. Beyond LANDMARKS examples, that many of them carry the
kernel (Nystroem) and all of them the fit. Knows numbers only; choice.py knows what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.ports.world import Vectors

Numbers = NDArray[Any]
LANDMARKS = 5_000
BESIDE = 2_500  # landmarks where a network speaks too (net.py): it then tells near templates apart
FIRST_LOOK = 1_000  # landmarks while sharpness and ridge are chosen
WORDS = 0.1  # of wording beside embeddings in the similarity
SHARPNESSES = (0.5, 1.0)  # these and the ridges are tried; what errs least on examples left out is taken
RIDGES = (0.03, 0.1, 0.3)
NEAR = 5  # examples that "near" looks at
BLOCK = 1_000
COLUMNS = 384
FEW = 3  # texts whose cosines are worked out one by one
GONE = -1.0  # score and likeness of what is not there to be chosen: below all that is
STEADY = 1e-4


@dataclass(frozen=True)
class Ridge:
    """`vectors`, `owner`: of all examples; `landmarks`: which of them the kernel compares with, `words`: theirs."""

    vectors: Vectors
    owner: NDArray[np.int32]
    landmarks: NDArray[np.int32]
    words: Any  # sparse (landmarks, buckets)
    weights: NDArray[np.float32]  # (landmarks, labels)
    mean: NDArray[np.float32]  # (labels,)
    sharpness: float

    def scores(self, vectors: Vectors, words: Any, may: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """((n, labels), (n, 4)): about 1 for the label that it is, and how near examples are: `nearness`, and `worded`.

        `words`: sparse rows. `may`: (n, labels), whether a label is there to be chosen; where it is not, its score is
        GONE."""
        return self.told(cosines(np.asarray(vectors, dtype=np.float32), self.vectors), self.shared(words), may)

    def told(self, alike: Numbers, shared: Numbers, may: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """`scores` for texts with these cosines to the examples (n, examples), and this `shared`."""
        every = len(self.landmarks) == len(self.owner)
        likeness = (alike if every else alike[:, self.landmarks]) + WORDS * shared - 1 - WORDS
        found = np.exp(2 * self.sharpness * likeness) @ self.weights + self.mean
        found = np.where(may, found, GONE)
        alike = np.where(may[:, self.owner], alike, GONE)
        chosen = found.argmax(axis=1)
        near = nearness(alike, self.owner, chosen), worded(shared, self, chosen)
        return found, np.column_stack(near)

    def shared(self, words: Any) -> Numbers:
        """(n, landmarks): the products of sparse rows with the landmarks' words. By hand: scipy takes longer to get
        ready for a product than a few rows take."""
        table = self._worded
        found = np.zeros((len(words.indptr) - 1, len(self.landmarks)), dtype=np.float32)
        for row, start, end in zip(found, words.indptr, words.indptr[1:], strict=False):
            starts = table.indptr[words.indices[start:end]]
            sizes = table.indptr[words.indices[start:end] + 1] - starts
            at = np.arange(sizes.sum()) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
            np.add.at(row, table.indices[at], np.repeat(words.data[start:end], sizes) * table.data[at])
        return found

    @cached_property
    def _worded(self) -> Any:
        """(buckets, landmarks): the other way round, a bucket's landmarks stand together."""
        return self.words.T.tocsr()


@dataclass(frozen=True)
class Fitted:
    """A ridge with what leaving out needs. `span` @ span.T is the hat matrix; `words` are of all examples."""

    ridge: Ridge
    words: Any
    span: Numbers
    fit: Numbers
    truth: Numbers


def solve(vectors: Vectors, words: Any, owner: NDArray[Any], labels: int, most: int | None = None) -> Fitted:
    """`owner`: (n,) the label of each example, 0..labels-1. `most`: landmarks, LANDMARKS if not told."""
    truth = (owner[:, None] == np.arange(labels)[None]).astype(np.float64)
    few = _some(len(owner), FIRST_LOOK)
    likeness = _likeness(vectors, words, few)
    errors = {}
    for sharpness in SHARPNESSES:
        basis = _Basis(np.exp(2 * sharpness * likeness), few)
        for ridge in RIDGES:
            span, fit, _ = basis.fit(truth, ridge)
            errors[sharpness, ridge] = float((((truth - fit) / (1 - _hat(span))[:, None]) ** 2).sum())
    sharpness, ridge = min(errors, key=lambda tried: errors[tried])
    landmarks = _some(len(owner), most or LANDMARKS)
    if len(landmarks) > len(few):
        likeness = _likeness(vectors, words, landmarks)
    span, fit, weights = _Basis(np.exp(2 * sharpness * likeness), landmarks).fit(truth, ridge)
    made = Ridge(
        vectors=vectors,
        owner=owner.astype(np.int32),
        landmarks=landmarks.astype(np.int32),
        words=words[landmarks],
        weights=weights.astype(np.float32),
        mean=truth.mean(axis=0).astype(np.float32),
        sharpness=sharpness,
    )
    return Fitted(made, words, span, fit, truth)


class _Basis:
    """The examples as points whose inner products are the kernel (n, landmarks)."""

    def __init__(self, kernel: Numbers, landmarks: NDArray[Any]) -> None:
        from scipy.linalg import solve_triangular

        self._solve = solve_triangular
        self._lower = np.linalg.cholesky(kernel[landmarks] + STEADY * np.eye(len(landmarks)))
        self._points = solve_triangular(self._lower, kernel.T, lower=True)  # (landmarks, n)
        self._square = self._points @ self._points.T

    def fit(self, truth: Numbers, ridge: float) -> tuple[Numbers, Numbers, Numbers]:
        """(span (n, landmarks), what is fitted (n, labels), weights (landmarks, labels))."""
        bent = np.linalg.cholesky(self._square + ridge * np.eye(len(self._square)))
        span = self._solve(bent, self._points, lower=True).T
        mean = truth.mean(axis=0)
        inner = span.T @ (truth - mean)
        weights = self._solve(self._lower, self._solve(bent, inner, lower=True, trans=1), lower=True, trans=1)
        return span, span @ inner + mean, weights


def cosines(some: Numbers, others: Numbers) -> Numbers:
    """(some, others). By columns: of wider products of a single row numpy makes several threads' work, which then wait
    for a core. A few one by one: for a product of all, the others would be laid out anew each time."""
    ways = [slice(start, start + COLUMNS) for start in range(0, some.shape[1], COLUMNS)]
    if len(some) > FEW:
        return np.ascontiguousarray(np.asarray(sum(others[:, way] @ some[:, way].T for way in ways)).T)
    return np.array([sum(others[:, way] @ one[way] for way in ways) for one in some]).reshape(len(some), len(others))


def _some(n: int, most: int) -> NDArray[Any]:
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def left_out(fitted: Fitted, owner: NDArray[Any], *, whole: bool) -> tuple[Numbers, Numbers]:
    """`Ridge.scores` of every example, had it not been there; `whole`: nor any other example of its label."""
    residual = fitted.truth - fitted.fit
    if not whole:
        scores = fitted.truth - residual / (1 - _hat(fitted.span))[:, None]
    else:
        scores = np.empty_like(fitted.fit)
        for label in np.unique(owner):
            mine = np.flatnonzero(owner == label)
            span = fitted.span[mine]
            gone = np.linalg.solve((1 + 1e-9) * np.eye(len(mine)) - span @ span.T, residual[mine])
            scores[mine] = fitted.truth[mine] - gone
            scores[mine, label] = GONE  # nobody can choose what is not there
    ridge, near = fitted.ridge, []
    for start in range(0, len(owner), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(owner)))
        alike = ridge.vectors[rows] @ ridge.vectors.T
        alike[np.arange(len(rows)), rows] = GONE
        if whole:
            alike[owner[rows][:, None] == owner[None]] = GONE
        shared = (fitted.words[rows] @ ridge.words.T).toarray()
        shared[rows[:, None] == ridge.landmarks[None]] = 0.0  # an example's own words must not speak for it
        chosen = scores[rows].argmax(axis=1)
        both = nearness(alike, owner, chosen), worded(shared, ridge, chosen)
        near.append(np.column_stack(both))
    return scores, np.concatenate(near)


def nearness(alike: Numbers, owner: NDArray[Any], chosen: NDArray[Any]) -> Numbers:
    """(n, 3) cosines: of the nearest example, of the nearest few on average, of the nearest with the chosen label."""
    few = min(NEAR, alike.shape[1])
    top = -np.partition(-alike, few - 1, axis=1)[:, :few]
    own = np.where(owner[None] == chosen[:, None], alike, GONE).max(axis=1)
    return np.column_stack([top.max(axis=1), top.mean(axis=1), own])


def worded(shared: Numbers, ridge: Ridge, chosen: NDArray[Any]) -> Numbers:
    """(n,): the most wording that an example with the chosen label shares; 0 for all where the words of landmarks alone
    are kept: of a part of the examples it told questions without a template worse from the others."""
    if len(ridge.landmarks) < len(ridge.owner):
        return np.zeros(len(shared), dtype=np.float32)
    return np.asarray(np.where(ridge.owner[None] == chosen[:, None], shared, 0.0).max(axis=1))


def _likeness(vectors: Vectors, words: Any, landmarks: NDArray[Any]) -> Numbers:
    """(n, landmarks): 0 for equals, less the less alike two texts are."""
    blocks = []
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, start + BLOCK)
        shared = (words[rows] @ words[landmarks].T).toarray()
        blocks.append(vectors[rows] @ vectors[landmarks].T + WORDS * shared - 1 - WORDS)
    return np.concatenate(blocks).astype(np.float64)


def _hat(span: Numbers) -> Numbers:
    return np.asarray(np.minimum((span**2).sum(axis=1), 1 - 1e-6))
