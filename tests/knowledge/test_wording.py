"""How texts are worded: the buckets that a well-known library would count them into, without loading it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.knowledge.buckets import PIECES, counted, pieces, words_and_pairs
from worker.knowledge.wording import BUCKETS, learn

WORDS = {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\w+\+?"}
PARTS = {"analyzer": "char_wb", "ngram_range": (PIECES[0], PIECES[-1])}


@pytest.mark.parametrize(("cut", "shape"), [(words_and_pairs, WORDS), (pieces, PARTS)])
@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=1, max_size=4))
def test_every_text_falls_into_the_buckets_of_the_hashing_vectorizer(cut, shape, texts) -> None:
    # Here: to load it takes two seconds, and every process imports every test.
    from sklearn.feature_extraction.text import HashingVectorizer

    theirs = HashingVectorizer(n_features=BUCKETS, alternate_sign=False, norm=None, dtype=np.float32, **shape)
    assert abs(theirs.transform(texts) - counted(texts, cut, BUCKETS)).nnz == 0


def test_a_text_like_the_learned_ones_has_length_one_and_one_without_words_has_none() -> None:
    wording = learn(["When does my withdrawal arrive?", "How do I close my account?"])
    like, nothing = wording.of(["When does my account arrive?", " ... "])
    assert np.sqrt((like.data**2).sum()) == pytest.approx(1.0, abs=1e-6)
    assert not nothing.data.any()


def test_texts_of_one_message_weigh_what_they_weigh_alone() -> None:
    wording = learn(["When does my withdrawal arrive?", "How do I close my account?"])
    texts = ["My account, my withdrawal", "", "zebra", "When, when does it arrive? It does arrive"]
    together = wording.rows(texts)

    for text, start, end in zip(texts, together.indptr, together.indptr[1:], strict=False):
        alone = wording.rows([text])
        assert np.array_equal(together.indices[start:end], alone.indices)
        assert np.array_equal(together.data[start:end], alone.data)
    assert wording.of(texts).shape == (4, 2 * BUCKETS)
    assert wording.of(texts).indptr.tolist() == together.indptr.tolist()
    assert wording.of([]).nnz == len(wording.rows([]).data) == 0


def test_a_worker_that_chooses_templates_does_not_load_scikit_learn() -> None:
    chosen = (
        "import sys; from worker.knowledge.wording import learn; learn(['A question?']).of(['Another one.']);"
        "import worker.tasks, worker.support.choosing, worker.knowledge.choice_file; sys.exit('sklearn' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", chosen], check=True, timeout=120)
