"""What building an index needs of its store: rows go in, are looked at, and swapped in; old ones stay for rollback.

Beside `world.Index`, which only reads. Implemented by adapters/milvus.py and adapters/memory_index.py; called by
knowledge/index.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from worker.models import Noun, Source, Template
from worker.ports.world import Index, Vectors

Tick = Callable[[str, int, int], None]  # (stage, done, total): progress for people
Batches = Iterable[tuple[Sequence[int], Vectors]]  # places in a sequence of rows, each place once, and their vectors
Points = Vectors | Batches  # in batches, some can be written while others are being made
Trained = bytes | Callable[[], bytes]  # the template choice, or what makes it once all vectors are there


class Row(Noun):
    """One thing that can be found. Several rows may lead to one source: a template has one for each example question.

    `pk` is the source's id for the row that carries the source itself, "<source id>?<n>" for an example question.
    """

    pk: str
    about: str  # "source" or "question"
    embed: str  # the text that the vector stands for
    words: str  # the text that BM25 reads, as knowledge.words.searchable makes it
    source: Source
    template: Template | None = None

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.embed.encode()).hexdigest()[:32]


class Build(Noun):
    """One finished collection. `model` is the embedder's name: vectors of two models never mix. `taught`: equal where
    the template choice learned the same, "" where that is not known."""

    collection: str = ""
    model: str
    dim: int
    kb_hash: str
    built_at: datetime
    rows: int
    taught: str = ""


def no_way_back(steps: int, there: int) -> str:
    """What a shelf says where it keeps `there` earlier collections, and none so many steps back."""
    if there < 1:
        return "there is no earlier index to go back to"
    kept = "a single earlier index is" if there == 1 else f"{there} earlier indexes are"
    return f"{kept} kept, none of them {steps} steps back: scripts/index_kb.py --list names them"


@dataclass(frozen=True)
class Contents:
    """What the live collection holds: versions and labels by source id, vectors by `Row.text_hash`."""

    versions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vectors: Mapping[str, Vectors] = field(default_factory=dict)


class Shelf(Protocol):
    """Where collections stand. One writer at a time; readers go on undisturbed. Raises Retryable or Permanent."""

    def version(self) -> str:
        """Name of the live collection; "" if there is none."""
        ...

    def built(self) -> Build | None:
        """The live collection; None if there is none."""
        ...

    def contents(self) -> Contents:
        """All of the live collection; empty if there is none."""
        ...

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        """Writes a new collection beside the live one and checks it; its name. Nobody finds anything in it yet.
        Whatever fails leaves no trace. `head`: the trained template choice, kept with it."""
        ...

    def staged(self, name: str) -> Index:
        """The collection as something to search in, live or not. It is closed with the shelf."""
        ...

    def swap(self, name: str, tick: Tick) -> None:
        """Makes a staged collection the live one, and drops those that are kept no longer."""
        ...

    def discard(self, name: str) -> None:
        """Drops a staged collection. Failing here harms nobody: the next build drops it."""
        ...

    def earlier(self) -> list[str]:
        """The names of those that `rollback` reaches, by steps back from the live one."""
        ...

    def rollback(self, steps: int = 1) -> str:
        """Makes the collection so many steps before the live one live again; its name. The two change places: the same
        call once more goes forward again. Permanent if there is none so far back."""
        ...
