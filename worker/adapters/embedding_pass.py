"""What a BERT works out for texts, as one program that torch runs by itself.

In Python each of its hundred steps lets go of the interpreter and waits to get it back; among a worker's other threads
a text took a hundred times as long for that, and all of them waited for it. Compiled, a pass lets go once. Importing
this compiles it, in a twentieth of a second. Used by embedding_bert.py.
"""

# No annotations from __future__: TorchScript reads the ones that are here.
import warnings
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, normalize, pad, scaled_dot_product_attention


class Layer(NamedTuple):
    """Weight and bias of each part. `mixed`: question, key and value in one. `brief`: whether its linear parts are laid
    out for bfloat16 (embedding_linear.py), or are (inputs, outputs) in 32 bits."""

    mixed: tuple[Tensor, Tensor]
    told: tuple[Tensor, Tensor]
    told_norm: tuple[Tensor, Tensor]
    wide: tuple[Tensor, Tensor]
    narrow: tuple[Tensor, Tensor]
    norm: tuple[Tensor, Tensor]
    brief: bool


class Model(NamedTuple):
    """`words`: a vector for each word piece; `places`: one for each place in a text; `slight`: what norms add."""

    words: Tensor
    places: Tensor
    first_norm: tuple[Tensor, Tensor]
    layers: list[Layer]
    heads: int
    slight: float


def _linear(state: Tensor, to: tuple[Tensor, Tensor], brief: bool, bends: bool) -> Tensor:
    """(word pieces, outputs) of (word pieces, inputs); `bends`: whether a GELU follows. Filled up to a multiple of 16
    word pieces for bfloat16, since oneDNN makes and keeps a kernel for each number."""
    if not brief:
        told = torch.addmm(to[1], state, to[0])
        return gelu(told) if bends else told
    pieces = state.size(0)
    filled = pad(state.to(torch.bfloat16), [0, 0, 0, (16 - pieces % 16) % 16])
    follows = "gelu" if bends else "none"
    return torch.ops.mkldnn._linear_pointwise(filled, to[0], to[1], follows, [], "none")[:pieces]


def _attended(mixed: Tensor, lengths: list[int], heads: int) -> Tensor:
    """Each text attends to itself alone."""
    each = mixed.view(mixed.size(0), 3, heads, -1).permute(1, 2, 0, 3).unsqueeze(1)
    parts: list[Tensor] = []
    for one in each.split_with_sizes(lengths, dim=3):
        parts.append(scaled_dot_product_attention(one[0], one[1], one[2]))
    joined = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
    return joined[0].transpose(0, 1).reshape(mixed.size(0), -1)


def _after(state: Tensor, layer: Layer, lengths: list[int], heads: int, slight: float) -> Tensor:
    size = [state.size(1)]
    mixed = _linear(state, layer.mixed, layer.brief, False)
    told = _linear(_attended(mixed, lengths, heads), layer.told, layer.brief, False)
    state = layer_norm(state + told, size, layer.told_norm[0], layer.told_norm[1], slight)
    bent = _linear(state, layer.wide, layer.brief, True)
    told = _linear(bent, layer.narrow, layer.brief, False)
    return layer_norm(state + told, size, layer.norm[0], layer.norm[1], slight)


def _states(model: Model, ids: Tensor, lengths: list[int]) -> list[Tensor]:
    places: list[Tensor] = []
    for length in lengths:
        places.append(model.places[:length])
    state = embedding(ids, model.words) + torch.cat(places)
    state = layer_norm(state, [state.size(1)], model.first_norm[0], model.first_norm[1], model.slight)
    found: list[Tensor] = []
    for layer in model.layers:
        state = _after(state, layer, lengths, model.heads, model.slight)
        found.append(state)
    return found


def _views(model: Model, ids: Tensor, lengths: list[int], asked: list[int]) -> Tensor:
    found = _states(model, ids, lengths)
    views: list[Tensor] = []
    for number in asked:
        means: list[Tensor] = []
        for one in found[number - 1].split_with_sizes(lengths):
            means.append(one.mean(0))
        views.append(normalize(torch.stack(means), dim=1))
    return torch.stack(views, 1)


def _compiled(function: Any) -> Any:
    with warnings.catch_warnings():
        # Deprecated for what needs a C++ compiler where it runs; the pinned torch has it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(function)


states = _compiled(_states)
"""states(model, ids, lengths): for each layer (word pieces, dim). `ids`: the word pieces of all texts, one after the
other; `lengths`: how many are each text's."""

views = _compiled(_views)
"""views(model, ids, lengths, asked): (texts, layers asked for by number from 1, dim), each mean of length 1."""
