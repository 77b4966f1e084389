"""A head as bytes and back: numbers in numpy's own format, never pickled, so that a foreign file can run nothing.

What is kept of an example question is its vector and the hashes of its words, not its text. Kept with the index that it
was trained for (adapters/milvus.py), so that going back to an earlier index brings its own head along.
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from worker.errors import Permanent
from worker.knowledge.choice import SIGNS, Head, Judge
from worker.knowledge.net import Net
from worker.knowledge.ridge import Ridge
from worker.knowledge.tuned import plain_of
from worker.knowledge.wording import BUCKETS, Wording

FORMAT = 4  # raise it when a head is made or read in another way: every index is then built anew
_UNPACKING = threading.Lock()  # of thirty threads with a new head each would unpack it, and memory be full of them
_NET = ("mean", "inner", "inner_offset", "outer", "outer_offset")


def pack(head: Head) -> bytes:
    """About 1 kB for each example question, 2 MB where there is a network, and where layers were tuned 4 MB and again
    as much for each question."""
    ridge, seen = head.ridge, np.flatnonzero(head.wording.rarity)
    about = {
        "format": FORMAT,
        "labels": head.labels,
        "floor": head.floor,
        "sharpness": ridge.sharpness,
        "offsets": [head.fits.offset, head.right.offset],
        "net_scale": head.net.scale if head.net else 0.0,  # of none
        "plain_sharpness": head.plain.sharpness if head.plain else 0.0,  # of none
    }
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "vectors": ridge.vectors.astype(np.float16),
        "owner": ridge.owner,
        "landmarks": ridge.landmarks,
        "words": ridge.words.data.astype(np.float16),
        "words_at": ridge.words.indices.astype(np.int32),
        "words_rows": ridge.words.indptr.astype(np.int32),
        "weights": ridge.weights,
        "mean": ridge.mean,
        "rare": head.wording.rarity[seen].astype(np.float16),
        "rare_at": seen.astype(np.int32),
        "fits": head.fits.weights,
        "right": head.right.weights,
        "layers": np.frombuffer(head.layers, dtype=np.uint8),
    }
    if head.plain:  # its vectors are the first half of the ridge's
        arrays["plain_weights"] = head.plain.weights
    if head.net:
        arrays |= {f"net_{name}": getattr(head.net, name).astype(np.float16) for name in _NET}
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)
    return written.getvalue()


def unpack(stored: bytes) -> Head:
    """Permanent for what `pack` of this version did not write. Remembers the last heads that it read."""
    with _UNPACKING:
        return _unpacked(stored)


@lru_cache(maxsize=4)
def _unpacked(stored: bytes) -> Head:
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            return _head(arrays)
    except (KeyError, ValueError, TypeError, IndexError, OSError, EOFError, zipfile.BadZipFile) as error:
        why = f"the index's template choice cannot be read ({type(error).__name__}): run scripts/index_kb.py --full"
        raise Permanent(why, part="milvus") from None


def _head(arrays: Any) -> Head:
    from scipy import sparse

    about = json.loads(arrays["about"].tobytes())
    if about["format"] != FORMAT:
        raise ValueError("another format")
    rarity = np.zeros(2 * BUCKETS, dtype=np.float32)
    rarity[arrays["rare_at"]] = arrays["rare"]
    shape = (len(arrays["landmarks"]), 2 * BUCKETS)
    parts = (arrays["words"].astype(np.float32), arrays["words_at"], arrays["words_rows"])
    ridge = Ridge(
        vectors=arrays["vectors"].astype(np.float32),
        owner=arrays["owner"],
        landmarks=arrays["landmarks"],
        words=sparse.csr_matrix(parts, shape=shape),
        weights=arrays["weights"],
        mean=arrays["mean"],
        sharpness=float(about["sharpness"]),
    )
    labels = tuple(str(label) for label in about["labels"])
    if ridge.weights.shape != (shape[0], len(labels)) or len(ridge.owner) != len(ridge.vectors):
        raise ValueError("arrays that do not belong together")
    fits, right = (float(offset) for offset in about["offsets"])
    judges = Judge(arrays["fits"], fits), Judge(arrays["right"], right)
    if any(judge.weights.shape != (SIGNS,) for judge in judges):
        raise ValueError("judges of other signs")
    net = _net(arrays, float(about["net_scale"]), len(labels))
    plain = _plain(arrays, float(about["plain_sharpness"]), ridge)
    return Head(labels, ridge, Wording(rarity), *judges, float(about["floor"]), net, _bytes(arrays["layers"]), plain)


def _plain(arrays: Any, sharpness: float, ridge: Ridge) -> Ridge | None:
    if not sharpness:
        return None
    weights = arrays["plain_weights"]
    if weights.shape != ridge.weights.shape:
        raise ValueError("a plain ridge of other labels")
    return replace(ridge, vectors=plain_of(ridge.vectors), weights=weights, sharpness=sharpness)


def _bytes(numbers: Any) -> bytes:
    if numbers.dtype != np.uint8:
        raise ValueError("layers that are no bytes")
    return bytes(numbers.tobytes())


def _net(arrays: Any, scale: float, labels: int) -> Net | None:
    if not scale:
        return None
    net = Net(scale=scale, **{name: arrays[f"net_{name}"].astype(np.float32) for name in _NET})
    inputs, hidden = net.inner.shape
    shapes = [(inputs,), (hidden,), (hidden, labels), (labels,)]
    if [part.shape for part in (net.mean, net.inner_offset, net.outer, net.outer_offset)] != shapes:
        raise ValueError("a network whose parts do not belong together")
    return net
