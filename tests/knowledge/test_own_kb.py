"""The knowledge base of this repository: readable, in pieces that the model reads whole, found by its own questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.kb_files import LABELS
from worker.adapters.embedding import MiniLmEmbedder
from worker.adapters.embedding_model import packaged_model
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.evaluation.templates import leave_out
from worker.knowledge.chunk import MODEL_READS, estimate, passages
from worker.knowledge.documents import Kb, read_kb
from worker.knowledge.index import build
from worker.models import Kind
from worker.support.fusing import fuse

KB_DIR = Path(__file__).resolve().parents[2] / "kb"


@pytest.fixture(scope="module")
def kb() -> Kb:
    return read_kb(KB_DIR, LABELS)


def test_there_are_fifty_two_templates(kb):
    assert len(kb.templates) == 52


def test_the_estimate_of_tokens_is_never_too_low_and_every_passage_fits(kb):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for passage in passages(kb.articles):
        embedded = f"{passage.title}\n{passage.text}"
        real = len(tokenizer.encode(embedded, add_special_tokens=False).ids)
        assert real <= estimate(embedded) <= MODEL_READS, passage.source_id


def test_every_passage_has_one_id_and_a_label(kb):
    found = list(passages(kb.articles))

    assert len({passage.source_id for passage in found}) == len(found)
    assert all(passage.segments for passage in found)


def test_each_template_is_among_the_two_best_for_its_own_example_questions(kb):
    """By words alone, without the model: two templates that share their questions would be chosen by chance."""
    embedder, index = HashEmbedder(dim=1024), MemoryIndex()
    build(kb, embedder, index)
    for template in kb.templates:
        question = template.questions[0]
        hits = index.search(Kind.TEMPLATE, embedder.embed([question])[0], question, LABELS, 5)
        assert template.template_id in [source.source_id for source in fuse(hits)[:2]], question


def test_each_example_question_left_out_finds_its_template_among_the_first_three(kb):
    judged = leave_out(kb, MiniLmEmbedder(threads=1), lambda *_: None)
    missed = [one.question for one in judged if one.template_id not in one.found]

    assert len(judged) > 1_000
    assert len(missed) <= 0.03 * len(judged), missed
