"""The network that a large knowledge base's template choice has beside the ridge."""

from __future__ import annotations

import numpy as np
import pytest

from worker.adapters.memory_index import HashEmbedder
from worker.errors import Permanent
from worker.knowledge import choice, net
from worker.knowledge.choice_file import pack, unpack
from worker.knowledge.net import Net, fit, teach, views_of

LABELS = 6


@pytest.fixture(autouse=True)
def few_examples_often(monkeypatch):
    monkeypatch.setattr(net, "ROUNDS", 30)


def rows(each: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Questions of six labels: the first number of each pair says nothing, both together tell the label."""
    drawn = np.random.default_rng(3)
    owner = np.repeat(np.arange(LABELS), each)
    middles = drawn.normal(size=(LABELS, 12))
    return (middles[owner] + 0.4 * drawn.normal(size=(len(owner), 12))).astype(np.float32), owner


def test_what_was_learnt_is_told_of_new_rows_and_the_same_each_time():
    views, owner = rows()
    made, again = fit(views[::2], owner[::2], LABELS), fit(views[::2], owner[::2], LABELS)

    assert (made(views[1::2]).argmax(axis=1) == owner[1::2]).mean() > 0.9
    assert made(views).sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(made.inner, again.inner)


def test_an_example_is_judged_by_networks_that_never_saw_it_nor_its_label(monkeypatch):
    views, owner = rows()
    shown = []
    told = net.fit

    def watched(views, owner, labels):
        shown.append((views, owner))
        return told(views, owner, labels)

    monkeypatch.setattr(net, "fit", watched)
    taught = teach(views, owner, LABELS)
    outside = [seen for seen in shown if len(seen[1]) < len(owner)]

    assert len(outside) == net.FOLDS
    for row, label in zip(views, owner, strict=True):
        without = [seen for seen in outside if not (seen[0] == row).all(axis=1).any()]
        assert [label in seen[1] for seen in without].count(True) == 1
        assert [label in seen[1] for seen in without].count(False) == 1
    assert (taught.one.argmax(axis=1) == owner).mean() > 0.8
    assert taught.whole[np.arange(len(owner)), owner].max() < 0.2


def a_head(monkeypatch) -> tuple[choice.Head, list[str], np.ndarray, np.ndarray]:
    monkeypatch.setattr(choice, "MANY", 100)
    views, owner = rows()
    texts = [f"question {number}" for number in range(len(owner))]
    vectors = HashEmbedder(dim=16).embed(texts)
    return choice.train(texts, vectors, [f"t{label}" for label in owner], views), texts, vectors, owner


def test_the_network_tells_what_vectors_alone_do_not_and_hidden_templates_stay_hidden(monkeypatch):
    head, _, _, owner = a_head(monkeypatch)
    views, _ = rows()
    new = (views[::7] + 0.05).astype(np.float32)
    asked = [f"unlike all {n}" for n in range(len(new))], HashEmbedder(dim=16).embed(["unlike all"] * len(new))
    with_it, among = head.choose(*asked, views=new), [{"t0", "t1"}] * len(new)

    assert np.mean([one.best == f"t{label}" for one, label in zip(with_it, owner[::7], strict=True)]) > 0.9
    assert all(set(one.chances) <= {"t0", "t1"} for one in head.choose(*asked, among, views=new))
    assert len(head.choose(*asked)) == len(new)  # an embedder that tells vectors alone


def test_a_kept_network_says_what_it_said_and_torn_ones_are_refused(monkeypatch):
    head, texts, vectors, _ = a_head(monkeypatch)
    views, _ = rows()
    [before], [after] = (one.choose(texts[:1], vectors[:1], views=views[:1]) for one in (head, unpack(pack(head))))

    assert after.best == before.best
    assert after.chances[after.best] == pytest.approx(before.chances[before.best], abs=0.02)
    assert head.net
    torn = Net(**(vars(head.net) | {"outer": head.net.outer[:-1]}))
    with pytest.raises(Permanent, match="index_kb"):
        unpack(pack(choice.Head(**(vars(head) | {"net": torn}))))


def test_an_embedder_without_views_has_none():
    assert views_of(HashEmbedder(), ["fee"]) is None
