"""A collection held in memory: what Milvus Lite would find, for the same readers, and only while it is worth it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from worker.adapters import milvus_held, milvus_live
from worker.adapters.memory_index import HashEmbedder
from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_held import ASKED_FIRST, Held
from worker.adapters.milvus_rows import Live
from worker.errors import Retryable
from worker.knowledge.index import publish, row_of
from worker.models import Kind, Source
from worker.ports.shelf import Build
from worker.ports.world import Hit

WORDS = [f"word{n}" for n in range(60)]
LABELS = (["public"], ["IM"], ["IM+"], ["IM", "IM+"])
READERS = (("public",), ("public", "IM"), ("IM+",), ("public", "IM", "IM+"), (), ('IM"] or kind != "', "*"))
EMBEDDER = HashEmbedder(dim=48)


def a_source(number: int, draw: random.Random) -> Source:
    """Each of another length, so that no two are worth the same."""
    said = " ".join(draw.choices(WORDS, k=number + 3))
    name, labels = f"a{number}#s", tuple(draw.choice(LABELS))
    return Source(source_id=name, kind=Kind.PASSAGE, title="T", text=said, segments=labels, article_id="a", version="1")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index of three hundred passages."""
    place = str(tmp_path_factory.mktemp("held") / "milvus")
    draw = random.Random(4)
    with MilvusShelf(place) as shelf:
        publish([row_of(a_source(number, draw)) for number in range(300)], EMBEDDER, shelf)
        yield place


def at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(milvus_held, "ASKED_FIRST", 0)


def told(hits: Sequence[Hit]) -> list[tuple[Source, int | None]]:
    return [(hit.source, hit.lexical_rank) for hit in map(without_score, hits)]


def scores(hits: Sequence[Hit]) -> list[float]:
    return [score for hit in hits for score in (hit.dense, hit.lexical or 0.0)]


def without_score(hit: Hit) -> Hit:
    return hit.model_copy(update={"source": hit.source.model_copy(update={"dense": 0.0})})


