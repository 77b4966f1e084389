"""`bench.py query`: what a customer's question costs in a knowledge base of thousands of passages.

From the question to what a reply may rest on, with the parts as a stack runs them: the embedding model in this process,
Milvus Lite behind a server, its collection held in this process once it was asked a few times. The passages are made
up of the sentences of KB_DIR, their vectors of those of the passages that the sentences are from, since embedding
thousands of texts would take longer than the measurement; templates and questions are those of KB_DIR.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from worker.adapters.milvus import MilvusShelf
from worker.bench.took import Took, percentiles, processor_time
from worker.bootstrap import load_kb
from worker.errors import BadConfiguration
from worker.evaluation import parts
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.around import Around
from worker.knowledge.chunk import passages
from worker.knowledge.documents import Kb
from worker.knowledge.index import publish, row_of, rows_of
from worker.knowledge.words import searchable
from worker.models import Kind, Reader, Source
from worker.ports import Embedder, Index
from worker.ports.world import Vectors
from worker.settings import load_settings
from worker.support.fusing import Weights
from worker.support.retrieve import retrieve
from worker.support.searching import CANDIDATES, Search

BOUND = 25.0  # milliseconds within which 95 of 100 queries must be answered
NOISE = 0.5  # of a made-up vector: as far from its like as real passages of one subject are
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Known(Around):
    """The vectors of made-up texts; of any other text `model`'s. Implements world.Embedder."""

    def __init__(self, model: Embedder, vectors: dict[str, Vectors]) -> None:
        self.name, self.dim = model.name, model.dim
        self._model, self._vectors = model, vectors

    def inner(self) -> Embedder:
        return self._model

    def embed(self, texts: Sequence[str]) -> Vectors:
        others = [text for text in texts if text not in self._vectors]
        told = self._vectors | dict(zip(others, self._model.embed(others), strict=True))
        return np.stack([told[text] for text in texts]) if texts else self._model.embed(texts)


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    if min(options.passages, options.queries) < 2 or options.rounds < 1:
        raise BadConfiguration("Give at least two passages, two queries and one round.")
    kb, draw, embedder = load_kb(load_settings()), random.Random(options.seed), parts.embedder()
    asked = [question for template in kb.templates for question in template.questions]
    asked = draw.sample(asked, min(options.queries, len(asked)))
    made, vectors = made_up(list(passages(kb.articles)), options.passages, embedder, draw)
    rows = [*rows_of(Kb(templates=kb.templates, articles=())), *(row_of(source) for source in made)]
    with parts.served_shelf(embedder.name) as (index, server):
        publish(rows, Known(embedder, vectors), index, progress=screen.tick)
        took = ask(asked, kb, index, embedder, server, options.rounds, screen)
    return figures(took, len(made), len(asked))


def made_up(
    real: Sequence[Source], wanted: int, embedder: Embedder, draw: random.Random
) -> tuple[list[Source], dict[str, Vectors]]:
    """As many passages as wanted, two parts to an article, and their vectors by the text that is embedded."""
    points = embedder.embed([f"{source.title}\n{source.text}" for source in real])
    sentences = [_SENTENCE.split(source.text) for source in real]
    noise = np.random.default_rng(draw.randrange(2**32))
    made: list[Source] = []
    vectors: dict[str, Vectors] = {}
    for number in range(wanted):
        one, other = draw.randrange(len(real)), draw.randrange(len(real))
        told = [*sentences[one], *sentences[other]]
        draw.shuffle(told)
        source = real[one].model_copy(
            update={
                "source_id": f"made-{number // 2}#text.{number % 2 + 1}",
                "article_id": f"made-{number // 2}",
                "text": f"{number}. " + " ".join(told[: len(sentences[one])]),
            }
        )
        point = points[one] + 0.5 * points[other]
        point = point + NOISE * noise.normal(size=embedder.dim).astype(np.float32) / np.sqrt(embedder.dim)
        made.append(source)
        vectors[row_of(source).embed] = np.asarray(point / np.linalg.norm(point), dtype=np.float32)
    return made, vectors


def ask(
    asked: Sequence[str], kb: Kb, index: MilvusShelf, embedder: Embedder, server: int, rounds: int, screen: Screen
) -> dict[str, Took]:
    """`first`: queries for passages that nobody asked for before. Then, in rounds, the same queries, whole messages
    with templates, choice and neighbours, the two parts of a query by themselves, and the search as Milvus itself does
    it, which has to be borne while the collection is read and where it is too large to be held."""
    reader = Reader(segments=(), reads=tuple(sorted({label for one in kb.articles for label in one.segments})))
    search = Search(index, reader, Weights())

    def query(text: str) -> None:
        finish = search.begin(Kind.PASSAGE, [text])
        finish(embedder.embed([text]))

    def message(text: str) -> None:
        retrieve([text], text, reader, index, embedder)

    def found(index: Index, text: str, point: Vectors) -> None:
        index.search(Kind.PASSAGE, point, searchable(text), reader.reads, CANDIDATES[Kind.PASSAGE])

    took = {name: Took() for name in ("query", "message", "embedding", "search", "milvus", "first")}
    vectors, engine = embedder.embed(asked), index.unheld()
    message(asked[0])  # connects, and unpacks the trained choice
    for text in asked:
        _timed(took["first"], server, partial(query, text))
    for turn in range(rounds):
        for n, text in enumerate(asked):
            _timed(took["query"], server, partial(query, text))
            _timed(took["message"], server, partial(message, text))
            _timed(took["embedding"], server, partial(embedder.embed, [text]))
            _timed(took["search"], server, partial(found, index, text, vectors[n]))
            _timed(took["milvus"], server, partial(found, engine, text, vectors[n]))
            screen.tick("asking", turn * len(asked) + n + 1, rounds * len(asked))
    return took


def _timed(took: Took, server: int, call: Callable[[], object]) -> None:
    """Wall time, and processor time of this process and the server's."""
    theirs, ours, begun = processor_time(server), time.process_time(), time.perf_counter()
    call()
    took.wall.append((time.perf_counter() - begun) * 1000)
    if theirs is not None:
        ours = time.process_time() - ours
        took.cpu.append(ours * 1000 + ((processor_time(server) or theirs) - theirs) / 1e6)


def figures(took: Mapping[str, Took], made: int, asked: int) -> Figures:
    """Medians and 95th percentiles in milliseconds; `query_fastest_p95_ms` of the fastest try of each query, which
    tells most on a busy machine. `within`: whether the queries keep to BOUND."""
    found: dict[str, object] = {"passages": made, "queries": asked}
    for name, times in took.items():
        for kind, values in (("", times.wall), ("cpu_", times.cpu)):
            found[f"{name}_{kind}p50_ms"], found[f"{name}_{kind}p95_ms"] = percentiles(values)
    fastest = np.array(took["query"].wall).reshape(-1, asked).min(axis=0)
    found["query_fastest_p95_ms"] = percentiles(fastest.tolist())[1]
    found["within"] = (percentiles(took["query"].wall)[1] or 0.0) <= BOUND
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passages", type=int, default=5_000, metavar="N", help="in the index, templates aside (5000)")
    parser.add_argument(
        "--queries", type=int, default=100, metavar="N", help="example questions of the templates (100)"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is asked (3)")
    parser.add_argument("--seed", type=int, default=1, help="of the passages and the questions")


SUITE = Suite(
    name="query",
    about="A question's search in thousands of passages: embedding, vectors and BM25, fusion.",
    arguments=_arguments,
    measure=measure,
)
