"""The assembly's foundation: rules, knowledge base, index and embedding model, each made of the settings.

What a reindex needs before it knows whether there is anything to do, and nothing else: importing the ledger's and the
helpdesk's adapters would take it as long as its work. bootstrap.py builds on it; bootstrap_index.py calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from worker.ports import Embedder
from worker.rulebook import Rulebook, load_labels, load_rulebook
from worker.settings import Settings

if TYPE_CHECKING:
    from worker.adapters.milvus import MilvusShelf
    from worker.knowledge.documents import Kb


def milvus_uri(settings: Settings) -> str:
    """MILVUS_URI, or the server of a running stack on this DATA_DIR; "" if nothing runs."""
    return settings.milvus_uri or settings.running_stack().get("milvus_uri", "")


def milvus_directory(settings: Settings) -> Path:
    """The embedded Milvus's folder: the stack's server owns it while it runs, the indexer otherwise."""
    return settings.data_dir / "milvus"


def make_embedder(settings: Settings) -> Embedder:
    """Loads the model: seconds and hundreds of megabytes. Workers and the indexer only."""
    from worker.adapters.embedding import MiniLmEmbedder

    brief = {"auto": None, "float32": False, "bfloat16": True}[settings.embedding_precision]
    return MiniLmEmbedder(settings.embedding_model or None, brief=brief)


@contextmanager
def embedder_apart(settings: Settings, name: str) -> Iterator[Embedder]:
    """The same in a process of its own, which is still loading when the block begins and ends with it. `name`: what
    `embedder_name` says."""
    from worker.adapters.embedding_apart import Apart

    with closing(Apart(name, settings.embedding_model or None, settings.embedding_precision)) as embedder:
        yield embedder


def embedder_name(settings: Settings) -> str:
    """Of `make_embedder`'s, without loading the model."""
    from worker.adapters.embedding_model import model_name

    return model_name(settings.embedding_model or None)


@contextmanager
def open_shelf(settings: Settings) -> Iterator[MilvusShelf]:
    """The index for writing: at MILVUS_URI, at the running stack's server, or else in its folder, opened in-process."""
    from worker.adapters.milvus import MilvusShelf

    # In its folder this process owns the index while it writes; a stack that starts meanwhile has to wait.
    uri = milvus_uri(settings) or str(milvus_directory(settings))
    token = settings.milvus_token.get_secret_value()
    with closing(MilvusShelf(uri, token=token, keep=settings.index_keep)) as shelf:
        yield shelf


def load_rules(settings: Settings) -> Rulebook:
    return load_rulebook(settings.rules_dir)


def load_kb(settings: Settings) -> Kb:
    from worker.knowledge.documents import read_kb

    return read_kb(settings.kb_dir, load_labels(settings.rules_dir))
