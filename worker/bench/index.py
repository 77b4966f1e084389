"""`bench.py index`: how long a reindex takes over a knowledge base of thousands of passages, as ops run it.

The command itself, scripts/index_kb.py, on files made from kb/, against a Milvus Lite server that is searched all the
while. Its floor in the same run is embedding the same texts, and nothing else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_server import start_milvus_lite
from worker.bench.served import surroundings
from worker.bootstrap import make_embedder
from worker.errors import BadConfiguration, Permanent, Trouble
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.documents import Kb, read_kb
from worker.knowledge.index import EMBED_TOGETHER, rows_of
from worker.models import Kind
from worker.ports.world import Embedder
from worker.rulebook import load_labels
from worker.settings import ROOT, load_settings
from worker.stack.checks import free_port

ASKED = "How long does a withdrawal take?"
EVERY = 0.05  # seconds between two searches meanwhile


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Seconds of the whole command each time: a change of nothing, of one in a hundred, and of everything."""
    if options.passages < 100:
        raise BadConfiguration("Give at least 100 passages: of fewer, one in a hundred is none.")
    labels = load_labels(load_settings().rules_dir)
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        desk = Desk(Path(name), free_port())
        shutil.copytree(load_settings().kb_dir, desk.kb)
        with start_milvus_lite(desk.folder / "milvus", desk.port):
            desk.reindex()  # there is something to search from here on
            made = enlarge(desk.kb, options.passages, labels)
            embedder = make_embedder(load_settings())
            with searched(desk, embedder) as searches:
                screen.say(f"{made} passages: everything is embedded")
                full = desk.reindex("--full")
                noop = desk.reindex()
                changed = reword(desk.kb, max(1, made // 100), labels)
                screen.say(f"{changed} passages changed")
                some = desk.reindex()
        screen.say("the floor: the same texts embedded, and nothing else")
        floor = floor_seconds(read_kb(desk.kb, labels), embedder)
    return {
        "passages": made,
        "changed": changed,
        "full_seconds": round(full, 2),
        "floor_seconds": round(floor, 2),
        "noop_seconds": round(noop, 2),
        "one_percent_seconds": round(some, 2),
        "searches_during": searches.done,
        "search_errors_during": searches.failed,
    }


@dataclass(frozen=True)
class Desk:
    """An installation of the run's own."""

    folder: Path
    port: int

    @property
    def kb(self) -> Path:
        return self.folder / "kb"

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reindex(self, *options: str) -> float:
        """The seconds that the command took. Raises Permanent if it failed."""
        command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--force", "--json", *options]
        given = {"DATA_DIR": str(self.folder), "KB_DIR": str(self.kb), "MILVUS_URI": self.uri}
        environment = {**surroundings(), "DESKHAND_ENV_FILE": os.devnull, **given}
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603
        took = time.perf_counter() - begun
        if done.returncode:
            raise Permanent(f"the reindex failed: {done.stderr.strip()[-300:]}", part="milvus")
        return took


def enlarge(kb: Path, wanted: int, labels: Sequence[str]) -> int:
    """Adds copies of every article under ids and titles of their own until there are `wanted` passages or some more;
    how many there are. A title is part of what is embedded: no two copies share a vector."""
    originals = sorted((kb / "articles").glob("*.md"))
    each = _passages(read_kb(kb, labels))
    for number in range(2, 2 + max(0, -(-(wanted - each) // each))):
        for article in originals:
            text = article.read_text(encoding="utf-8").replace("\nid: ", f"\nid: edition-{number}-", 1)
            text = text.replace("\ntitle: ", f"\ntitle: Edition {number} of ", 1)
            (kb / "articles" / f"edition-{number}-{article.name}").write_text(text, encoding="utf-8")
    return _passages(read_kb(kb, labels))


def reword(kb: Path, wanted: int, labels: Sequence[str]) -> int:
    """Changes the titles of copies until `wanted` passages or some more are others; how many are."""
    before = {row.pk: row.text_hash for row in rows_of(read_kb(kb, labels))}
    changed = 0
    for article in sorted((kb / "articles").glob("edition-*.md")):
        if changed >= wanted:
            break
        text = article.read_text(encoding="utf-8")
        article.write_text(text.replace("\ntitle: ", "\ntitle: Revised ", 1), encoding="utf-8")
        changed = sum(before[row.pk] != row.text_hash for row in rows_of(read_kb(kb, labels)))
    return changed


def floor_seconds(kb: Kb, embedder: Embedder) -> float:
    """Seconds to embed every text of the index, in the order that costs least."""
    texts = sorted({row.embed for row in rows_of(kb)}, key=len)
    begun = time.perf_counter()
    for start in range(0, len(texts), EMBED_TOGETHER):
        embedder.embed(texts[start : start + EMBED_TOGETHER])
    return time.perf_counter() - begun


@dataclass
class Searches:
    done: int = 0
    failed: int = 0


@contextmanager
def searched(desk: Desk, embedder: Embedder) -> Iterator[Searches]:
    """Somebody searches as long as the block lasts, with a vector made before it."""
    vector = np.asarray(embedder.embed([ASKED])[0])
    seen, ended = Searches(), threading.Event()

    def search() -> None:
        with closing(MilvusShelf(desk.uri, model=embedder.name, timeout=10.0)) as shelf:
            while not ended.wait(EVERY):
                try:
                    found = shelf.search(Kind.PASSAGE, vector, ASKED, ("public", "IM"), 5)
                except Trouble:
                    found = []
                seen.done += 1
                seen.failed += not found

    reader = threading.Thread(target=search, name="reader", daemon=True)
    reader.start()
    try:
        yield seen
    finally:
        ended.set()
        reader.join()


def _passages(kb: Kb) -> int:
    return sum(row.source.kind is Kind.PASSAGE for row in rows_of(kb))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passages", type=int, default=10_000, metavar="N", help="in the knowledge base (10000)")


SUITE = Suite(
    name="index",
    about="A reindex of everything, of one passage in a hundred, and of nothing, while the index is searched.",
    arguments=_arguments,
    measure=measure,
)
