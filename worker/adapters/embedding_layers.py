"""Tuned layers as bytes and back: how far each weight moved from the model's own, in eight bits and a scale per row.

So two layers of MiniLM are 3.5 MB; the model that they are read with must be the one that they were tuned from. Numbers
in numpy's own format, never pickled, so that foreign bytes can run nothing. Called by embedding_bert.py.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from worker.errors import Permanent

STEPS = 127  # of a number in eight bits, to either side


def own(file: Path, layers: Sequence[int]) -> dict[str, Any]:
    """The weights of these layers, by number from 0, as they are in the model's file, by their names there."""
    from safetensors import safe_open

    begins = tuple(f"encoder.layer.{number}." for number in layers)
    with safe_open(file, framework="pt") as weights:
        return {name: weights.get_tensor(name) for name in weights.keys() if name.startswith(begins)}  # noqa: SIM118


def pack(weights: Mapping[str, Any], tuned: Mapping[str, Any]) -> bytes:
    """`weights`: the model's own, by their names; `tuned`: what became of them."""
    arrays: dict[str, Any] = {}
    for name, weight in weights.items():
        moved = (tuned[name] - weight.float()).numpy()
        scale = np.abs(moved).max(axis=-1, keepdims=True) / STEPS
        arrays[f"{name}|scale"] = scale.astype(np.float32)
        arrays[f"{name}|moved"] = np.rint(moved / np.maximum(scale, 1e-30)).astype(np.int8)
    written = io.BytesIO()
    np.savez(written, **arrays)
    return written.getvalue()


def unpack(weights: Mapping[str, Any], stored: bytes) -> dict[str, Any]:
    """The tuned weights by their names. Permanent for what `pack` did not write of a model of this shape."""
    import torch

    tuned = {}
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            for name, weight in weights.items():
                moved, scale = arrays[f"{name}|moved"], arrays[f"{name}|scale"]
                if moved.dtype != np.int8 or moved.shape != tuple(weight.shape) or scale.dtype != np.float32:
                    raise ValueError("layers of another model")
                tuned[name] = weight.float() + torch.from_numpy(moved.astype(np.float32) * scale)
    except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        why = f"the index's tuned layers cannot be read ({type(error).__name__}): run scripts/index_kb.py --full"
        raise Permanent(why, part="embedding") from None
    return tuned
