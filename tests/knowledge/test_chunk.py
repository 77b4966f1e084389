"""Passages: ids that last, sizes that the model reads whole, labels that are never wider than the text's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.kb_files import LABELS, an_article, write_kb
from worker.knowledge.chunk import AIM, MODEL_READS, _parts, estimate, passages
from worker.knowledge.documents import read_kb

TABLE = "\n\n| | IM | IM+ |\n|---|---|---|\n| Minimum | Rs 500 | Rs 10,000 |\n"


def passages_of(tmp_path, body: str, segments: str = "[public]"):
    return list(passages(read_kb(write_kb(tmp_path / "kb", articles=an_article(body, segments)), LABELS).articles))


def test_a_section_is_a_passage_under_its_headings(tmp_path):
    intro, section, part = passages_of(tmp_path, "Short.\n\n## Opening\nFree.\n### Later\nAlso free.\n")

    assert (intro.source_id, intro.title) == ("fees#intro", "Fees")
    assert (section.source_id, section.title, section.text) == ("fees#opening", "Fees > Opening", "Free.")
    assert (part.source_id, part.title) == ("fees#opening--later", "Fees > Opening > Later")
    assert part.article_id == "fees"


def test_a_comparison_gives_each_product_its_own_passage_and_the_text_keeps_the_labels(tmp_path):
    text, im, im_plus = passages_of(tmp_path, f"## Minimum\nBoth start small.{TABLE}", "[IM, IM+]")

    assert (text.source_id, text.segments) == ("fees#minimum", ("IM", "IM+"))
    assert (im.source_id, im.segments, im.text) == ("fees#minimum@IM", ("IM",), "Minimum: Rs 500.")
    assert (im_plus.source_id, im_plus.segments) == ("fees#minimum@IM+", ("IM+",))
    assert "500" not in text.text + im_plus.text


def test_a_table_alone_leaves_no_passage_for_everybody(tmp_path):
    assert [p.segments for p in passages_of(tmp_path, f"## Minimum{TABLE}")] == [("IM",), ("IM+",)]


def test_a_long_section_is_cut_between_sentences_and_neighbours_know_each_other_by_number(tmp_path):
    sentences = [f"Sentence number {n} tells about withdrawals from your account." for n in range(60)]
    found = passages_of(tmp_path, f"## Long\n{' '.join(sentences)}\n")

    assert [p.source_id for p in found] == [f"fees#long.{n}" for n in range(1, len(found) + 1)]
    assert len(found) > 2
    assert " ".join(p.text for p in found) == " ".join(sentences)
    assert all(estimate(p.text) <= AIM for p in found)


def test_a_section_a_little_longer_than_the_model_reads_is_cut_and_the_title_counts(tmp_path):
    heading = "A heading that itself takes rather a lot of the room that there is for a passage"
    words = " ".join("Money comes and goes." for _ in range(48))

    assert estimate(words) < MODEL_READS < estimate(words) + estimate(heading)
    assert len(passages_of(tmp_path, f"## {heading}\n{words}\n")) == 2


def test_the_version_is_that_of_the_passage_not_of_the_file(tmp_path):
    before = passages_of(tmp_path / "a", "## One\nText.\n## Two\nText.\n")
    after = passages_of(tmp_path / "b", "## One\nText.\n## Two\nOther text.\n")

    assert [a.version == b.version for a, b in zip(before, after, strict=True)] == [True, False]


@given(
    st.lists(st.text(st.sampled_from("abc 1.,\n"), min_size=1, max_size=900), min_size=1, max_size=5),
    st.text("titel ", min_size=1, max_size=60),
)
def test_no_letter_is_lost_and_no_part_is_longer_than_the_model_reads(blocks, title):
    blocks = [block for block in blocks if block.strip()]
    parts = _parts(blocks, title, estimate)

    assert "".join("".join(parts).split()) == "".join("".join(blocks).split())
    assert all(estimate(part) + estimate(title) <= MODEL_READS for part in parts)


@pytest.mark.parametrize("text", ["", "Rs 10,00,000", "withdrawal", "https://help.peerwell.example/a?b=c", "कितना समय"])
def test_the_estimate_is_at_least_one_for_each_word(text):
    assert estimate(text) >= len(text.split())
