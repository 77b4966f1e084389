"""The real parts that a suite runs on: the configured embedder, and a Milvus of its own that is gone afterwards.

Nothing of an installation is touched: neither its index nor its ledger.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_server import start_milvus_lite
from worker.bootstrap import make_embedder
from worker.ports import Embedder
from worker.settings import load_settings
from worker.stack.checks import free_port


def embedder() -> Embedder:
    """The one that answers customers: EMBEDDING_MODEL, or the packaged one."""
    return make_embedder(load_settings())


@contextmanager
def shelf(model: str) -> Iterator[MilvusShelf]:
    """An empty Milvus Lite in a folder of its own. `model`: the embedder's name."""
    folder = _folder()
    with folder, closing(MilvusShelf(f"{folder.name}/milvus", model=model, timeout=30.0)) as opened:
        yield opened


@contextmanager
def served_shelf(model: str) -> Iterator[tuple[MilvusShelf, int]]:
    """The same behind a server, as a stack runs it, for those who measure time; and the id of the server's process."""
    with _folder() as name:
        port = free_port()
        with (
            start_milvus_lite(Path(name) / "milvus", port) as server,
            closing(MilvusShelf(f"http://127.0.0.1:{port}", model=model, timeout=30.0)) as opened,
        ):
            yield opened, server.pid


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="deskhand-evaluate-")
