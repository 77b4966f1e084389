"""Which collection is live, and asking it: known for a second, looked at again where it went away meanwhile.

The lease is what lets a process search a collection that it holds in memory: for no longer than that does it trust that
Milvus is there and that nobody has swapped. Used by adapters/milvus.py.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from worker.adapters.milvus_link import PART, Gone, Link
from worker.adapters.milvus_rows import BUILD, Live, live_of
from worker.errors import Permanent, Retryable

T = TypeVar("T")
FRESH = 1.0  # seconds that we trust our knowledge of which collection is live
log = structlog.get_logger(__name__)


class Looking:
    """`target`: asks the engine for the name of the live collection, "" if there is none. `model`: the embedder's name
    that the index must have been built with; "" for any."""

    def __init__(self, link: Link, target: Callable[[Any], str], model: str = "") -> None:
        self._link = link
        self._target = target
        self._model = model
        self._seen: tuple[float, Live | None] = (0.0, None)
        self._one = threading.Lock()
        self._told_dense_only = False

    def version(self) -> str:
        """Of Milvus itself, now."""
        return self._link.call("asking for the live index", self._target)

    def ask(self, what: str, ask: Callable[[Any, Live], T]) -> T:
        """Asks the live collection; once more where it went away or was unloaded since we last looked."""
        live = self.live()
        try:
            return self._link.call(what, lambda client: ask(client, live))
        except Gone:
            found = self.live(fresh=True)
            self._load(found.name)
            return self._link.call(what, lambda client: ask(client, found))

    def live(self, *, fresh: bool = False) -> Live:
        """Retryable where there is no index yet, Permanent where the models do not agree."""
        live = self.look(fresh=fresh)
        if live is None:
            raise Retryable("there is no index yet: run scripts/index_kb.py", part=PART, after=30)
        if self._model and live.build.model != self._model:
            raise Permanent(
                f"the index was built with {live.build.model}, but EMBEDDING_MODEL gives {self._model}: "
                "run scripts/index_kb.py",
                part=PART,
            )
        return live

    def look(self, *, fresh: bool = False) -> Live | None:
        """Which collection is live, as of FRESH seconds ago at most; None if there is none."""
        with self._one:
            seen, live = self._seen
            if fresh or time.monotonic() - seen > FRESH or live is None:
                name = self.version()
                if live is None or live.name != name:
                    live = self._read(name) if name else None
                self._seen = (time.monotonic(), live)
            return live

    def forget(self) -> None:
        with self._one:
            self._seen = (0.0, None)

    def _read(self, name: str) -> Live:
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
