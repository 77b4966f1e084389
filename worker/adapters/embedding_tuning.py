"""Tuning the last layers of a BERT by examples: texts of one group are drawn together, and from those of others.

Supervised contrast: each step takes two texts of each group, and each is to be nearer to its like than to all the rest.
The layers below stay as they are and are worked out once. A step costs the word pieces that there are, since nothing
is padded but attention, and there are as many steps for few examples as for many. The same examples give the same
layers. Called by embedding_bert.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 25
GROUPS = 80  # of one step
ALIKE = 2  # texts of each
PACE = 6e-4
RISING = 0.3  # of the steps, until that pace is reached; then it falls
DECAY = 0.01
MEMORY = (0.9, 0.999)  # of gradients and of their squares, from one step to the next
SLIGHT = 1e-8
STEEPEST = 1.0  # a gradient's length; a longer one is shortened
WARMTH = 0.07  # of cosines in the softmax
AT_MOST = 64  # word pieces of a text that is learnt from
WIDTH = 16  # texts are padded for attention to a multiple of so many word pieces
NEVER = -1e9

Weights = dict[str, Any]
PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "told": "attention.output.dense",
    "told_norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "norm": "output.LayerNorm",
}


@dataclass(frozen=True)
class Shape:
    """What is not in the weights. `layers`: numbers, from 0, of those that are tuned; `brief`: bfloat16."""

    layers: tuple[int, ...]
    heads: int
    slight: float
    brief: bool


@dataclass(frozen=True)
class _Bucket:
    """Texts of about one length. `at` (texts, length): where each word piece is, `back`: which of those are real."""

    pieces: int
    at: Any
    mask: Any
    back: Any


def tune(weights: Mapping[str, Any], shape: Shape, states: Sequence[Any], groups: NDArray[Any]) -> Weights:
    """The tuned weights by their names in the model's file. `states`: what comes out below the first tuned layer, for
    each text a tensor (word pieces, dim); `groups`: (n,) the group of each text. Two groups have two texts at least."""
    import torch

    tuned = {name: weight.detach().float().clone().requires_grad_() for name, weight in weights.items()}
    descent, rising = _Descent(list(tuned.values())), RISING * STEPS
    for step, drawn in enumerate(_drawn(groups)):
        rows = sorted(drawn, key=lambda row: len(states[row]))
        vectors = _vectors(tuned, shape, [states[row] for row in rows])
        _contrast(vectors, torch.from_numpy(groups[rows])).backward()
        descent.step(PACE * (min(1.0, (step + 1) / rising) * (1 - step / STEPS)))
    return {name: weight.detach() for name, weight in tuned.items()}


class _Descent:
    """AdamW (Loshchilov and Hutter 2019, algorithm 2). torch.optim's would import torch's compiler to be made, which
    takes as long as eight steps here; it gives the same digits."""

    def __init__(self, weights: Sequence[Any]) -> None:
        import torch

        self._weights = [(weight, torch.zeros_like(weight), torch.zeros_like(weight)) for weight in weights]
        self._steps = 0

    def step(self, pace: float) -> None:
        """By the gradients that the weights have, which are gone afterwards."""
        import torch

        self._steps += 1
        torch.nn.utils.clip_grad_norm_([weight for weight, _, _ in self._weights], STEEPEST)
        first, second = (1 - memory**self._steps for memory in MEMORY)  # both means begin at nothing
        with torch.no_grad():
            for weight, mean, square in self._weights:
                gradient, weight.grad = weight.grad, None
                mean.lerp_(gradient, 1 - MEMORY[0])
                square.mul_(MEMORY[1]).addcmul_(gradient, gradient, value=1 - MEMORY[1])
                spread = (square.sqrt() / second**0.5).add_(SLIGHT)
                weight.mul_(1 - pace * DECAY).addcdiv_(mean, spread, value=-pace / first)


def _drawn(groups: NDArray[Any]) -> Iterator[list[int]]:
    """The rows of each step: of each group all are shown before one is shown again."""
    draws = np.random.default_rng(0)
    members = [rows for group in np.unique(groups) if len(rows := np.flatnonzero(groups == group)) >= ALIKE]
    left: list[list[int]] = [[] for _ in members]
    for _ in range(STEPS):
        chosen: list[int] = []
        for group in draws.permutation(len(members))[:GROUPS]:
            if len(left[group]) < ALIKE:
                left[group] = draws.permutation(members[group]).tolist()
            chosen += [left[group].pop() for _ in range(ALIKE)]
        yield chosen


def _contrast(vectors: Any, groups: Any) -> Any:
    import torch

    alone = torch.eye(len(vectors), dtype=torch.bool)
    near = (vectors @ vectors.T / WARMTH).masked_fill(alone, NEVER).log_softmax(dim=1)
    like = (groups[:, None] == groups[None]) & ~alone
    return -((near * like).sum(1) / like.sum(1)).mean()


def _vectors(weights: Weights, shape: Shape, states: Sequence[Any]) -> Any:
    """(texts, dim) unit vectors of texts in order of their lengths."""
    import torch
    from torch.nn.functional import gelu, layer_norm, normalize

    lengths = torch.tensor([len(state) for state in states])
    buckets = list(_buckets(lengths))
    state = torch.cat(list(states))
    for number in shape.layers:
        part = {short: _pair(weights, number, name) for short, name in PARTS.items()}
        three = [torch.cat(both) for both in zip(part["query"], part["key"], part["value"], strict=True)]
        told = _linear(_attended(_linear(state, three, shape), buckets, shape), part["told"], shape)
        state = layer_norm(state + told, state.shape[1:], *part["told_norm"], shape.slight)
        narrow = _linear(gelu(_linear(state, part["wide"], shape)), part["narrow"], shape)
        state = layer_norm(state + narrow, state.shape[1:], *part["norm"], shape.slight)
    owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    sums = torch.zeros(len(lengths), state.shape[1]).index_add(0, owner, state)
    return normalize(sums / lengths[:, None], dim=1)


def _linear(state: Any, pair: Sequence[Any], shape: Shape) -> Any:
    from torch.nn.functional import linear

    if not shape.brief:
        return linear(state, *pair)
    return linear(state.bfloat16(), *(one.bfloat16() for one in pair))


def _attended(mixed: Any, buckets: Sequence[_Bucket], shape: Shape) -> Any:
    """Each text attends to itself alone. By hand: going back through torch's own attention takes ten times as long."""
    import torch

    told = []
    for part, bucket in zip(mixed.split([bucket.pieces for bucket in buckets]), buckets, strict=True):
        each = part.index_select(0, bucket.at.flatten()).float()
        query, key, value = each.view(*bucket.at.shape, 3, shape.heads, -1).permute(2, 0, 3, 1, 4)
        likeness = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5 + bucket.mask
        heard = (likeness.softmax(dim=-1) @ value).transpose(1, 2).reshape(len(each), -1)
        told.append(heard.index_select(0, bucket.back))
    return torch.cat(told)


def _buckets(lengths: Any) -> Iterator[_Bucket]:
    """Of lengths in rising order."""
    import torch

    _, sizes = torch.unique_consecutive((lengths + WIDTH - 1) // WIDTH, return_counts=True)
    for some in lengths.split(sizes.tolist()):
        place = torch.arange(int(some.max()))
        real = place[None] < some[:, None]
        first = (some.cumsum(0) - some)[:, None]
        mask = torch.zeros(real.shape).masked_fill(~real, NEVER)[:, None, None]
        yield _Bucket(int(some.sum()), torch.where(real, first + place, first), mask, real.flatten().nonzero()[:, 0])


def _pair(weights: Weights, number: int, name: str) -> tuple[Any, Any]:
    at = f"encoder.layer.{number}.{name}"
    return weights[f"{at}.weight"], weights[f"{at}.bias"]
