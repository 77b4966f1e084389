"""The embedder with the packaged model: one thread for all callers, nothing cut, trouble told to who asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from worker.adapters import embedding
from worker.adapters.embedding import MiniLmEmbedder
from worker.adapters.embedding_model import packaged_model
from worker.bootstrap_kb import make_embedder
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.settings import Settings


@pytest.fixture(scope="module")
def embedder():
    embedder = MiniLmEmbedder(threads=1)
    yield embedder
    embedder.close()


def test_vectors_have_length_one_and_the_promised_shape(embedder):
    vectors = embedder.embed(["When does my withdrawal arrive?", "", "कब मिलेगा"])

    assert vectors.shape == (3, embedder.dim) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder.embed([]).shape == (0, 384)


def test_what_means_the_same_is_nearer_than_what_does_not(embedder):
    asked, same, other = embedder.embed(
        ["When does my withdrawal arrive?", "How long until the money is in my bank?", "I like to cook rice."]
    )

    assert asked @ same > asked @ other + 0.2


def test_the_end_of_a_long_text_counts_too(embedder):
    long = "Withdrawals reach your bank within two working days. " * 60
    plain, ended = embedder.embed([long, long + "My cat is called Mimi and she eats fish every day. " * 20])

    assert plain @ ended < 0.995
    assert np.linalg.norm(ended) == pytest.approx(1.0, abs=1e-5)


def test_a_long_text_is_cut_between_words_and_no_letter_is_lost(embedder):
    text = "Withdrawals reach your bank within two working days, mostly. " * 60
    parts = embedder._parts(text)

    assert " ".join(part for part, _ in parts) == text.strip()
    for part, pieces in parts:
        assert pieces == len(embedder._model.spans(part)) <= 254


def test_a_text_has_the_same_vector_alone_as_among_many(embedder):
    texts = [f"How long does a withdrawal of Rs {n} take{', please tell me' * (n % 5)}?" for n in range(20)]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


def test_callers_at_the_same_moment_each_get_their_own(embedder):
    texts = [f"Question number {n} about {'IM' if n % 2 else 'IM+'}" for n in range(24)]
    alone = embedder.embed(texts)
    barrier = Barrier(8)

    def ask(start: int):
        barrier.wait()
        return embedder.embed(texts[start : start + 3])

    with ThreadPoolExecutor(8) as threads:
        together = np.concatenate(list(threads.map(ask, range(0, 24, 3))))

    assert np.allclose(alone, together, atol=1e-4)


def test_trouble_reaches_the_caller_without_his_text_and_the_next_one_is_served(embedder, monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("cannot embed 'my secret'")

    with monkeypatch.context() as patch:
        patch.setattr(embedder._model, "encode", fail)
        with pytest.raises(Retryable) as caught:
            embedder.embed(["my secret"])

    assert str(caught.value) == "embedding failed: RuntimeError"
    assert embedder.embed(["again"]).shape == (1, 384)


def test_what_several_layers_say_is_there_without_a_second_pass(embedder, monkeypatch):
    texts = ["When does my withdrawal arrive?", "Withdrawals reach your bank within two working days. " * 60]
    vectors = embedder.embed(texts)
    with monkeypatch.context() as patch:
        patch.setattr(embedder._model, "encode", lambda *_: pytest.fail("embedded again"))
        views = embedder.views(texts)

    assert views.shape == (2, 4 * embedder.dim)
    assert np.array_equal(views[:, : embedder.dim], vectors)
    assert np.allclose(np.linalg.norm(views.reshape(2, 4, -1), axis=2), 1.0, atol=1e-5)
    assert embedder.views(["another"]).shape == (1, 4 * embedder.dim)


def test_the_name_tells_the_weights_apart(embedder):
    assert embedder.name.startswith("all-MiniLM-L6-v2@")
    assert len(embedder.name.partition("@")[2]) == 8


def test_after_closing_nobody_waits_for_ever():
    embedder = MiniLmEmbedder(str(packaged_model()))
    vectors = embedder.embed(["once"])
    embedder.close()
    embedder.close()

    assert vectors.shape == (1, 384)
    with pytest.raises(Permanent, match="closed"):
        embedder.embed(["twice"])


def test_a_folder_that_is_no_model_is_refused_in_words_for_ops(tmp_path):
    with pytest.raises(BadConfiguration, match=r"EMBEDDING_MODEL: .* cannot be loaded"):
        MiniLmEmbedder(str(tmp_path))


def test_bfloat16_is_refused_where_the_processor_or_the_model_cannot_do_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for has, sentence in (({"avx2": True}, "no instructions"), ({"avx512_bf16": True}, "float32 only")):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda has=has: has)
        with pytest.raises(BadConfiguration, match=f"EMBEDDING_PRECISION: .*{sentence}"):
            MiniLmEmbedder(str(tmp_path), brief=True)


def test_without_a_wish_it_is_bfloat16_where_processor_and_model_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import torch  # here: to load it takes a second, and every process imports every test

    for has, kind in (({"avx2": True}, torch.float32), ({"amx_bf16": True}, torch.bfloat16)):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda has=has: has)
        made = MiniLmEmbedder(threads=1, brief=None)
        assert {layer["wide_bias"].dtype for layer in made._model._layers} == {kind}
        made.close()
    with pytest.raises(BadConfiguration, match="EMBEDDING_MODEL"):  # the library judges it, in 32 bits
        MiniLmEmbedder(str(tmp_path), brief=None)


def test_in_bfloat16_a_question_means_what_it_means_in_32_bits(embedder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"amx_bf16": True})
    brief = MiniLmEmbedder(threads=1, brief=True)
    asked = ["When does my withdrawal arrive?", "Withdrawals reach your bank within two working days. " * 60]
    assert not np.array_equal(brief.embed(asked), embedder.embed(asked))
    assert (brief.embed(asked) * embedder.embed(asked)).sum(axis=1).min() > 0.9999
    brief.close()


@pytest.mark.parametrize(("wish", "brief"), [("auto", None), ("float32", False), ("bfloat16", True)])
def test_what_ops_wish_for_is_what_the_model_is_made_with(wish: str, brief: bool | None, monkeypatch):
    made: list[bool | None] = []
    monkeypatch.setattr(embedding, "MiniLmEmbedder", lambda _, *, brief: made.append(brief))
    make_embedder(Settings(embedding_precision=wish))
    assert made == [brief]
