"""The real parts that a suite runs on: the configured embedder, and a Milvus of its own that is gone afterwards.

Nothing of an installation is touched: neither its index nor its ledger.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

from worker.adapters.milvus import MilvusShelf
from worker.bootstrap import make_embedder
from worker.ports import Embedder
from worker.settings import load_settings


def embedder() -> Embedder:
    """The one that answers customers: EMBEDDING_MODEL, or the packaged one."""
    return make_embedder(load_settings())


@contextmanager
def shelf(model: str) -> Iterator[MilvusShelf]:
    """An empty Milvus Lite in a folder of its own. `model`: the embedder's name."""
    folder = tempfile.TemporaryDirectory(prefix="deskhand-evaluate-")
    with folder, closing(MilvusShelf(f"{folder.name}/milvus", model=model, timeout=30.0)) as opened:
        yield opened
