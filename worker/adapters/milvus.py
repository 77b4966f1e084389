"""The index in Milvus: searched by every worker thread, written by one builder, swapped behind an alias.

Milvus Lite and servers from 2.5 on search by vector and by BM25; older servers by vector alone (said in the log and in
`ping`). Implements world.Index and shelf.Shelf. A search asks one collection by its own name, so that a swap in between
its questions cannot mix two builds.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any, TypeVar

import numpy as np
import structlog

from worker.adapters.breaker import Breaker
from worker.adapters.milvus_ask import Found, Wish, hits, near, plain, versions, worded
from worker.adapters.milvus_head import read_head
from worker.adapters.milvus_kept import Kept
from worker.adapters.milvus_link import PART, Gone, Link
from worker.adapters.milvus_rows import BUILD, Live, audience, live_of, readable, template_of, where
from worker.adapters.milvus_write import Writing
from worker.errors import Permanent, Retryable
from worker.models import Kind, Source, Template
from worker.ports.shelf import Build, Contents, Points, Row, Tick, Trained
from worker.ports.world import Hit, Vectors

T = TypeVar("T")
THREADS = 32  # that ask BM25: as many as a worker has by default; none is started before it is needed
FRESH = 1.0  # seconds that we trust our knowledge of which collection is live
log = structlog.get_logger(__name__)


class MilvusShelf:
    """Index and shelf at `uri`: http://host:port, or a directory that this process will own.

    `model`: the embedder's name that searches are made with; an index built with another one is refused (Permanent).
    "" asks for no agreement, for tools that only write. `alias` names the live collection; collections are called
    "<first word of alias>_<UTC time>_<hash>". `keep`: how many earlier collections stay for `rollback`.
    `breaker`: leaves a Milvus alone that does not answer.
    """

    def __init__(
        self,
        uri: str,
        *,
        token: str = "",
        model: str = "",
        alias: str = "deskhand_live",
        keep: int = 2,
        timeout: float = 5.0,
        breaker: Breaker | None = None,
    ) -> None:
        self._link = Link(uri, token=token, timeout=timeout, breaker=breaker)
        self._writing = Writing(self._link, alias, keep)
        self._model = model
        self._alias = alias
        self._only = ""  # the one collection that is asked, whichever is live; see `staged`
        self._seen: tuple[float, Live | None] = (0.0, None)
        self._looking = threading.Lock()
        self._head: tuple[str, bytes] = ("", b"")  # of which collection
        self._kept = Kept("")
        self._threads = _threads()
        self._told_dense_only = False

    # world.Index

    def search(self, kind: Kind, vector: Vectors, text: str, reads: Sequence[str], limit: int) -> Sequence[Hit]:
        """See world.Index. Raises Retryable where there is no index yet, Permanent where the models do not agree."""
        return self.search_all(kind, np.asarray(vector).reshape(1, -1), [text], reads, limit)[0]

    def search_all(
        self, kind: Kind, vectors: Vectors, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> list[Sequence[Hit]]:
        """See world.Index. All of it asks one collection: a swap meanwhile is seen by the next message."""
        wish = Wish(kind, tuple(plain(text) for text in texts), tuple(reads), limit)
        return self._finish(wish, vectors, self._worded(wish)) if texts else []

    def begin(
        self, kind: Kind, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Callable[[Vectors], list[Sequence[Hit]]]:
        """See world.Index. BM25 is asked by another thread, while this one makes the vectors."""
        wish = Wish(kind, tuple(plain(text) for text in texts), tuple(reads), limit)
        if not texts:
            return lambda vectors: []
        early = self._threads.submit(self._worded, wish)
        return lambda vectors: self._finish(wish, vectors, early.result())

    def passages(self, source_ids: Sequence[str], reads: Sequence[str]) -> Sequence[Source]:
        """See world.Index. The ids are our own index's, not a customer's words."""

        def ask(client: Any, live: Live) -> Sequence[Source]:
            known = readable(live.audiences, reads)
            if not (known and source_ids):
                return []
            only = where(Kind.PASSAGE, known)
            rows = self._kept_of(live).rows(client, live, source_ids, self._link.timeout, only)
            sources = [row.source for row in rows.values()]  # some of them read before, by searches of other readers
            return [s for s in sources if s.kind is Kind.PASSAGE and audience(s.segments) in known]

        return self._ask("reading passages", ask)

    def template(self, template_id: str) -> Template | None:
        """The template of that id, whoever may read it."""

        def ask(client: Any, live: Live) -> Template | None:
            found = client.query(
                live.name,
                filter=f"pk == {json.dumps(template_id)} and kind == {json.dumps(Kind.TEMPLATE.value)}",
                output_fields=["meta"],
                timeout=self._link.timeout,
                consistency_level="Eventually",
            )
            return template_of(found[0]["meta"]) if found else None

        return self._ask("reading a template", ask)

    def versions(self, source_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these sources the versions that the live collection holds; one that it has not is left out."""
        return self._ask(
            "reading versions",
            lambda client, live: versions(client, live, source_ids, self._link.timeout) if source_ids else {},
        )

    def head(self) -> bytes:
        """See world.Index.head. Read once for each collection."""

        def ask(client: Any, live: Live) -> bytes:
            name, head = self._head
            if name != live.name:
                head = read_head(client, live, self._link.timeout)
                self._head = (live.name, head)
            return head

        return self._ask("reading the template choice", ask)

    def version(self) -> str:
        return self._only or self._link.call(
            "asking for the live index", lambda client: self._writing.target(client, self._alias)
        )

    def ping(self) -> str:
        live = self._live(fresh=True)
        how = "dense and BM25" if live.lexical else "dense only: this server has no BM25"
        return f"{self._link.version}, {live.name}, {live.build.rows} rows, {live.build.model}, {how}"

    # shelf.Shelf

    def built(self) -> Build | None:
        live = self._look()
        return live.build if live else None

    def contents(self) -> Contents:
        live = self._look()
        return self._writing.contents(live) if live else Contents()

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        return self._writing.stage(rows, vectors, build, tick, head)

    def staged(self, name: str) -> MilvusShelf:
        view = copy(self)
        view._only, view._looking = name, threading.Lock()
        view._seen, view._head, view._kept = (0.0, None), ("", b""), Kept(name)
        return view

    def swap(self, name: str, tick: Tick) -> None:
        self._writing.swap(name, tick)
        self._forget()

    def discard(self, name: str) -> None:
        self._writing.discard(name)

    def rollback(self) -> str:
        name = self._writing.rollback()
        self._forget()
        return name

    def close(self) -> None:
        done, self._threads = self._threads, _threads()
        done.shutdown()
        self._link.close()
        self._forget()

    def __enter__(self) -> MilvusShelf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # how it is done

    def _worded(self, wish: Wish) -> tuple[str, Found]:
        """What BM25 finds, and in which collection."""

        def ask(client: Any, live: Live) -> tuple[str, Found]:
            return live.name, worded(client, live, wish, self._link.timeout)

        return self._ask("searching by words", ask)

    def _finish(self, wish: Wish, vectors: Vectors, early: tuple[str, Found]) -> list[Sequence[Hit]]:
        points = np.asarray(vectors, dtype=np.float32)

        def ask(client: Any, live: Live) -> list[Sequence[Hit]]:
            if points.shape[1] != live.build.dim:
                raise Permanent(f"a vector has {points.shape[1]} numbers, the index {live.build.dim}", part=PART)
            searched, lexical = early
            if searched != live.name:  # swapped since: hits of two builds must not mix
                lexical = worded(client, live, wish, self._link.timeout)
            dense = near(client, live, wish, points, self._link.timeout)
            return hits(client, live, self._kept_of(live), wish, points, dense, lexical, self._link.timeout)

        return self._ask("searching", ask)

    def _kept_of(self, live: Live) -> Kept:
        kept = self._kept
        if kept.name != live.name:
            kept = self._kept = Kept(live.name)
        return kept

    def _ask(self, what: str, ask: Callable[[Any, Live], T]) -> T:
        """Asks the live collection; once more where it went away or was unloaded since we last looked."""
        live = self._live()
        try:
            return self._link.call(what, lambda client: ask(client, live))
        except Gone:
            found = self._live(fresh=True)
            self._load(found.name)
            return self._link.call(what, lambda client: ask(client, found))

    def _live(self, *, fresh: bool = False) -> Live:
        live = self._look(fresh=fresh)
        if live is None:
            raise Retryable("there is no index yet: run scripts/index_kb.py", part=PART, after=30)
        if self._model and live.build.model != self._model:
            raise Permanent(
                f"the index was built with {live.build.model}, but EMBEDDING_MODEL gives {self._model}: "
                "run scripts/index_kb.py",
                part=PART,
            )
        return live

    def _look(self, *, fresh: bool = False) -> Live | None:
        """Which collection is live, as of FRESH seconds ago at most; None if there is none."""
        with self._looking:
            seen, live = self._seen
            if fresh or time.monotonic() - seen > FRESH or live is None:
                name = self.version()
                if live is None or live.name != name:
                    live = self._read(name) if name else None
                self._seen = (time.monotonic(), live)
            return live

    def _read(self, name: str) -> Live | None:
        def ask(client: Any) -> Live:
            rows = client.query(
                name,
                filter=f"pk == {json.dumps(BUILD)}",
                output_fields=["meta"],
                timeout=self._link.timeout,
                consistency_level="Eventually",
            )
            if not rows:
                raise Permanent(f"{name} is no index of ours: run scripts/index_kb.py", part=PART)
            return live_of(name, rows[0]["meta"])

        try:
            live = self._link.call("reading the index's description", ask)
        except Gone:
            self._load(name)
            live = self._link.call("reading the index's description", ask)
        if not live.lexical and not self._told_dense_only:
            self._told_dense_only = True
            log.warning("milvus.dense_only", engine=self._link.version, why="the server has no BM25")
        return live

    def _load(self, name: str) -> None:
        self._link.call("loading the index", lambda client: client.load_collection(name, timeout=60))

    def _forget(self) -> None:
        with self._looking:
            self._seen = (0.0, None)


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="worded")
