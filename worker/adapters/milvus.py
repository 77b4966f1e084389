"""The index in Milvus: searched by every worker thread, written by one builder, swapped behind an alias.

Milvus Lite and servers from 2.5 on search by vector and by BM25; older servers by vector alone (said in the log and in
`ping`). Implements world.Index and shelf.Shelf. A search asks one collection by its own name, so that a swap in between
its questions cannot mix two builds; a small one of Milvus Lite is held in memory and searched there (milvus_held.py).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any, TypeVar

import numpy as np

from worker.adapters.breaker import Breaker
from worker.adapters.milvus_ask import Found, Wish, hits, near, plain, versions, worded
from worker.adapters.milvus_head import read_head
from worker.adapters.milvus_held import HELD, Held
from worker.adapters.milvus_kept import Kept, KeptRow
from worker.adapters.milvus_link import PART, Link
from worker.adapters.milvus_live import Looking
from worker.adapters.milvus_rows import Live, audience, readable, template_of, where
from worker.adapters.milvus_write import Writing
from worker.errors import Permanent
from worker.models import Kind, Source, Template
from worker.ports.shelf import Build, Contents, Points, Row, Tick, Trained
from worker.ports.world import Hit, Vectors

T = TypeVar("T")
THREADS = 32  # that ask BM25: as many as a worker has by default; none is started before it is needed


class MilvusShelf:
    """Index and shelf at `uri`: http://host:port, or a directory that this process will own.

    `model`: the embedder's name that searches are made with; an index built with another one is refused (Permanent).
    "" asks for no agreement, for tools that only write. `alias` names the live collection; collections are called
    "<first word of alias>_<UTC time>_<hash>". `keep`: how many earlier collections stay for `rollback`.
    `breaker`: leaves a Milvus alone that does not answer. `held`: up to how many rows a collection of Milvus Lite is
    held in memory and searched there (milvus_held.py); 0 for never. `at_once`: from the first question on.
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
        held: int = HELD,
        at_once: bool = False,
    ) -> None:
        self._link = Link(uri, token=token, timeout=timeout, breaker=breaker)
        self._writing = Writing(self._link, alias, keep)
        self._model = model
        self._looking = Looking(self._link, lambda client: self._writing.target(client, alias), model)
        self._head: tuple[str, bytes] = ("", b"")  # of which collection
        self._reading_head = threading.Lock()  # of thirty threads each would read its megabytes after a swap
        self._kept = Kept("")
        self._held = Held(self._link, held, at_once=at_once)
        self._threads = _threads()

    # world.Index

    def search(self, kind: Kind, vector: Vectors, text: str, reads: Sequence[str], limit: int) -> Sequence[Hit]:
        """See world.Index. Raises Retryable where there is no index yet, Permanent where the models do not agree."""
        return self.search_all(kind, np.asarray(vector).reshape(1, -1), [text], reads, limit)[0]

    def search_all(
        self, kind: Kind, vectors: Vectors, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> list[Sequence[Hit]]:
        """See world.Index. All of it asks one collection: a swap meanwhile is seen by the next message."""
        wish = Wish(kind, tuple(plain(text) for text in texts), tuple(reads), limit)
        return self._finish(wish, vectors, None) if texts else []

    def begin(
        self, kind: Kind, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Callable[[Vectors], list[Sequence[Hit]]]:
        """See world.Index. Milvus is asked for BM25 by another thread, while this one makes the vectors."""
        wish = Wish(kind, tuple(plain(text) for text in texts), tuple(reads), limit)
        if not texts:
            return lambda vectors: []
        if self._held.name:
            return lambda vectors: self._finish(wish, vectors, None)
        early = self._threads.submit(self._worded, wish)
        return lambda vectors: self._finish(wish, vectors, early.result())

    def passages(self, source_ids: Sequence[str], reads: Sequence[str]) -> Sequence[Source]:
        """See world.Index. The ids are our own index's, not a customer's words."""

        def ask(client: Any, live: Live) -> Sequence[Source]:
            only = where(Kind.PASSAGE, readable(live.audiences, reads))
            return of_reader(live, self._kept_of(live).rows(client, live, source_ids, self._link.timeout, only))

        def of_reader(live: Live, rows: Mapping[str, KeptRow]) -> Sequence[Source]:
            known = readable(live.audiences, reads)
            sources = [row.source for row in rows.values()]  # some of them read before, by searches of other readers
            return [s for s in sources if s.kind is Kind.PASSAGE and audience(s.segments) in known]

        live = self._looking.live()
        if not (source_ids and readable(live.audiences, reads)):
            return []
        if whole := self._held.of(live):
            return of_reader(live, whole.rows(source_ids))
        return self._looking.ask("reading passages", ask)

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

        if whole := self._held.of(self._looking.live()):
            return whole.template(template_id)
        return self._looking.ask("reading a template", ask)

    def versions(self, source_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these sources the versions that the live collection holds; one that it has not is left out."""
        return self._looking.ask(
            "reading versions",
            lambda client, live: versions(client, live, source_ids, self._link.timeout) if source_ids else {},
        )

    def head(self) -> bytes:
        """See world.Index.head. Read once for each collection."""

        def ask(client: Any, live: Live) -> bytes:
            with self._reading_head:
                name, head = self._head
                if name != live.name:
                    head = read_head(client, live, self._link.timeout)
                    self._head = (live.name, head)
                return head

        return self._looking.ask("reading the template choice", ask)

    def version(self) -> str:
        return self._looking.version()

    def searched(self) -> str:
        return live.name if (live := self._looking.look()) else ""

    def ping(self) -> str:
        live = self._looking.live(fresh=True)
        how = "dense and BM25" if live.lexical else "dense only: this server has no BM25"
        return f"{self._link.version}, {live.name}, {live.build.rows} rows, {live.build.model}, {how}"

    # shelf.Shelf

    def built(self) -> Build | None:
        live = self._looking.look()
        return live.build if live else None

    def contents(self) -> Contents:
        live = self._looking.look()
        return self._writing.contents(live) if live else Contents()

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        return self._writing.stage(rows, vectors, build, tick, head)

    def staged(self, name: str) -> MilvusShelf:
        view = copy(self)
        view._looking = Looking(self._link, lambda client: name, self._model)
        view._head, view._kept = ("", b""), Kept(name)
        view._held = Held(self._link, self._held.most, at_once=self._held.at_once)
        return view

    def swap(self, name: str, tick: Tick) -> None:
        self._writing.swap(name, tick)
        self._looking.forget()

    def discard(self, name: str) -> None:
        self._writing.discard(name)

    def earlier(self) -> list[str]:
        return self._writing.earlier()

    def rollback(self, steps: int = 1) -> str:
        name = self._writing.rollback(steps)
        self._looking.forget()
        return name

    def unheld(self) -> MilvusShelf:
        """The same index, Milvus itself asked for every search: to compare."""
        view = copy(self)
        view._held = Held(self._link, 0)
        return view

    def close(self) -> None:
        done, self._threads = self._threads, _threads()
        done.shutdown()
        self._link.close()
        self._looking.forget()
        self._held.forget()

    def __enter__(self) -> MilvusShelf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # how it is done

    def _worded(self, wish: Wish) -> tuple[str, Found]:
        """What BM25 finds, and in which collection."""

        def ask(client: Any, live: Live) -> tuple[str, Found]:
            return live.name, worded(client, live, wish, self._link.timeout)

        return self._looking.ask("searching by words", ask)

    def _finish(self, wish: Wish, vectors: Vectors, early: tuple[str, Found] | None) -> list[Sequence[Hit]]:
        """`early`: what BM25 found meanwhile, and where."""
        points = np.asarray(vectors, dtype=np.float32)

        def ask(client: Any, live: Live) -> list[Sequence[Hit]]:
            _check(points, live)
            searched, lexical = early or ("", [])
            if searched != live.name:  # not searched yet, or swapped since: hits of two builds must not mix
                lexical = worded(client, live, wish, self._link.timeout)
            dense = near(client, live, wish, points, self._link.timeout)
            kept = self._kept_of(live)
            return hits(wish, points, dense, lexical, lambda pks: kept.rows(client, live, pks, self._link.timeout))

        live = self._looking.live()
        if whole := self._held.of(live):
            _check(points, live)
            return list(whole.search(wish, points))
        return self._looking.ask("searching", ask)

    def _kept_of(self, live: Live) -> Kept:
        kept = self._kept
        if kept.name != live.name:
            kept = self._kept = Kept(live.name)
        return kept


def _check(points: Vectors, live: Live) -> None:
    if points.shape[1] != live.build.dim:
        raise Permanent(f"a vector has {points.shape[1]} numbers, the index {live.build.dim}", part=PART)


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="worded")
