"""Sections, their markers and their tables: who may read what, and files that lie about it."""

from __future__ import annotations

import pytest

from tests.knowledge.kb_files import LABELS, an_article, write_kb
from worker.errors import BadConfiguration
from worker.knowledge.articles import slug
from worker.knowledge.documents import read_kb

COMPARED = """
## Fees at a glance
Fees are told before they arise.

| | IM | IM+ |
|---|---|---|
| Platform fee | IM has no platform fee | 0.5 % p.a. on IM+. |
| Minimum | Rs 500 | Rs 10,000 |
"""


def sections(tmp_path, body: str, segments: str = "[public]"):
    folder = write_kb(tmp_path / "kb", articles=an_article(body, segments))
    return read_kb(folder, LABELS).articles[0].sections


def problems(tmp_path, body: str, segments: str = "[public]") -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        sections(tmp_path, body, segments)
    return caught.value.problems


def test_a_marked_section_is_narrower_than_its_article_and_its_parts_are_as_narrow(tmp_path):
    found = sections(
        tmp_path,
        "## All\nText.\n## Early exit from IM+ {segments: IM+}\nText.\n### Fee\nText.\n"
        "## Both {segments: IM, IM+}\nText.\n",
    )

    assert [(s.anchor, s.segments) for s in found] == [
        ("all", ("public",)),
        ("early-exit-from-im-plus", ("IM+",)),
        ("early-exit-from-im-plus--fee", ("IM+",)),
        ("both", ("IM", "IM+")),
    ]


def test_a_comparison_is_cut_by_product_column(tmp_path):
    [section] = sections(tmp_path, COMPARED)

    assert section.blocks == ("Fees are told before they arise.",)
    assert section.columns == {
        "IM": ("Platform fee: IM has no platform fee.", "Minimum: Rs 500."),
        "IM+": ("Platform fee: 0.5 % p.a. on IM+.", "Minimum: Rs 10,000."),
    }


def test_another_table_stays_in_the_text_as_sentences(tmp_path):
    [section] = sections(
        tmp_path, "## Ways\n| Way | Limit | Time |\n|---|---|---|\n| UPI | Rs 1,00,000 | 30 minutes |\n"
    )

    assert section.blocks == ("UPI: Limit Rs 1,00,000; Time 30 minutes.",)
    assert not section.columns


def test_markdown_becomes_plain_text(tmp_path):
    [section] = sections(
        tmp_path,
        "## How\nOpen **the app** and\nread [help](https://help.peerwell.example/a). It costs 2 * 3 = 6.\n\n"
        "* First\n  goes on\n* Second\n",
    )

    assert section.blocks == (
        "Open the app and read help (https://help.peerwell.example/a). It costs 2 * 3 = 6.",
        "- First goes on\n- Second",
    )


@pytest.mark.parametrize(
    ("segments", "body", "problem"),
    [
        ("[IM]", COMPARED, "13: a column for IM+ in a text labelled IM: the file lies about its segment"),
        ("[public]", COMPARED.replace("glance", "glance {segments: IM}"), "the file lies about its segment"),
        (
            "[IM]",
            COMPARED.replace("| IM+ |", "| im + |").replace("| IM |", "| im |"),
            "column 'im +': in a comparison each",
        ),
        ("[public]", COMPARED.replace("| Rs 10,000 |", "|"), "16: this row does not have 3 cells"),
        ("[public]", COMPARED.replace("| Rs 10,000 |", "| Rs 10,000 | Rs 1 |"), "16: this row does not have 3 cells"),
        ("[public]", COMPARED.replace("Rs 500", ""), "16: a cell of a comparison is empty"),
        (
            "[public]",
            COMPARED.replace("| IM+ |", "| Both |"),
            "column 'Both': in a comparison each column is one product",
        ),
        ("[public]", COMPARED.replace("| IM+ |", "| IM |"), "column 'IM': in a comparison each column is one product"),
        ("[public]", COMPARED.replace("|---|---|---|", "|---|---|"), "13: this is not a whole table"),
        ("[public]", "## A {segments: IMX}\nText.\n", "9: unknown segment 'IMX' in the heading"),
        ("[IM]", "## A {segments: IM+}\nText.\n", "9: the heading opens the section to 'IM+'"),
        ("[IM]", "## A {segments: public}\nText.\n", "9: the heading opens the section to 'public'"),
        ("[IM, IM+]", "## A {segments: public}\nText.\n", "9: the heading opens the section to 'public'"),
        ("[public]", "## A {segments: IM}\nText.\n### B {segments: IM+}\nText.\n", "11: the heading opens the section"),
        ("[public]", "## A {segment: IM}\nText.\n", "9: a marker after a heading is written {segments: IM}"),
        ("[public]", "## A\n\n## B\nText.\n", "9: the heading 'A' has no text"),
        ("[public]", "## A\nText.\n## A\nText.\n", "the heading 'A' is not the only one of its name"),
        ("[public]", "# A\nText.\n", "9: headings are ## for a section"),
        ("[public]", "### A\nText.\n", "9: a ### heading needs a ## heading above it"),
        ("[public]", "", "9: the article has no text"),
        ("[public]", "## A\nText.\n\n```\ncode\n```\n", "12: a fence is not understood here"),
        ("[public]", "## A\n<b>Text.</b>\n\n<div>x</div>\n", "12: a html block is not understood here"),
    ],
)
def test_each_mistake_in_an_article_is_told_with_its_line(tmp_path, segments, body, problem):
    found = problems(tmp_path, body, segments)

    assert any(p.startswith(f"{tmp_path}/kb/articles/fees.md:") and problem in p for p in found), found


def test_im_and_im_plus_make_two_anchors():
    assert slug("Exit from IM+") == "exit-from-im-plus"
    assert slug("Exit from IM") == "exit-from-im"
    assert slug("Was ist das? — Ärger!") == "was-ist-das-arger"
    assert slug("???") == "section"
