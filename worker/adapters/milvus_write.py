"""Writing to Milvus: a new collection beside the live one, checked, then the alias moved; earlier ones kept in a row.

The earlier collections have aliases of their own ("<alias>_back1", "_back2"): what carries none of the aliases is a
leftover of a build that was broken off, and is dropped by the next build, before it writes. Used by adapters/milvus.py.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import structlog

from worker.adapters.milvus_fill import Filling
from worker.adapters.milvus_head import rows_for
from worker.adapters.milvus_link import PART, Gone, Link
from worker.adapters.milvus_rows import FLAT_UP_TO, METRIC, Live, audience, build_entity, indexes, schema, where
from worker.errors import Permanent, Retryable, Trouble
from worker.models import Kind
from worker.ports.shelf import Build, Contents, Points, Row, Tick, Trained, no_way_back
from worker.ports.world import Vectors

PAGE = 16_000  # rows of one answer; servers give 16,384 at most
PATIENCE = 600.0  # seconds for one step of writing: a busy machine flushes tens of thousands of rows for minutes
_NO_ALIAS = {100, 1600}
log = structlog.get_logger(__name__)


class Writing:
    def __init__(self, link: Link, alias: str, keep: int, *, page: int = PAGE) -> None:
        self._link = link
        self._page = page
        self._aliases = [alias, *(f"{alias}_back{n}" for n in range(1, keep + 1))]
        self._prefix = alias.partition("_")[0]
        self._one = threading.Lock()  # Milvus Lite does not bear two writers

    def target(self, client: Any, alias: str) -> str:
        """The collection behind the alias, "" if there is no such alias."""
        from pymilvus import MilvusException

        try:
            return str(client.describe_alias(alias, timeout=self._link.timeout)["collection_name"])
        except MilvusException as error:
            if error.code in _NO_ALIAS:
                return ""
            raise

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        """See shelf.Shelf.stage."""
        if len({row.pk for row in rows}) != len(rows):
            raise Permanent("two rows have one id", part=PART)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        dim = int(vectors.shape[1]) if isinstance(vectors, np.ndarray) else build.dim
        live = Live(
            name=f"{self._prefix}_{stamp}_{build.kb_hash[:8]}",
            build=build.model_copy(update={"rows": len(rows), "dim": dim}),
            audiences=tuple(sorted({audience(row.source.segments) for row in rows})),
            lexical=self._link.has_bm25,
            hnsw=len(rows) > FLAT_UP_TO,
            metric=METRIC,
        )
        with self._one:
            self._sweep(live.name)  # what broken builds left may be the room that this one needs
            try:
                self._write(live, rows, vectors, tick, head)
            except BaseException:  # also where somebody lost patience
                self.discard(live.name)
                raise
        return live.name

    def swap(self, name: str, tick: Tick) -> None:
        """See shelf.Shelf.swap."""
        tick("swap", 0, 1)  # whoever is broken off from here on does not know which index is live
        with self._one:
            self._link.call("swapping the index", lambda client: self._swap(client, name), again=False)
            self._sweep(name)
        tick("swap", 1, 1)

    def earlier(self) -> list[str]:
        """See shelf.Shelf.earlier."""
        return [name for name, _ in self._link.call("asking for earlier indexes", self._ways_back)]

    def rollback(self, steps: int = 1) -> str:
        """See shelf.Shelf.rollback. The collection that was live takes the place of the other, to go forward to.

        Two aliases change places, and a call may be made twice: which is which is asked before, once.
        """

        def ask(client: Any) -> tuple[str, str, str]:
            ways, live = self._ways_back(client), self.target(client, self._aliases[0])
            if not 1 <= steps <= len(ways):
                raise Permanent(no_way_back(steps, len(ways)), part=PART)
            return live, *ways[steps - 1]

        def move(client: Any) -> None:
            client.load_collection(back, timeout=PATIENCE)
            self._point(client, self._aliases[0], back)
            self._point(client, alias, live)

        with self._one:
            live, back, alias = self._link.call("going back to the earlier index", ask)
            self._link.call("going back to the earlier index", move)
        return back

    def _ways_back(self, client: Any) -> list[tuple[str, str]]:
        """(collection, its alias) of each earlier one, the newest first. Where a swap was broken off, an alias of
        earlier ones leads to the live one, or two to one: that is no way back."""
        live, *earlier = (self.target(client, alias) for alias in self._aliases)
        ways: dict[str, str] = {}
        for alias, name in zip(self._aliases[1:], earlier, strict=True):
            if live and name not in {"", live}:
                ways.setdefault(name, alias)
        return list(ways.items())

    def contents(self, live: Live) -> Contents:
        """See shelf.Shelf.contents."""

        def ask(client: Any) -> Contents:
            versions: dict[str, str] = {}
            labels: dict[str, tuple[str, ...]] = {}
            vectors: dict[str, Vectors] = {}
            for row in self._all_hashed(client, live):
                versions[str(row["source_id"])] = str(row["version"])
                labels[str(row["source_id"])] = tuple(str(label) for label in row["labels"])
                vectors[str(row["text_hash"])] = np.asarray(row["vector"], dtype=np.float32)
            return Contents(versions=versions, labels=labels, vectors=vectors)

        try:
            return self._link.call("reading the index", ask)
        except Gone:
            self._link.call("loading the index", lambda client: client.load_collection(live.name, timeout=PATIENCE))
            return self._link.call("reading the index", ask)

    def _all_hashed(self, client: Any, live: Live) -> Iterator[dict[str, Any]]:
        """In as few answers as the number of rows allows: Milvus Lite goes through all of them for each."""
        digits = 0
        while live.build.rows * 1.2 > self._page * 16**digits:  # hashes do not fall quite evenly
            digits += 1
        for begins in product("0123456789abcdef", repeat=digits):
            yield from self._hashed(client, live.name, "".join(begins))

    def _hashed(self, client: Any, name: str, begins: str) -> Iterator[dict[str, Any]]:
        """The rows whose text's hash begins so; where an answer is full, asked for again by one more digit."""
        rows = client.query(
            name,
            filter=f'text_hash like "{begins}%"' if begins else 'text_hash != ""',
            limit=self._page,
            output_fields=["source_id", "version", "labels", "text_hash", "vector"],
            timeout=PATIENCE,
        )
        if len(rows) < self._page:
            yield from rows
        else:
            for digit in "0123456789abcdef":
                yield from self._hashed(client, name, begins + digit)

    def _write(self, live: Live, rows: Sequence[Row], vectors: Points, tick: Tick, head: Trained) -> None:
        def make(client: Any) -> None:
            made = schema(client, live.build.dim, lexical=live.lexical)
            client.create_collection(live.name, schema=made, timeout=PATIENCE)
            # Not waited for: there is nothing to index yet, and loading waits for what there will be.
            wanted = indexes(client, hnsw=live.hnsw, lexical=live.lexical)
            client.create_index(live.name, wanted, timeout=PATIENCE, sync=False)
            for kind in Kind:
                client.create_partition(live.name, kind.value, timeout=PATIENCE)

        def finish(client: Any) -> None:
            whole = replace(live, head_rows=rows_for(trained))
            client.insert(live.name, [build_entity(whole)], timeout=PATIENCE)
            client.flush(live.name, timeout=PATIENCE)  # unflushed rows are searched ten times slower
            client.load_collection(live.name, timeout=PATIENCE)

        self._link.call("writing the new index", make, again=False)
        with Filling(self._link, live.name, rows, PATIENCE) as filling:
            if isinstance(head, bytes):
                filling.put_head(head, live.build.dim)
            for places, points in [(range(len(rows)), vectors)] if isinstance(vectors, np.ndarray) else vectors:
                filling.put(places, points)
            trained = head if isinstance(head, bytes) else head()
            if not isinstance(head, bytes):
                filling.put_head(trained, live.build.dim)
            filling.end(tick)
        self._link.call("writing the new index", finish, again=False)
        there = len(rows) + rows_for(trained) + 1
        self._link.call("checking the new index", lambda client: self._check(client, live, rows[0], filling, there))

    def _check(self, client: Any, live: Live, first: Row, filled: Filling, wanted: int) -> None:
        """Every row is there for readers that do not wait for the newest, and a search finds what it should."""
        until = time.monotonic() + PATIENCE
        while (there := self._count(client, live.name)) != wanted:
            if time.monotonic() > until:
                raise Retryable(f"the new index has {there} rows instead of {wanted}", part=PART)
            time.sleep(0.1)
        near = client.search(
            live.name,
            data=[filled.first.tolist()],
            anns_field="vector",
            filter=where(first.source.kind, [audience(first.source.segments)]),
            limit=1,
            output_fields=["pk"],
            partition_names=[first.source.kind.value],
            timeout=PATIENCE,
        )[0]
        if not near or float(near[0]["distance"]) < 0.99:
            raise Retryable("the new index does not find its own first row", part=PART)

    def _count(self, client: Any, name: str) -> int:
        told = client.query(
            name, filter="", output_fields=["count(*)"], consistency_level="Eventually", timeout=PATIENCE
        )
        return int(told[0]["count(*)"])

    def _swap(self, client: Any, name: str) -> None:
        """Moves each alias to the collection of the one before it, oldest first, so that each step is whole."""
        client.load_collection(name, timeout=PATIENCE)  # another build may have swept it: then nothing may move
        now = [self.target(client, alias) for alias in self._aliases]
        for alias, newer in reversed(list(zip(self._aliases[1:], now[:-1], strict=True))):
            if newer:
                self._point(client, alias, newer)
        self._point(client, self._aliases[0], name)

    def _point(self, client: Any, alias: str, name: str) -> None:
        if self.target(client, alias):
            client.alter_alias(name, alias, timeout=PATIENCE)
        else:
            client.create_alias(name, alias, timeout=PATIENCE)

    def _sweep(self, newest: str) -> None:
        """Drops collections of ours that are older than `newest` and have no alias. Failing here harms nobody."""
        ours = re.compile(rf"{re.escape(self._prefix)}_\d{{8}}T\d{{12}}_[0-9a-f]{{1,8}}")
        back = re.compile(rf"{re.escape(self._aliases[0])}_back\d+")

        def ask(client: Any) -> None:
            kept = {self.target(client, alias) for alias in self._aliases}
            for name in client.list_collections(timeout=PATIENCE):
                if not (ours.fullmatch(name) and name < newest and name not in kept):
                    continue
                # Of a time when more were kept. An alias that is not ours says that somebody else needs it.
                aliases = client.list_aliases(name, timeout=PATIENCE)["aliases"]
                if all(back.fullmatch(alias) for alias in aliases):
                    for alias in aliases:
                        client.drop_alias(alias, timeout=PATIENCE)
                    client.drop_collection(name, timeout=PATIENCE)
                    log.info("milvus.dropped", collection=name)

        try:
            self._link.call("dropping old indexes", ask)
        except Trouble as trouble:
            log.warning("milvus.sweep", error=trouble.reason)

    def discard(self, name: str) -> None:
        """See shelf.Shelf.discard."""
        try:
            self._link.call("dropping the unfinished index", lambda client: client.drop_collection(name))
        except Trouble as trouble:
            log.warning("milvus.undo", collection=name, error=trouble.reason)
