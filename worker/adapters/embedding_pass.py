"""What a BERT works out for texts, as one program that torch runs by itself.

In Python each of its hundred steps lets go of the interpreter and waits to get it back; among a worker's other threads
a text took a hundred times as long for that, and all of them waited for it. Compiled, which takes a twentieth of a
second, a pass lets go once. What TorchScript understands is less than Python: no comprehensions over tensors, no
dataclasses. Used by embedding_bert.py.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Program(NamedTuple):
    """Three compiled functions, called with torch.inference_mode.

    `weights`: "words" (a vector for each word piece), "places" (one for each place in a text), "norm" and "norm_bias".
    `layers`: of each "mixed" (question, key and value in one), "told", "wide" and "narrow" as embedding_linear.py lays
    them out, "told_norm" and "norm", all with their "_bias". `ids`: the word pieces of all texts, one after the other;
    `lengths`: how many are each text's. `slight`: what norms add to a spread.

    states(weights, layers, heads, slight, ids, lengths): after each layer (word pieces, dim).
    views(weights, layers, heads, slight, ids, lengths, asked, kept): (texts, layers asked for by number from 1, dim),
    the means of each text's word pieces, of length 1; and what `states` gives for the layer number `kept`.
    onward(layers, heads, slight, state, lengths): the same of what more layers make of a state: (texts, 1, dim).
    """

    states: Any
    views: Any
    onward: Any


@lru_cache(maxsize=1)
def compiled() -> Program:
    """For this process. torch is imported here, not above: web processes import this module too."""
    global torch, Tensor  # where the functions below, and TorchScript for them, look names up
    import torch
    from torch import Tensor

    with warnings.catch_warnings():
        # Deprecated in favour of what needs a C++ compiler where it runs; the pinned torch has it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Program(torch.jit.script(_states), torch.jit.script(_views), torch.jit.script(_onward))


def filled_up(pieces: int) -> int:
    """With how many word pieces a pass of so many is worked out in bfloat16: for each number oneDNN makes kernels once,
    in 20 to 30 ms, and keeps them, in up to 5 MB. Twenty numbers up to embedding_bert.PASS; sixty took 300 MB."""
    step = 16 if pieces <= 128 else 32
    return pieces + (step - pieces % step) % step


def _linear(state: Tensor, layer: dict[str, Tensor], name: str, bends: bool) -> Tensor:
    """(word pieces, outputs) of (word pieces, inputs); `bends`: whether a GELU follows."""
    weight, bias = layer[name], layer[name + "_bias"]
    if bias.dtype != torch.bfloat16:
        told = torch.addmm(bias, state, weight)
        return torch.nn.functional.gelu(told) if bends else told
    pieces = state.size(0)
    filled = torch.nn.functional.pad(state.to(torch.bfloat16), [0, 0, 0, filled_up(pieces) - pieces])
    follows = "gelu" if bends else "none"
    return torch.ops.mkldnn._linear_pointwise(filled, weight, bias, follows, [], "none")[:pieces]


def _normed(state: Tensor, layer: dict[str, Tensor], name: str, slight: float) -> Tensor:
    size = [state.size(1)]
    return torch.nn.functional.layer_norm(state, size, layer[name], layer[name + "_bias"], slight)


def _attended(mixed: Tensor, lengths: list[int], heads: int) -> Tensor:
    """Each text attends to itself alone."""
    each = mixed.view(mixed.size(0), 3, heads, -1).permute(1, 2, 0, 3).unsqueeze(1)
    parts: list[Tensor] = []
    for one in each.split_with_sizes(lengths, dim=3):
        parts.append(torch.nn.functional.scaled_dot_product_attention(one[0], one[1], one[2]))
    joined = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
    return joined[0].transpose(0, 1).reshape(mixed.size(0), -1)


def _states(
    weights: dict[str, Tensor],
    layers: list[dict[str, Tensor]],
    heads: int,
    slight: float,
    ids: Tensor,
    lengths: list[int],
) -> list[Tensor]:
    places: list[Tensor] = []
    for length in lengths:
        places.append(weights["places"][:length])
    state = torch.nn.functional.embedding(ids, weights["words"]) + torch.cat(places)
    return _through(layers, heads, slight, _normed(state, weights, "norm", slight), lengths)


def _through(
    layers: list[dict[str, Tensor]], heads: int, slight: float, state: Tensor, lengths: list[int]
) -> list[Tensor]:
    found: list[Tensor] = []
    for layer in layers:
        attended = _attended(_linear(state, layer, "mixed", False), lengths, heads)
        state = _normed(state + _linear(attended, layer, "told", False), layer, "told_norm", slight)
        wide = _linear(state, layer, "wide", True)
        state = _normed(state + _linear(wide, layer, "narrow", False), layer, "norm", slight)
        found.append(state)
    return found


def _views(
    weights: dict[str, Tensor],
    layers: list[dict[str, Tensor]],
    heads: int,
    slight: float,
    ids: Tensor,
    lengths: list[int],
    asked: list[int],
    kept: int,
) -> tuple[Tensor, Tensor]:
    found = _states(weights, layers, heads, slight, ids, lengths)
    states: list[Tensor] = []
    for number in asked:
        states.append(found[number - 1])
    return _means(states, lengths), found[kept - 1]


def _onward(layers: list[dict[str, Tensor]], heads: int, slight: float, state: Tensor, lengths: list[int]) -> Tensor:
    return _means(_through(layers, heads, slight, state, lengths)[-1:], lengths)


def _means(states: list[Tensor], lengths: list[int]) -> Tensor:
    views: list[Tensor] = []
    for state in states:
        means: list[Tensor] = []
        for one in state.split_with_sizes(lengths):
            means.append(one.mean(0))
        views.append(torch.nn.functional.normalize(torch.stack(means), dim=1))
    return torch.stack(views, 1)
