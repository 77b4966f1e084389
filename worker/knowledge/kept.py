"""What the last reindex read and embedded, kept on disk: a file that says what it said need not be read again.

Rows follow from a file's bytes, the labels there are and the code that reads it; vectors from texts and the model. What
is kept stands under digests of all of these, so it cannot be out of date: it is found, or it is not. The truth is the
index; deleting the file costs time and nothing else. Called by bootstrap_index.py and knowledge/index.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from worker import models
from worker.knowledge.documents import Kb, read_documents
from worker.knowledge.files import Document, documents
from worker.knowledge.index import rows_of
from worker.ports import shelf
from worker.ports.shelf import Batches, Build, Contents, Row
from worker.ports.world import Vectors

_ROWS = TypeAdapter(list[Row])
_LIBRARIES = ("markdown-it-py", "pyyaml", "pydantic")  # that files are read with


class Kept:
    """`path`: the file, which need not be there, nor be whole. `anew`: nothing is taken from it, and all is kept."""

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        self._path = path
        self._anew = anew
        self._files: list[tuple[str, int]] = []  # as read now: each file's digest and how many rows it made
        self._rows: list[Row] = []
        self._all_known = False
        self._new = path.with_name(f"{path.name}.new")  # one writer at a time, and what a broken-off one left is its
        self._drafting: threading.Thread | None = None

    def read(self, kb_dir: Path, labels: Sequence[str], news: Callable[[], None] = lambda: None) -> list[Row]:
        """The rows of kb/, as `rows_of` makes them of `read_kb`. Raises BadConfiguration, as that does. `news` is
        called as soon as it is known that a file says something new, long before it is known what."""
        found, code = documents(kb_dir), _code(labels)
        digests = {document.path: _digest(code, document) for document in found}
        if not self._names().issuperset(digests.values()):
            news()
        had = self._had
        known = [document for document in found if digests[document.path] in had]
        fresh = _by_file(read_documents(found, kb_dir, labels, known=known))
        self._files, self._rows = [], []
        for document in sorted(found, key=lambda one: (one.kind != "templates", one.name)):
            digest = digests[document.path]
            rows = had.get(digest) or fresh.get((document.kind, document.name), [])
            self._files.append((digest, len(rows)))
            self._rows += rows
        self._all_known = len(known) == len(found)
        return self._rows

    def contents(self, live: Build) -> Contents | None:
        """What the live collection holds, if that is what was kept last; None if it is not known."""
        if (self._about.get("kb_hash"), self._about.get("model")) != (live.kb_hash, live.model):
            return None
        rows = [row for rows in self._had.values() for row in rows]
        vectors = self._vectors
        if len(vectors) != len(rows) or not len(rows):
            return None
        return Contents(
            versions={row.source.source_id: row.source.version for row in rows},
            labels={row.source.source_id: row.source.segments for row in rows},
            vectors={row.text_hash: vectors[i] for i, row in enumerate(rows)},
        )

    def drafting(self, batches: Batches, build: Build, vectors: Vectors) -> Iterator[tuple[Sequence[int], Vectors]]:
        """The same batches. Once they came to their end, and `vectors` is whole, what `keep` keeps is written beside
        while the index is being finished, which is somebody else's work."""
        yield from batches
        self._drafting = threading.Thread(target=self._draft, args=(build, vectors), name="keeping")
        self._drafting.start()

    def keep(self, build: Build, vectors: Vectors | None = None) -> None:
        """Keeps what was read last, which is live now. Without vectors only where something was not kept already. A
        disk that does not take it is no trouble."""
        if vectors is None and self._all_known:
            return
        if vectors is None or not self._drafting:
            self._draft(build, vectors)
        else:
            self._drafting.join()
        with suppress(OSError):
            os.replace(self._new, self._path)

    def drop(self) -> None:
        """A draft of what did not become the live index. Safe to repeat, also where there is none."""
        if self._drafting:
            self._drafting.join()
            self._drafting = None
            with suppress(OSError):
                self._new.unlink()

    def _draft(self, build: Build, vectors: Vectors | None) -> None:
        """Writes it beside the file, whole or not at all."""
        about = {"kb_hash": build.kb_hash if vectors is not None else "", "model": build.model, "files": self._files}
        arrays: dict[str, Any] = {
            "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
            "rows": np.frombuffer(_ROWS.dump_json(self._rows), dtype=np.uint8),
            "vectors": np.zeros((0, build.dim), dtype=np.float32) if vectors is None else vectors,
        }
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with self._new.open("wb") as file:
                    np.savez(file, **arrays)
            except BaseException:
                self._new.unlink(missing_ok=True)
                raise

    @cached_property
    def _stored(self) -> tuple[dict[str, Any], list[Row], Vectors]:
        """(about, rows, vectors); empty where there is no such file, or where it is not whole: zip files have sums."""
        nothing: tuple[dict[str, Any], list[Row], Vectors] = ({}, [], np.zeros((0, 0), dtype=np.float32))
        if self._anew:
            return nothing
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                about = json.loads(arrays["about"].tobytes())
                rows = _ROWS.validate_json(arrays["rows"].tobytes())
                vectors = arrays["vectors"]
        except Exception:  # a damaged header makes numpy and zipfile raise nearly anything, before sums are looked at
            return nothing
        return (about, rows, vectors) if sum(count for _, count in about["files"]) == len(rows) else nothing

    def _names(self) -> set[str]:
        """Digests of the files that were kept: a hint, since another reindex may replace them before they are read."""
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                return (
                    set() if self._anew else {str(name) for name, _ in json.loads(arrays["about"].tobytes())["files"]}
                )
        except Exception:  # as in `_stored`
            return set()

    @property
    def _about(self) -> dict[str, Any]:
        return self._stored[0]

    @property
    def _vectors(self) -> Vectors:
        return self._stored[2]

    @cached_property
    def _had(self) -> dict[str, list[Row]]:
        """By file, in the order of the vectors."""
        about, rows, _ = self._stored
        had, start = {}, 0
        for digest, count in about.get("files", ()):
            had[str(digest)] = rows[start : start + count]
            start += count
        return had


def _by_file(kb: Kb) -> dict[tuple[str, str], list[Row]]:
    templates = {
        ("templates", one.template_id): list(rows_of(Kb(templates=(one,), articles=()))) for one in kb.templates
    }
    articles = {("articles", one.article_id): list(rows_of(Kb(templates=(), articles=(one,)))) for one in kb.articles}
    return templates | articles


def _digest(code: bytes, document: Document) -> str:
    told = hashlib.sha256(code)
    told.update(f"{document.kind}/{document.name}\n".encode())
    told.update(document.raw)
    return told.hexdigest()


def _code(labels: Sequence[str]) -> bytes:
    """Differs where another release might make other rows of the same file."""
    told = hashlib.sha256(json.dumps([*labels]).encode())
    for path in _sources():
        told.update(path.read_bytes())
    told.update(json.dumps([version(library) for library in _LIBRARIES]).encode())
    return told.digest()


def _sources() -> Iterator[Path]:
    for folder in (Path(__file__).parent, Path(str(models.__file__)).parent):
        yield from sorted(folder.glob("*.py"))
    yield Path(str(shelf.__file__))