@pytest.mark.parametrize("reads", READERS)
@pytest.mark.parametrize("limit", [5, 40])
def test_it_finds_what_milvus_finds(uri: str, reads: tuple[str, ...], limit: int, monkeypatch: Any) -> None:
    at_once(monkeypatch)
    asked, held = MilvusShelf(uri, held=0), MilvusShelf(uri)
    draw = random.Random(limit)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 9))) for _ in range(12)] + [
        "",
        'x" or kind != "',
        "WORD1 word1",
    ]
    vectors = np.random.default_rng(limit).normal(size=(len(texts), EMBEDDER.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    theirs = asked.search_all(Kind.PASSAGE, vectors, texts, reads, limit)
    ours = held.search_all(Kind.PASSAGE, vectors, texts, reads, limit)

    assert held._held.name
    assert not asked._held.name
    for one, other in zip(theirs, ours, strict=True):
        assert told(one) == told(other)
        assert np.allclose(scores(one), scores(other), atol=1e-5)
        assert all(not set(hit.source.segments).isdisjoint(reads) for hit in other)
    assert any(ours) == bool(set(reads) & {"public", "IM", "IM+"})


def test_whoever_asks_a_few_times_is_answered_by_milvus(uri: str) -> None:
    shelf = MilvusShelf(uri)
    for _ in range(ASKED_FIRST):
        shelf.search(Kind.PASSAGE, EMBEDDER.embed(["word1"])[0], "word1", ("IM",), 3)
    assert not shelf._held.name
    shelf.search(Kind.PASSAGE, EMBEDDER.embed(["word1"])[0], "word1", ("IM",), 3)
    assert shelf._held.name == shelf.version()


def test_a_swap_is_followed_and_the_earlier_collection_let_go(tmp_path: Path, monkeypatch: Any) -> None:
    at_once(monkeypatch)
    monkeypatch.setattr(milvus_live, "FRESH", 0.0)
    draw = random.Random(1)
    with MilvusShelf(str(tmp_path / "milvus")) as writer:
        reader = MilvusShelf(str(tmp_path / "milvus"))
        for builds in range(2):
            source = a_source(builds, draw).model_copy(update={"text": f"word1 build{builds}"})
            publish([row_of(source)], EMBEDDER, writer)
            (hit,) = reader.search(Kind.PASSAGE, EMBEDDER.embed(["word1"])[0], "word1", source.segments, 3)
            assert hit.source.text == f"word1 build{builds}"
            assert reader._held.name == writer.version()


def test_a_milvus_that_is_gone_is_not_hidden(uri: str, monkeypatch: Any) -> None:
    at_once(monkeypatch)
    shelf = MilvusShelf(uri)
    ask = EMBEDDER.embed(["word1"])[0], "word1", ("IM",), 3
    assert shelf.search(Kind.PASSAGE, *ask)

    def gone(*_: object, **__: object) -> None:
        raise Retryable("asking for the live index: gone", part="milvus")

    monkeypatch.setattr(shelf._looking, "version", gone)
    monkeypatch.setattr(milvus_live, "FRESH", 0.0)
    with pytest.raises(Retryable):
        shelf.search(Kind.PASSAGE, *ask)
    with pytest.raises(Retryable):
        shelf.passages(["a1#s"], ("IM",))


class Engine:
    """A link to an engine that has two rows; `lite`: what it is."""

    def __init__(self, *, lite: bool = True, audience: str = "IM") -> None:
        self.lite, self.timeout, self.read = lite, 1.0, 0
        self.down = False
        self.before: Callable[[], object] = lambda: None  # an answer
        row = {"source_id": "a", "kind": "passage", "article_id": "a", "title": "T", "text": "x", "version": "1"}
        more = {"labels": ["IM"], "audience": audience, "words": "one two", "meta": {}, "vector": [1.0, 0.0]}
        self.rows = [row | more | {"pk": pk} for pk in ("a", "b")]

    def call(self, what: str, ask: Any) -> Any:
        self.read += 1
        if self.down:
            raise Retryable(what, part="milvus")
        self.before()
        return ask(self)

    def query(
        self, name: str, *, partition_names: list[str], offset: int, limit: int, **_: Any
    ) -> list[dict[str, Any]]:
        there = self.rows if partition_names == ["passage"] else []
        return there[offset : offset + limit]


def a_live(*, rows: int = 2, lexical: bool = True) -> Live:
    build = Build(model="m", dim=2, kb_hash="h", built_at=datetime(2026, 1, 1, tzinfo=UTC), rows=rows)
    return Live(name="deskhand_1", build=build, audiences=("IM",), lexical=lexical, hnsw=False)


def held(engine: Engine, most: int = 2) -> Held:
    return Held(engine, most)  # type: ignore[arg-type]


def test_all_pages_are_read_once(monkeypatch: Any) -> None:
    at_once(monkeypatch)
    monkeypatch.setattr(milvus_held, "PAGE", 1)
    engine = Engine()
    one = held(engine)
    whole = one.of(a_live())
    assert whole is not None
    assert set(whole.rows(["a", "b", "c"])) == {"a", "b"}
    read = engine.read
    assert one.of(a_live()) is whole
    assert engine.read == read
    one.forget()
    assert one.name == ""


def test_a_worker_reads_for_the_first_question_and_the_others_wait_for_it() -> None:
    engine, reading = Engine(), Barrier(2, timeout=60)
    engine.before = reading.wait
    one = Held(engine, 2, at_once=True)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as threads:
        found = [threads.submit(one.of, a_live()) for _ in range(3)]
        reading.wait()  # for the templates
        assert not any(answer.done() for answer in found)
        reading.wait()  # for the passages
        first = found[0].result()
    assert first is not None
    assert all(answer.result() is first for answer in found)
    assert engine.read == 2


def test_after_a_swap_milvus_answers_a_workers_first_questions_too() -> None:
    one = Held(Engine(), 2, at_once=True)  # type: ignore[arg-type]
    before, now = a_live(), replace(a_live(), name="deskhand_2")
    assert one.of(before) is not None
    assert [one.of(now) for _ in range(ASKED_FIRST)] == [None] * ASKED_FIRST
    assert one.of(now) is not None
    assert one.name == "deskhand_2"


def test_while_reading_takes_long_milvus_answers_the_others(monkeypatch: Any) -> None:
    monkeypatch.setattr(milvus_held, "PATIENCE", 0.0)
    engine, reading = Engine(), Barrier(2, timeout=60)
    engine.before = reading.wait
    one = Held(engine, 2, at_once=True)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(one.of, a_live())
        reading.wait()
        assert one.of(a_live()) is None
        reading.wait()
        assert found.result() is not None


@pytest.mark.parametrize(
    ("engine", "live", "most"),
    [
        (Engine(), a_live(), 1),
        (Engine(), a_live(), 0),
        (Engine(lite=False), a_live(), 2),
        (Engine(), a_live(lexical=False), 2),
    ],
    ids=["too many rows", "never", "a server", "without BM25"],
)
def test_what_is_not_worth_it_is_not_read(engine: Engine, live: Live, most: int, monkeypatch: Any) -> None:
    at_once(monkeypatch)
    assert held(engine, most).of(live) is None
    assert engine.read == 0


def test_what_cannot_be_held_is_asked_of_milvus_and_tried_again_later(monkeypatch: Any) -> None:
    at_once(monkeypatch)
    engine = Engine()
    one = held(engine)
    engine.down = True
    assert one.of(a_live()) is None
    engine.down = False
    assert one.of(a_live()) is None, "a minute has not gone by"
    one._not_before = 0.0
    assert one.of(a_live()) is not None


def test_a_collection_with_rows_missing_or_for_nobody_known_is_not_held(monkeypatch: Any) -> None:
    at_once(monkeypatch)
    assert held(Engine(), 9).of(a_live(rows=3)) is None
    assert held(Engine(audience="IM+")).of(a_live()) is None
    assert held(Engine(audience="IM+")).of(replace(a_live(), audiences=("IM", "IM+"))) is not None


def test_vectors_are_compared_as_they_are_stored(monkeypatch: Any) -> None:
    at_once(monkeypatch)
    whole = held(Engine()).of(a_live())
    assert whole is not None
    assert np.array_equal(whole.rows(["a"])["a"].vector, np.array([1.0, 0.0], np.float32))
