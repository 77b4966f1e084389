"""A small softmax network from what several layers of the embedding model say of a question to its template.

Where there are thousands of examples it tells near templates apart better than the ridge; where there are few it does
not, and is not made. Trained with torch, which the embedder has loaded anyway; asked with numpy. Called by choice.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.ports.world import Deep, Embedder, Vectors

MANY = 10_000  # examples from which on a network is made: of 3,500 and of 8,500 it was no better, of 15,000 it was
HIDDEN = 512
ROUNDS = 8  # over all examples
TOGETHER = 128
DROPPED = 0.3
SMOOTHED = 0.1  # of the truth that is shared among all labels
PACE = 1e-3
DECAY = 1e-4
FOLDS = 3
_BLOCK = 4_096

Numbers = NDArray[Any]


def views_of(embedder: Embedder, texts: Sequence[str]) -> Vectors | None:
    """See world.Deep; None for an embedder that is not."""
    return embedder.views(texts) if isinstance(embedder, Deep) else None


@dataclass(frozen=True)
class Net:
    """`inner` (d, HIDDEN) and `outer` (HIDDEN, labels) with their offsets, for views less `mean`, times `scale`."""

    mean: NDArray[np.float32]
    scale: float
    inner: NDArray[np.float32]
    inner_offset: NDArray[np.float32]
    outer: NDArray[np.float32]
    outer_offset: NDArray[np.float32]

    def __call__(self, views: Numbers) -> Numbers:
        """(n, labels): the chance of each label; of labels that it was not shown, next to nothing."""
        return np.concatenate([self._block(views[i : i + _BLOCK]) for i in range(0, max(len(views), 1), _BLOCK)])

    def _block(self, views: Numbers) -> Numbers:
        hidden = _gelu((np.asarray(views, np.float32) - self.mean) * self.scale @ self.inner + self.inner_offset)
        scores = hidden @ self.outer + self.outer_offset
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Taught:
    """`one`: (n, labels) what a network says of each example that it was not shown; `whole`: one that was shown none of
    its label's either. Each was shown a part of the others."""

    net: Net
    one: Numbers
    whole: Numbers


def teach(views: Numbers, owner: NDArray[Any], labels: int) -> Taught:
    """`views`: (n, d); `owner`: (n,) the label of each, 0..labels-1. The same for the same input."""
    drawn = np.random.default_rng(0)
    label_fold = drawn.permutation(labels)[owner] % FOLDS
    # Never the fold of its own label: each example then lies outside two networks, one of which knows its label.
    example_fold = (label_fold + drawn.integers(1, FOLDS, len(owner))) % FOLDS
    one, whole = np.empty((len(owner), labels), np.float32), np.empty((len(owner), labels), np.float32)
    for fold in range(FOLDS):
        shown = np.flatnonzero((label_fold != fold) & (example_fold != fold))
        net = fit(views[shown], owner[shown], labels)
        one[example_fold == fold] = net(views[example_fold == fold])
        whole[label_fold == fold] = net(views[label_fold == fold])
    return Taught(fit(views, owner, labels), one, whole)


def fit(views: Numbers, owner: NDArray[Any], labels: int) -> Net:
    import torch
    from torch.nn import functional

    views = np.asarray(views, dtype=np.float32)
    mean = views.mean(axis=0)
    scale = 1 / max(float(views.std(axis=0).mean()), 1e-6)
    drawn = torch.Generator().manual_seed(0)
    given, truth = torch.from_numpy((views - mean) * scale), torch.from_numpy(owner.astype(np.int64))
    layers = [*_fresh(views.shape[1], HIDDEN, drawn), *_fresh(HIDDEN, labels, drawn)]
    pace = torch.optim.AdamW(layers, lr=PACE, weight_decay=DECAY)
    steps = ROUNDS * -(-len(owner) // TOGETHER)
    slower = torch.optim.lr_scheduler.LambdaLR(pace, lambda step: 1 - step / steps)
    for _ in range(ROUNDS):
        for rows in torch.randperm(len(owner), generator=drawn).split(TOGETHER):
            hidden = functional.gelu(_thin(given[rows], drawn) @ layers[0] + layers[1], approximate="tanh")
            scores = _thin(hidden, drawn) @ layers[2] + layers[3]
            loss = functional.cross_entropy(scores, truth[rows], label_smoothing=SMOOTHED)
            pace.zero_grad()
            loss.backward()
            pace.step()
            slower.step()
    inner, inner_offset, outer, outer_offset = (layer.detach().numpy() for layer in layers)
    return Net(mean, scale, inner, inner_offset, outer, outer_offset)


def _fresh(inputs: int, outputs: int, drawn: Any) -> list[Any]:
    import torch

    wide = inputs**-0.5
    weights = torch.empty(inputs, outputs).uniform_(-wide, wide, generator=drawn).requires_grad_()
    return [weights, torch.zeros(outputs, requires_grad=True)]


def _thin(state: Any, drawn: Any) -> Any:
    """Dropout, from draws of our own: nobody else's draws change what a network becomes."""
    import torch

    return state * (torch.rand(state.shape, generator=drawn) >= DROPPED) / (1 - DROPPED)


def _gelu(x: Numbers) -> Numbers:
    return np.asarray(0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x))))
