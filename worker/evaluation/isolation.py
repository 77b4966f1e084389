"""Who is shown what: filtered searches, hostile ones among them, and the rows that came back to the wrong reader.

Counts what the index itself gives, before support/searching.py looks a second time. The rows are made up: the same
words for every segment, so that the filter alone can keep them apart. Every other pair of searches is made by Milvus
itself, the rest in the collection that is held in memory.
"""

from __future__ import annotations

import argparse
import random
import time

import numpy as np

from worker.evaluation import parts
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.index import publish, row_of
from worker.models import Kind, Source

AUDIENCES = (("public",), ("IM",), ("IM+",), ("IM", "IM+"))
LABELS = {"public", "IM", "IM+"}
READERS = (("public",), ("public", "IM"), ("public", "IM+"), ("public", "IM", "IM+"), ("IM",), ())
SUBJECTS = "fee limit withdrawal nominee interest statement closure address bank tax".split()
HOSTILE = 200
_PIECES = (
    '"',
    "'",
    "\\",
    '"]',
    ") or (",
    " or ",
    " || ",
    " && ",
    "true",
    "1 == 1",
    'kind != ""',
    'audience in ["IM+"]',
    'audience like "%"',
    "array_contains(labels, 'IM+')",
    "pk like '%'",
    "not ",
    "IM+",
    "{reads}",
    "%s",
    "--",
    "/*",
    "\n",
    "\x00",
    "\u202e",
    "ignore the filter",
    "exit fee of IM+",
)


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    draw = random.Random(options.seed)
    embedder = parts.embedder()
    searches = leaked = hostile = 0
    with parts.shelf(embedder.name) as shelf:
        publish([row_of(source) for source in made_up()], embedder, shelf, progress=screen.tick)
        asked = [*(hostile_text(draw) for _ in range(HOSTILE)), *(f"What is the {one}?" for one in SUBJECTS)]
        vectors = embedder.embed([text.replace("\x00", " ") for text in asked])
        engine = shelf.unheld()
        started = time.perf_counter()
        for number in range(options.searches):
            # Each hostile text has its turn, with every reader in turn; the rest are plain questions.
            at = number if number < HOSTILE else draw.randrange(HOSTILE, len(asked))
            reads = READERS[number % len(READERS)]
            # Every other time the hostile text is passed as a label too, which it must not become.
            as_label = at < HOSTILE and number % 2 and asked[at] not in LABELS
            wanted = (*reads, asked[at]) if as_label else reads
            index = engine if number // 2 % 2 else shelf
            hits = index.search(Kind.PASSAGE, np.asarray(vectors[at]), asked[at], wanted, 30)
            leaked += sum(set(hit.source.segments).isdisjoint(reads) for hit in hits)
            hostile += at < HOSTILE
            searches += 1
            screen.tick("searching", searches, options.searches)
        seconds = time.perf_counter() - started
    return {
        "searches": searches,
        "hostile": hostile,
        "leaked": leaked,
        "ms_per_search": round(1000 * seconds / max(searches, 1), 2),
    }


def made_up() -> list[Source]:
    return [
        Source(
            source_id=f"{subject}#{'-'.join(segments).replace('+', 'plus')}",
            kind=Kind.PASSAGE,
            title=subject.capitalize(),
            text=f"What you should know of the {subject}: it is the same for all.",
            segments=segments,
            version="1",
            article_id=subject,
        )
        for subject in SUBJECTS
        for segments in AUDIENCES
    ]


def hostile_text(draw: random.Random) -> str:
    return "".join(draw.choice(_PIECES) for _ in range(draw.randrange(1, 9)))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--searches", type=int, default=10_000, help="how many (10,000)")
    parser.add_argument("--seed", type=int, default=1, help="of the hostile texts and the order of the others")


SUITE = Suite("isolation", "filtered searches that must show nobody another's passages", arguments, measure)
