"""The knowledge base that a reindex is measured on: as many passages as asked for, each with a text of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from worker.bench.index import enlarge, reword
from worker.bench.run import main
from worker.knowledge.documents import read_kb
from worker.knowledge.index import rows_of
from worker.models import Kind
from worker.settings import ROOT

LABELS = ("public", "IM", "IM+")


def passages(kb: Path) -> dict[str, str]:
    return {row.pk: row.text_hash for row in rows_of(read_kb(kb, LABELS)) if row.source.kind is Kind.PASSAGE}


def test_a_knowledge_base_grows_by_copies_that_differ_and_a_change_changes_what_it_says(tmp_path: Path):
    kb = tmp_path / "kb"
    shutil.copytree(ROOT / "kb", kb)
    for article in sorted((kb / "articles").glob("*.md"))[3:]:
        article.unlink()
    each = len(passages(kb))
    made = enlarge(kb, 3 * each, LABELS)
    before = passages(kb)
    assert made == len(before) == len(set(before.values())) == 3 * each
    changed = reword(kb, 2, LABELS)
    after = passages(kb)
    assert changed == sum(before[pk] != text_hash for pk, text_hash in after.items()) >= 2
    assert changed < made
    assert before.keys() == after.keys()


def test_too_few_passages_to_change_one_in_a_hundred_are_refused(capsys):
    assert main(["index", "--passages", "50"]) == 2
    assert "at least 100 passages" in capsys.readouterr().err
