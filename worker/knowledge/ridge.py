"""Kernel ridge regression in closed form: fitted, and what it would say of examples that it had not seen.

The kernel is Gaussian in the distance of embeddings and wording. Beyond LANDMARKS examples, that many of them carry the
kernel (Nystroem) and all of them the fit. Knows numbers only; choice.py knows what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.ports.world import Vectors

Numbers = NDArray[Any]
LANDMARKS = 2_000
WORDS = 0.1  # of wording beside embeddings in the similarity
SHARPNESS = 1.0
RIDGES = (0.03, 0.1, 0.3, 1.0)  # the best one is found by leaving each example out
NEAR = 5  # examples that "near" looks at
BLOCK = 1_000
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

    def scores(self, vectors: Vectors, words: Any) -> tuple[Numbers, Numbers]:
        """((n, labels), (n, 3)): about 1 for the label that it is, and how near examples are (see `nearness`)."""
        alike = np.asarray(vectors, dtype=np.float32) @ self.vectors.T
        kernel = _kernel(alike[:, self.landmarks], words, self.words)
        found = kernel @ self.weights + self.mean
        return found, nearness(alike, self.owner, found.argmax(axis=1))


@dataclass(frozen=True)
class Fitted:
    """A ridge with what leaving out needs. `span` @ span.T is the hat matrix."""

    ridge: Ridge
    span: Numbers
    fit: Numbers
    truth: Numbers


def solve(vectors: Vectors, words: Any, owner: NDArray[Any], labels: int) -> Fitted:
    """`owner`: (n,) the label of each example, 0..labels-1."""
    n = len(owner)
    landmarks = np.arange(n)
    if n > LANDMARKS:
        landmarks = np.sort(np.random.default_rng(0).choice(n, LANDMARKS, replace=False))
    kernel = np.concatenate(
        [
            _kernel(vectors[i : i + BLOCK] @ vectors[landmarks].T, words[i : i + BLOCK], words[landmarks])
            for i in range(0, n, BLOCK)
        ]
    ).astype(np.float64)
    truth = (owner[:, None] == np.arange(labels)[None]).astype(np.float64)
    mean = truth.mean(axis=0)
    from scipy.linalg import solve_triangular

    lower = np.linalg.cholesky(kernel[landmarks] + STEADY * np.eye(len(landmarks)))
    spread = solve_triangular(lower, kernel.T, lower=True)  # (landmarks, n): what the kernel is made of
    square = spread @ spread.T
    best: tuple[float, Any] = (np.inf, None)
    for ridge in RIDGES:
        bent = np.linalg.cholesky(square + ridge * np.eye(len(square)))
        span = solve_triangular(bent, spread, lower=True).T
        inner = span.T @ (truth - mean)
        fit = span @ inner + mean
        error = float((((truth - fit) / (1 - _hat(span))[:, None]) ** 2).sum(axis=1).mean())
        if error < best[0]:
            weights = solve_triangular(lower, solve_triangular(bent, inner, lower=True, trans=1), lower=True, trans=1)
            best = (error, (span, fit, weights))
    span, fit, weights = best[1]
    made = Ridge(
        vectors=vectors,
        owner=owner.astype(np.int32),
        landmarks=landmarks.astype(np.int32),
        words=words[landmarks],
        weights=weights.astype(np.float32),
        mean=mean.astype(np.float32),
    )
    return Fitted(made, span, fit, truth)


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
            scores[mine, label] = -1.0  # nobody can choose what is not there
    vectors, near = fitted.ridge.vectors, []
    for start in range(0, len(owner), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(owner)))
        alike = vectors[rows] @ vectors.T
        alike[np.arange(len(rows)), rows] = -1.0
        if whole:
            alike[owner[rows][:, None] == owner[None]] = -1.0
        near.append(nearness(alike, owner, scores[rows].argmax(axis=1)))
    return scores, np.concatenate(near)


def nearness(alike: Numbers, owner: NDArray[Any], chosen: NDArray[Any]) -> Numbers:
    """(n, 3) cosines: of the nearest example, of the nearest ones on average, and of the nearest of the chosen label."""
    few = min(NEAR, alike.shape[1])
    top = -np.partition(-alike, few - 1, axis=1)[:, :few]
    own = np.where(owner[None] == chosen[:, None], alike, -1.0).max(axis=1)
    return np.column_stack([top.max(axis=1), top.mean(axis=1), own])


def _kernel(cosines: Numbers, words: Any, others: Any) -> Numbers:
    shared = (words @ others.T).toarray()
    return np.asarray(np.exp(2 * SHARPNESS * (cosines + WORDS * shared - 1 - WORDS)))


def _hat(span: Numbers) -> Numbers:
    return np.minimum((span**2).sum(axis=1), 1 - 1e-6)
