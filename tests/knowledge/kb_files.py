"""Builders for the tests of the knowledge base: files on disk, and the nouns that come of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from worker.knowledge.chunk import template_source
from worker.knowledge.index import Row, row_of
from worker.models import Kind, Source, Template

LABELS = ("public", "IM", "IM+")

TEMPLATE = """\
---
id: kyc-documents
title: Documents for KYC
topic: kyc
segments: [public]
questions:
  - Which documents do you need?
needs: []
auto_send: true
---
Please have your PAN at hand.
"""
ARTICLE = """\
---
id: fees
title: Fees
segments: [public]
questions:
  - What does it cost?
updated: 2026-09-14
---
Peerwell tells you every fee before it arises.

## Opening an account
Opening an account is free.
"""


def write_kb(folder: Path, *, templates: dict[str, str] | None = None, articles: dict[str, str] | None = None) -> Path:
    """A kb folder with these files (name without .md -> text); left out: one good template and one good article."""
    kinds = {
        "templates": {"kyc-documents": TEMPLATE} if templates is None else templates,
        "articles": {"fees": ARTICLE} if articles is None else articles,
    }
    for kind, files in kinds.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / kind / f"{name}.md").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def an_article(body: str, segments: str = "[public]", name: str = "fees") -> dict[str, str]:
    """{name: text of a whole file} with that body; the body begins on line 9."""
    head = f"---\nid: {name}\ntitle: Fees\nsegments: {segments}\nquestions:\n  - What?\nupdated: 2026-09-14\n---\n"
    return {name: head + textwrap.dedent(body)}


def a_template(template_id: str, title: str, questions: Sequence[str], segments: Sequence[str]) -> Template:
    return Template(
        template_id=template_id,
        title=title,
        topic="general",
        segments=tuple(segments),
        questions=tuple(questions),
        needs=(),
        auto_send=True,
        body=f"This is all about it: {title}.",
        version=f"v-{template_id}",
    )


def template_rows(template: Template) -> list[Row]:
    """As rows_of makes them."""
    source = template_source(template)
    asked = [
        Row(pk=f"{template.template_id}?{n}", about="question", embed=question, words=question, source=source)
        for n, question in enumerate(template.questions, 1)
    ]
    return [row_of(source, template), *asked]


def a_passage(source_id: str, title: str, text: str, segments: Sequence[str]) -> Source:
    return Source(
        source_id=source_id,
        kind=Kind.PASSAGE,
        title=title,
        text=text,
        segments=tuple(segments),
        version=f"v-{source_id}",
        article_id=source_id.partition("#")[0],
    )
