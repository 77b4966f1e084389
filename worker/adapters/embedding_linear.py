"""The weights of a forward pass's linear layers, for 32 bits or for bfloat16.

Nearly all of the time goes into them: of a short text into reading their weights from memory, of a long one into the
products. A processor with instructions for bfloat16 does them in half of the time and less (docs/performance.md), with
weights in the order that oneDNN reads without turning it around for every text. Sums are kept in 32 bits, and so is
everything between the layers: vectors of both kinds have a cosine of .9999 and more. Other processors would be slower
for it. 32 bits give the same digits on every machine, alone and among others. Used by embedding_bert.py.
"""

from __future__ import annotations

from typing import Any

STEP = 16  # word pieces that oneDNN lays weights out for; passes of more read them as quickly


def linear(weight: Any, bias: Any, *, brief: bool) -> tuple[Any, Any]:
    """Weight and bias as embedding_pass.py takes them, of a weight (outputs, inputs) as a model's file has it, and its
    bias (outputs). `brief`: for bfloat16."""
    import torch

    if not brief:
        return weight.t().clone(memory_format=torch.contiguous_format), bias.clone()
    return torch.ops.mkldnn._reorder_linear_weight(weight.bfloat16().contiguous(), STEP), bias.bfloat16()


def brief_is_faster() -> bool:
    """Whether this processor multiplies bfloat16 by itself (AMX or AVX512-BF16), and this build of torch uses that.

    The two operations have no public name; where a build lacks them, 32 bits it is.
    """
    import torch

    has = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    known = all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))
    return known and bool(has.get("amx_bf16") or has.get("avx512_bf16"))
