"""Index swaps while others search: whether any search fails, finds nothing, or sees two indexes at once.

Every index holds the same made-up articles in another edition, so that what a search brings tells which index it saw.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.errors import Trouble
from worker.evaluation import parts
from worker.evaluation.isolation import SUBJECTS
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.index import publish, row_of
from worker.models import Kind, Source
from worker.ports import Index
from worker.ports.shelf import Row
from worker.ports.world import Vectors

READS = ("public",)
ARTICLES = 40


@dataclass
class Seen:
    """What one reader saw."""

    searches: int = 0
    failed: int = 0
    empty: int = 0
    mixed: int = 0
    editions: set[str] = field(default_factory=set)
    slowest: float = 0.0


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    embedder = parts.embedder()
    asked = [f"What should I know of the {subject}?" for subject in SUBJECTS]
    vectors = embedder.embed(asked)
    with parts.shelf(embedder.name) as shelf:
        publish(edition(0), embedder, shelf)
        ended = threading.Event()
        seen = [Seen() for _ in range(options.readers)]
        readers = [threading.Thread(target=read, args=(one, shelf, asked, vectors, ended)) for one in seen]
        started = time.perf_counter()
        for reader in readers:
            reader.start()
        try:
            for number in range(1, options.swaps + 1):
                publish(edition(number), embedder, shelf)
                screen.tick("swapping", number, options.swaps)
        finally:
            ended.set()
            for reader in readers:
                reader.join()
    return {
        "swaps": options.swaps,
        "searches": sum(one.searches for one in seen),
        "failed": sum(one.failed for one in seen),
        "empty": sum(one.empty for one in seen),
        "mixed": sum(one.mixed for one in seen),
        "editions_seen": len(set().union(*(one.editions for one in seen))),
        "slowest_ms": round(1000 * max(one.slowest for one in seen), 1),
        "seconds": round(time.perf_counter() - started, 1),
    }


def read(seen: Seen, index: Index, asked: Sequence[str], vectors: Vectors, ended: threading.Event) -> None:
    """Searches until it is told to stop."""
    while not ended.is_set():
        at, started = seen.searches % len(asked), time.perf_counter()
        try:
            hits = index.search(Kind.PASSAGE, np.asarray(vectors[at]), asked[at], READS, ARTICLES)
        except Trouble:
            seen.failed += 1
            hits = None
        seen.searches += 1
        seen.slowest = max(seen.slowest, time.perf_counter() - started)
        if hits is not None:
            editions = {hit.source.version for hit in hits}
            seen.empty += not editions
            seen.mixed += len(editions) > 1
            seen.editions |= editions


def edition(number: int) -> list[Row]:
    """The same texts each time, so that nothing is embedded anew: only the version tells the editions apart."""
    return [
        row_of(
            Source(
                source_id=f"{subject}-{n}#all",
                kind=Kind.PASSAGE,
                title=f"{subject.capitalize()} {n}",
                text=f"What you should know of the {subject}, chapter {n}.",
                segments=READS,
                version=f"edition-{number}",
                article_id=f"{subject}-{n}",
            )
        )
        for n, subject in ((n, SUBJECTS[n % len(SUBJECTS)]) for n in range(ARTICLES))
    ]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--swaps", type=int, default=100, help="how many (100)")
    parser.add_argument("--readers", type=int, default=4, help="threads that search meanwhile (4)")


SUITE = Suite("swaps", "index swaps under load: searches that failed or saw two indexes at once", arguments, measure)
