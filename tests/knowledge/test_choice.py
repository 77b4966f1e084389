"""The trained choice of a template: what it learns from examples, when it says that none fits, and how it is kept."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from scipy import sparse

from worker.adapters.memory_index import HashEmbedder
from worker.errors import BadConfiguration, Permanent
from worker.knowledge import choice_file, ridge
from worker.knowledge.choice import NONE, Head, train
from worker.knowledge.choice_file import pack, unpack

EMBEDDER = HashEmbedder(dim=512)
TOPICS = {
    "fees": ("fee", "charge", "cost", "price"),
    "nominee": ("nominee", "heir", "spouse", "beneficiary"),
    "kyc": ("document", "aadhaar", "passport", "selfie"),
    "payout": ("withdrawal", "payout", "transfer", "redemption"),
}
SHAPES = ("what about the {}", "tell me of my {} please", "{} question", "is there any {} here", "the {} again")
EXAMPLES = [(shape.format(word), topic) for topic, words in TOPICS.items() for word in words for shape in SHAPES]


def a_head(examples=EXAMPLES) -> Head:
    texts = [text for text, _ in examples]
    return train(texts, EMBEDDER.embed(texts), [label for _, label in examples])


def choose(head: Head, *texts: str):
    return head.choose(texts, EMBEDDER.embed(texts))


@pytest.fixture(scope="module")
def head() -> Head:
    return a_head()


def test_a_question_in_new_words_goes_to_the_template_with_the_nearest_examples(head):
    found = choose(head, "again about the passport", "my heir and the spouse", "which fee or charge")

    assert [choice.best for choice in found] == ["kyc", "nominee", "fees"]
    assert not any(choice.none for choice in found)


def test_chances_are_in_order_and_share_what_there_is(head):
    [choice] = choose(head, "tell me of the payout fee")
    chances = list(choice.chances.values())

    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= choice.fits + 1e-6 <= 1 + 1e-6


def test_what_is_like_no_example_is_said_to_fit_none(head):
    strange, known = choose(head, "zebra giraffe elephant", "what about the nominee")

    assert strange.none
    assert strange.fits < known.fits


def test_examples_that_no_template_answers_teach_what_none_looks_like():
    weather = [(f"{shape.format('weather')} {word}", NONE) for shape in SHAPES for word in ("rain", "storm", "cloud")]
    [before] = choose(a_head(), "is there any weather storm here")
    [after] = choose(a_head([*EXAMPLES, *weather]), "is there any weather storm here")

    assert after.none
    assert after.fits < before.fits
    assert NONE not in after.chances


def test_an_example_left_out_is_judged_as_by_a_head_that_never_saw_it():
    texts = [text for text, _ in EXAMPLES]
    labels = sorted(TOPICS)
    owner = np.array([labels.index(label) for _, label in EXAMPLES])
    vectors = EMBEDDER.embed(texts)
    words = sparse.csr_matrix(np.zeros((len(texts), 1), dtype=np.float32))
    fitted = ridge.solve(vectors, words, owner, len(labels))
    told, _ = ridge.left_out(fitted, owner, whole=False)
    foreign, _ = ridge.left_out(fitted, owner, whole=True)
    likeness = vectors @ vectors.T - 1 - ridge.WORDS
    kernel = np.exp(2 * fitted.ridge.sharpness * likeness.astype(np.float64))

    def without(gone: list[int], at: int):
        """The scores for each of the ridges that may have been taken."""
        rest = [i for i in range(len(texts)) if i not in gone]
        for ridge_size in ridge.RIDGES:
            inner = kernel[np.ix_(rest, rest)] + ridge_size * np.eye(len(rest))
            mean = fitted.truth.mean(axis=0)
            yield kernel[at, rest] @ np.linalg.solve(inner, fitted.truth[rest] - mean) + mean

    assert min(np.abs(told[7] - one).max() for one in without([7], 7)) < 0.01
    mine = [i for i in range(len(texts)) if owner[i] == owner[7]]
    others = [label for label in range(len(labels)) if label != owner[7]]
    assert min(np.abs((foreign[7] - one)[others]).max() for one in without(mine, 7)) < 0.01


def test_an_example_left_out_does_not_speak_for_itself_by_its_words():
    owner, vectors = np.array([0, 0, 1, 1]), EMBEDDER.embed(["fee", "charge", "heir", "spouse"])
    words = sparse.csr_matrix(np.eye(4, dtype=np.float32))  # no two share a word
    fitted = ridge.solve(vectors, words, owner, 2)
    asked = fitted.ridge.scores(vectors, words, np.ones((4, 2), dtype=bool))[1]

    assert asked[:, -1] == pytest.approx(1.0)
    for whole in (False, True):
        assert ridge.left_out(fitted, owner, whole=whole)[1][:, -1] == pytest.approx(0.0)


def test_words_shared_with_examples_are_the_product_of_both_as_matrices(head):
    asked = ["what about the fee", "", "my fee, the fee, and the heir", "zebra"]
    product = (head.wording.of(asked) @ head.ridge.words.T).toarray()

    assert np.allclose(head.ridge.shared(head.wording.rows(asked)), product, atol=1e-6)
    assert product[0].max() > product[3].max()


def test_few_texts_are_compared_as_many_are():
    vectors = EMBEDDER.embed([text for text, _ in EXAMPLES])
    for texts in (0, 1, ridge.FEW, ridge.FEW + 1, len(vectors)):
        assert np.allclose(ridge.cosines(vectors[:texts], vectors), vectors[:texts] @ vectors.T, atol=1e-6)
        assert ridge.cosines(vectors[:texts], vectors).shape == (texts, len(vectors))


def test_more_examples_than_landmarks_are_all_learnt_from(monkeypatch, head):
    monkeypatch.setattr(ridge, "LANDMARKS", 40)
    monkeypatch.setattr(ridge, "FIRST_LOOK", 20)
    smaller = a_head()

    assert smaller.ridge.weights.shape == (40, len(TOPICS))
    assert [choice.best for choice in choose(smaller, "which aadhaar", "a beneficiary")] == ["kyc", "nominee"]


def test_a_head_that_was_kept_says_what_it_said_before(head):
    [before], [after] = choose(head, "which selfie again"), choose(unpack(pack(head)), "which selfie again")

    assert after.best == before.best
    assert list(after.chances.values()) == pytest.approx(list(before.chances.values()), abs=0.01)
    assert after.none == before.none


def test_a_head_of_an_earlier_version_is_refused_not_misread(head, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(choice_file, "FORMAT", choice_file.FORMAT - 1)
        stored = pack(head)

    with pytest.raises(Permanent, match="index_kb"):
        unpack(stored)


def test_no_example_can_be_read_from_a_kept_head(head):
    assert b"passport" not in pack(head)


def test_what_is_no_head_is_refused_and_nothing_in_it_is_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    written = io.BytesIO()
    np.savez(written, about=np.array([Evil()], dtype=object), vectors=np.zeros(1))
    for stored in (b"", b"nonsense", pickle.dumps(Evil()), written.getvalue()):
        with pytest.raises(Permanent, match="index_kb"):
            unpack(stored)
    assert not (tmp_path / "ran").exists()


def test_a_single_template_leaves_nothing_to_choose():
    with pytest.raises(BadConfiguration, match="single template"):
        a_head([("a", "one"), ("b", "one")])
