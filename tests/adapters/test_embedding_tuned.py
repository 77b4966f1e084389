"""Layers tuned by examples: they draw alike what belongs together, go into bytes and back, and cost no second pass."""

from __future__ import annotations

import io
import pickle
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from worker.adapters import embedding_bert, embedding_layers, embedding_tuning
from worker.adapters.embedding import MiniLmEmbedder
from worker.adapters.embedding_bert import Bert
from worker.adapters.embedding_library import Library
from worker.adapters.embedding_linear import brief_is_faster
from worker.errors import Permanent
from worker.knowledge.around import Around
from worker.ports.world import Tunable

LONG = "Withdrawals reach your bank within two working days. " * 30
TEXTS = ["When does my withdrawal arrive?", "", "कब मिलेगा मेरा पैसा", "withdraw " * 30]
ANIMALS = ("cat", "dog", "horse", "sheep")
ASKED = ("where is the {}", "who feeds the {} today", "has the {} been sold")
TOLD = ("the {} is in the yard", "somebody feeds the {} today", "the {} has been sold")
LEARNT = [shape.format(animal) for shapes in (ASKED, TOLD) for shape in shapes[:2] for animal in ANIMALS]
GROUPS = np.repeat([0, 1], len(LEARNT) // 2)  # asked or told, whatever the animal


@pytest.fixture(scope="module", params=[False, True], ids=["float32", "bfloat16"])
def embedder(request: pytest.FixtureRequest) -> Iterator[MiniLmEmbedder]:
    made = MiniLmEmbedder(threads=1, brief=request.param and brief_is_faster())
    yield made
    made.close()


@pytest.fixture(scope="module")
def tuned(embedder: MiniLmEmbedder) -> Iterator[bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding_tuning, "STEPS", 6)
        yield embedder.tune(LEARNT, GROUPS)


def bert_of(embedder: MiniLmEmbedder) -> Bert:
    assert isinstance(embedder._model, Bert)
    return embedder._model


def unmoved(bert: Bert) -> bytes:
    own = embedding_layers.own(bert._file, bert._shape.layers)
    return embedding_layers.pack(own, {name: weight.float() for name, weight in own.items()})


def whole_pass(*_: object) -> None:
    raise AssertionError(
        "all layers once more"
    )  # no pytest.fail: the model's thread would end of it, and be waited for


def apart(vectors: Any) -> float:
    """How much nearer texts are to their own group than to the other, by cosine."""
    alike = vectors @ vectors.T
    return float(alike[GROUPS[:, None] == GROUPS].mean() - alike[GROUPS[:, None] != GROUPS].mean())


def test_layers_that_were_not_moved_say_what_the_model_says(embedder: MiniLmEmbedder) -> None:
    bert, texts = bert_of(embedder), [*TEXTS, LONG]
    plain = embedder.embed(texts)
    kept = embedder.tuned(texts, unmoved(bert))
    bert._lately.clear()

    assert (kept * plain).sum(axis=1).min() > 0.9999
    assert np.abs(embedder.tuned(texts, unmoved(bert)) - kept).max() < 1e-2
    assert embedder.tuned([], unmoved(bert)).shape == (0, embedder.dim)


def test_what_belongs_together_comes_together_in_other_words_too(embedder: MiniLmEmbedder, tuned: bytes) -> None:
    others = [shape[2].format(animal) for shape in (ASKED, TOLD) for animal in ANIMALS]
    truth = np.repeat([0, 1], len(ANIMALS))

    def right(learnt: Any, asked: Any) -> float:
        return float((GROUPS[(asked @ learnt.T).argmax(axis=1)] == truth).mean())

    before = right(embedder.embed(LEARNT), embedder.embed(others))
    after = right(embedder.tuned(LEARNT, tuned), embedder.tuned(others, tuned))

    assert apart(embedder.tuned(LEARNT, tuned)) > apart(embedder.embed(LEARNT)) + 0.2
    assert before < after > 0.8


def test_the_same_examples_give_the_same_layers(
    embedder: MiniLmEmbedder, tuned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_tuning, "STEPS", 6)
    again = embedder.tune(LEARNT, GROUPS)

    assert np.abs(embedder.tuned(TEXTS, again) - embedder.tuned(TEXTS, tuned)).max() < 1e-3


def test_weights_are_moved_as_torchs_own_optimizer_moves_them() -> None:
    draws = torch.Generator().manual_seed(3)
    ours = [
        torch.randn(40, 30, generator=draws, requires_grad=True),
        torch.randn(30, generator=draws, requires_grad=True),
    ]
    theirs = [weight.detach().clone().requires_grad_() for weight in ours]
    mine = embedding_tuning._Descent(ours)
    its = torch.optim.AdamW(theirs, lr=1.0, weight_decay=embedding_tuning.DECAY)
    for pace in (1e-3, 3e-3, 2e-3, 5e-4):
        for matrix, row in (ours, theirs):
            (torch.tanh(matrix * 3 + row).pow(2).sum() * 2).backward()
        its.param_groups[0]["lr"] = pace
        torch.nn.utils.clip_grad_norm_(theirs, embedding_tuning.STEEPEST)
        its.step()
        its.zero_grad()
        mine.step(pace)
        assert all(torch.equal(own, its_own) for own, its_own in zip(ours, theirs, strict=True))


def test_tuning_does_without_torchs_compiler(embedder: MiniLmEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_tuning, "STEPS", 1)
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # importing it fails; it would take longer than the steps
    assert embedder.tune(LEARNT, GROUPS)


def test_of_texts_that_were_embedded_just_now_only_the_last_layers_are_worked_out(
    embedder: MiniLmEmbedder, tuned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder.embed(TEXTS)
    with monkeypatch.context() as patch:
        patch.setattr(Bert, "_up_to_tuned", whole_pass)
        assert embedder.tuned(TEXTS, tuned).shape == (len(TEXTS), embedder.dim)
    monkeypatch.setattr(embedding_bert, "LATELY", 40)
    embedder.embed([f"text {number}" for number in range(20)])
    assert 30 < sum(len(state) for state in bert_of(embedder)._lately.values()) <= 40


def test_what_is_asked_for_ahead_is_what_two_questions_give_and_comes_behind_them(
    embedder: MiniLmEmbedder, tuned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, moved = embedder.embed(TEXTS), embedder.tuned(TEXTS, tuned)
    may, asked = threading.Event(), Bert.tuned
    monkeypatch.setattr(Bert, "tuned", lambda *of: may.wait(240) and asked(*of))
    first, later = embedder.embed_ahead(TEXTS, tuned)
    assert later is not None
    vectors = first()
    may.set()

    assert np.abs(vectors - plain).max() < 1e-3
    assert np.abs(later() - moved).max() < 1e-2
    empty, none = embedder.embed_ahead([], tuned)
    assert none is not None
    assert empty().shape == none().shape == (0, embedder.dim)


def test_whoever_begins_ahead_waits_for_nothing_until_he_asks(
    embedder: MiniLmEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = embedder.embed(TEXTS)
    may, asked = threading.Event(), Bert.encode
    monkeypatch.setattr(Bert, "encode", lambda *of: may.wait(240) and asked(*of))
    first, later = embedder.embed_ahead(TEXTS, b"")
    may.set()

    assert later is None
    assert np.abs(first() - plain).max() < 1e-3


def test_however_many_ask_at_once_no_text_goes_through_all_layers_twice(
    embedder: MiniLmEmbedder, tuned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bert, "_up_to_tuned", whole_pass)
    together = threading.Barrier(12)

    def asks(number: int) -> int:
        together.wait(240)
        _, later = embedder.embed_ahead([f"{number} asks for {other}" for other in range(5)], tuned)
        return len(later()) if later else 0

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(asks, range(12))) == [5] * 12


def test_layers_of_another_model_are_refused_and_nothing_in_them_is_run(
    embedder: MiniLmEmbedder, tuned: bytes, tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "ran"), "w"))

    with np.load(io.BytesIO(tuned)) as arrays:
        cut = {name: array[:-1] for name, array in arrays.items()}
        one_row = {name: array[:1] for name, array in arrays.items()}  # which numpy would take for each row
        foreign = {name: np.array([Evil()], dtype=object) for name in arrays}
    strange = [b"nonsense", pickle.dumps(Evil())]
    for made in (cut, one_row, foreign, {}):
        np.savez(written := io.BytesIO(), **made)
        strange.append(written.getvalue())
    for stored in strange:
        with pytest.raises(Permanent, match="index_kb"):
            embedder.tuned(TEXTS, stored)
        vectors, later = embedder.embed_ahead(TEXTS, stored)
        assert later is not None
        with pytest.raises(Permanent, match="index_kb"):
            later()
        assert len(vectors()) == len(TEXTS), "what is embedded does not go with it"
    assert not (tmp_path / "ran").exists()


def test_another_model_has_no_layers_to_tune(embedder: MiniLmEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Behind(Around):
        def inner(self) -> MiniLmEmbedder:
            return embedder

    assert isinstance(embedder, Tunable)
    monkeypatch.setattr(embedder, "_model", object.__new__(Library))

    assert (embedder.tune(TEXTS, np.arange(4)), Behind().tune(TEXTS, np.arange(4))) == (b"", b"")
    with pytest.raises(Permanent, match="no tuned layers"):
        Behind().tuned(TEXTS, b"some")
