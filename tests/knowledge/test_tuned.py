"""The template choice with layers of the model that were tuned on the examples, and when they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.builders import a_reader
from tests.knowledge.kb_files import a_passage, a_template, template_rows
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.errors import Retryable
from worker.knowledge import choice, choice_file, tuned
from worker.knowledge.choice import NONE, train
from worker.knowledge.choice_file import pack, unpack
from worker.knowledge.index import Row, head_of, kb_hash, publish, row_of, unchanged_rows
from worker.knowledge.ridge import cosines
from worker.knowledge.tuned import beside, tuned_on
from worker.ports.world import Vectors
from worker.support.retrieve import templates_for

WORDS = ("fee", "heir", "card")
TOPICS = {"fees": "fee", "family": "heir", "cards": "card"}
SHAPES = ("{} {}", "what {} of my {}", "tell me {} about the {} please", "the {} again {}")
TEXTS = [shape.format("x" * n, word) for word in WORDS for n, shape in enumerate(SHAPES, 1)]
LABELS = [label for label in TOPICS for _ in SHAPES]


class Told(HashEmbedder):
    """Its tuned layers tell a text by its last letter, which its vectors know nothing of."""

    def tune(self, texts: Sequence[str], groups: Any) -> bytes:
        self.tuned_with = list(zip(texts, groups, strict=True))
        return b"by the last letter"

    def tuned(self, texts: Sequence[str], layers: bytes) -> Vectors:
        assert layers == b"by the last letter"
        return np.eye(self.dim, dtype=np.float32)[[ord(text.strip()[-1]) % 26 for text in texts]]


@pytest.fixture
def rows() -> list[Row]:
    mine = {topic: [text for text, label in zip(TEXTS, LABELS, strict=True) if label == topic] for topic in TOPICS}
    return [row for topic, texts in mine.items() for row in template_rows(a_template(topic, topic, texts, ["public"]))]


def test_what_the_layers_tell_apart_the_choice_does_too() -> None:
    embedder, asked = Told(dim=64), ["quite another thing of e", "and this one ends with r", "or is it d"]
    learnt = tuned_on(embedder, TEXTS, LABELS)
    head = train(TEXTS, embedder.embed(TEXTS), LABELS, tuned=lambda: learnt)
    found = head.choose(asked, embedder.embed(asked), tuned=lambda: embedder.tuned(asked, head.layers))

    assert [choice.best for choice in found] == ["fees", "family", "cards"]
    assert np.allclose(np.linalg.norm(beside(embedder.embed(asked), embedder.tuned(asked, head.layers)), axis=1), 1.0)


def test_the_cosines_of_both_vectors_are_put_together_from_the_plain_ones() -> None:
    embedder = Told(dim=64)
    for asked in (TEXTS[:2], TEXTS):
        vectors, layers = embedder.embed(asked), embedder.tuned(asked, b"by the last letter")
        head = train(TEXTS, embedder.embed(TEXTS), LABELS, tuned=lambda: tuned_on(embedder, TEXTS, LABELS))
        assert head.plain is not None
        plainly = cosines(beside(vectors, None), head.plain.vectors)
        both = head._alike(vectors, plainly, partial(embedder.tuned, asked, b"by the last letter"))
        assert np.allclose(both, beside(vectors, layers) @ head.ridge.vectors.T, atol=1e-6)
        assert np.allclose(plainly, vectors @ embedder.embed(TEXTS).T, atol=1e-6)
        assert not np.allclose(both, plainly, atol=0.01)


def test_threads_that_come_for_a_new_head_together_unpack_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, another = Told(dim=64), threading.Event()
    stored, unpacked, once = pack(train(TEXTS, embedder.embed(TEXTS), LABELS)), choice_file._head, []

    def told(arrays: Any) -> Any:
        if once:
            another.set()
        once.append(True)
        another.wait(0.3)
        return unpacked(arrays)

    monkeypatch.setattr(choice_file, "_head", told)
    choice_file._unpacked.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        heads = list(threads.map(unpack, [stored] * 4))
    assert len(once) == 1
    assert all(head is heads[0] for head in heads)


def test_what_needs_no_layers_is_learnt_while_they_are_tuned(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    learning, learn = threading.Event(), choice.learn

    class Slow(Told):
        def tune(self, texts: Sequence[str], groups: Any) -> bytes:
            assert learning.wait(10), "training waits for layers"
            return super().tune(texts, groups)

    monkeypatch.setattr(choice, "learn", lambda texts: learning.set() or learn(texts))
    embedder = Slow(dim=64)
    head = head_of(rows, embedder.embed([row.embed for row in rows]), embedder)
    assert head is not None
    assert head.layers == b"by the last letter"


def test_a_head_whose_layers_could_not_be_tuned_is_none(rows: list[Row]) -> None:
    """As one without layers it would count as tuned, and no later reindex would make up for it."""

    class Gone(Told):
        def tune(self, texts: Sequence[str], groups: Any) -> bytes:
            raise Retryable("the process that embeds has ended")

    embedder = Gone(dim=64)
    with pytest.raises(Retryable, match="has ended"):
        head_of(rows, embedder.embed([row.embed for row in rows]), embedder)


def test_whoever_breaks_off_does_not_wait_for_layers(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    tuning, over, tuned_by_then = threading.Event(), threading.Event(), list[bool]()

    class Slow(Told):
        def tune(self, texts: Sequence[str], groups: Any) -> bytes:
            tuning.set()
            tuned_by_then.append(over.wait(10))
            return super().tune(texts, groups)

    def broken_off(texts: Sequence[str]) -> None:
        assert tuning.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(choice, "learn", broken_off)
    embedder = Slow(dim=64)
    with pytest.raises(KeyboardInterrupt):
        head_of(rows, embedder.embed([row.embed for row in rows]), embedder)
    assert tuned_by_then == [], "layers are still being tuned"
    over.set()


def test_how_sure_it_is_was_learnt_without_layers_that_know_the_examples() -> None:
    embedder = Told(dim=64)
    plain = train(TEXTS, embedder.embed(TEXTS), LABELS)
    with_layers = train(TEXTS, embedder.embed(TEXTS), LABELS, tuned=lambda: tuned_on(embedder, TEXTS, LABELS))

    assert np.array_equal(with_layers.fits.weights, plain.fits.weights)
    assert (with_layers.right.offset, with_layers.floor) == (plain.right.offset, plain.floor)

    asked = ["the fee again x", "giraffe ends with e"]
    vectors, layers = embedder.embed(asked), embedder.tuned(asked, with_layers.layers)
    for head in (with_layers, unpack(pack(with_layers))):
        found = head.choose(asked, vectors, tuned=lambda: layers)
        assert [one.fits for one in found] == pytest.approx(
            [one.fits for one in plain.choose(asked, vectors)], abs=0.01
        )


def test_layers_learn_from_labels_with_two_examples_and_not_from_what_no_template_answers() -> None:
    embedder = Told(dim=64)
    assert tuned_on(embedder, [*TEXTS, "rain", "storm", "alone"], [*LABELS, NONE, NONE, "single"]) is not None
    assert [text for text, _ in embedder.tuned_with] == TEXTS
    assert len({group for _, group in embedder.tuned_with}) == len(TOPICS)

    assert tuned_on(embedder, TEXTS[:5], LABELS[:5]) is None, "one label alone has two examples"
    assert tuned_on(HashEmbedder(), TEXTS, LABELS) is None


def test_of_very_many_examples_none_are_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "MOST", len(TEXTS) - 1)
    assert tuned_on(Told(dim=64), TEXTS, LABELS) is None


def test_layers_are_kept_with_the_head_and_asked_by_a_question(rows: list[Row]) -> None:
    embedder, index = Told(dim=256), MemoryIndex()
    publish(rows, embedder, index)
    head = unpack(index.head())
    [found] = templates_for(["what heir of my x"], embedder, a_reader(), index)

    assert head.layers == b"by the last letter"
    assert head.ridge.vectors.shape[1] == 2 * 256
    assert unpack(pack(head)).layers == head.layers
    assert [source.source_id for source in found.templates][:1] == ["family"]


def test_who_waits_gets_an_index_without_layers_and_a_later_build_makes_up_for_it(rows: list[Row]) -> None:
    embedder, index = Told(dim=256), MemoryIndex()

    def built(tune: bool, of: list[Row] = rows) -> tuple[bool, bytes]:
        known = unchanged_rows(of, embedder.name, index, kb_hash(of), tune=tune) is not None
        swapped = publish(of, embedder, index, tune=tune).swapped
        assert known is not swapped
        return swapped, unpack(index.head()).layers

    layers = b"by the last letter"
    assert [built(False), built(False)] == [(True, b""), (False, b"")]
    assert [built(True), built(False), built(True)] == [(True, layers), (False, layers), (False, layers)]

    passage = row_of(a_passage("fees#a", "Fees", "There are none.", ["public"]))
    assert built(False, [*rows, passage]) == (True, layers), "the head that was there learned the same"
    assert built(True, [*rows, passage]) == (False, layers)
