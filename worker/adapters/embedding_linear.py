"""The linear layers of a forward pass, in 32 bits or in bfloat16.

Nearly all of the time goes into them: of a short text into reading their weights from memory, of a long one into the
products. A processor with instructions for bfloat16 does them in half of the time and less (docs/performance.md), with
weights in the order that oneDNN reads without turning it around for every text. Sums are kept in 32 bits, and so is
everything between the layers: vectors of both kinds have a cosine of .9999 and more. Other processors would be slower
for it. 32 bits give the same digits on every machine, alone and among others. Used by embedding_bert.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STEP = 16  # word pieces; a pass is filled up to a multiple, since oneDNN makes and keeps a kernel for each number


@dataclass(frozen=True)
class Whole:
    """In 32 bits. `weight`: (inputs, outputs); `bends`: whether a GELU follows."""

    weight: Any
    bias: Any
    bends: bool = False

    def __call__(self, state: Any) -> Any:
        """(word pieces, outputs) of (word pieces, inputs)."""
        import torch

        told = torch.addmm(self.bias, state, self.weight)
        return torch.nn.functional.gelu(told) if self.bends else told


@dataclass(frozen=True)
class Brief:
    """In bfloat16. `weight`: as oneDNN laid it out; `bends`: whether a GELU follows."""

    weight: Any
    bias: Any
    bends: bool = False

    def __call__(self, state: Any) -> Any:
        """(word pieces, outputs) of (word pieces, inputs), in bfloat16."""
        import torch

        follows, pieces = "gelu" if self.bends else "none", len(state)
        filled = torch.nn.functional.pad(state.bfloat16(), (0, 0, 0, -pieces % STEP))
        told = torch.ops.mkldnn._linear_pointwise(filled, self.weight, self.bias, follows, [], "none")
        return told[:pieces]


Linear = Whole | Brief


def linear(weight: Any, bias: Any, *, brief: bool, bends: bool = False) -> Linear:
    """Of a weight (outputs, inputs) as a model's file has it, and its bias (outputs)."""
    import torch

    if not brief:
        return Whole(weight.t().contiguous(), bias, bends)
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight.bfloat16().contiguous(), STEP)
    return Brief(laid_out, bias.bfloat16(), bends)


def brief_is_faster() -> bool:
    """Whether this processor multiplies bfloat16 by itself (AMX or AVX512-BF16), and this build of torch uses that.

    The two operations have no public name; where a build lacks them, 32 bits it is.
    """
    import torch

    has = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    known = all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))
    return known and bool(has.get("amx_bf16") or has.get("avx512_bf16"))
