"""A model that sentence-transformers loads and works out: whatever embedding_bert.py does not know.

Called by adapters/embedding.py. Loading the library takes six seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from worker.errors import BadConfiguration

if TYPE_CHECKING:
    from worker.ports.world import Vectors

TOGETHER = 32  # texts of one forward pass


class Library:
    """`where`: a folder or a hub id. Raises BadConfiguration where the model cannot be loaded."""

    def __init__(self, where: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(where, device="cpu").eval()
        except Exception as error:
            raise BadConfiguration(
                f"EMBEDDING_MODEL: '{where}' cannot be loaded ({type(error).__name__}): "
                "give the folder of a sentence-transformers model or a hub id that this machine can reach."
            ) from error
        self.dim = int(self._model.get_embedding_dimension() or 0)
        self.reads = int(self._model.max_seq_length or 512)
        self.deep: tuple[int, ...] = ()

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each word piece of the text begins and ends, however many there are."""
        told = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return list(told["offset_mapping"])

    def encode(self, texts: Sequence[str], layers: Sequence[int] = ()) -> Vectors:
        """(len(texts), dim) unit vectors. `layers`: none can be asked for."""
        told = self._model.encode(list(texts), batch_size=TOGETHER, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(told, dtype=np.float32)
