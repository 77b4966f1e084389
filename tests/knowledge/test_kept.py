"""What a reindex keeps on disk: files that say what they said are not read again, and nothing kept can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.kb_files import ARTICLE, LABELS, an_article, write_kb
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.errors import BadConfiguration
from worker.knowledge import kept as module
from worker.knowledge.documents import read_kb
from worker.knowledge.index import publish, rows_of
from worker.knowledge.kept import Kept
from worker.ports.shelf import Build

EMBEDDER = HashEmbedder(dim=16)


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    more = an_article("\n## Nominee\nChoose Family.\n", name="nominee")
    return write_kb(tmp_path / "kb", articles={"fees": ARTICLE} | more)


@pytest.fixture
def shelf() -> MemoryIndex:
    return MemoryIndex()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were parsed."""
    names: list[str] = []

    def counting(found, kb_dir, labels, *, known=()):
        names.extend(document.name for document in found if document not in known)
        return read(found, kb_dir, labels, known=known)

    read = module.read_documents
    monkeypatch.setattr(module, "read_documents", counting)
    return names


def kept(tmp_path: Path, **options: bool) -> Kept:
    return Kept(tmp_path / "var" / "kept.npz", **options)


def reindex(tmp_path: Path, kb: Path, shelf: MemoryIndex) -> None:
    remembered = kept(tmp_path)
    publish(remembered.read(kb, LABELS), EMBEDDER, shelf, kept=remembered)


def live(shelf: MemoryIndex) -> Build:
    built = shelf.built()
    assert built is not None
    return built


def test_only_what_changed_is_read_again_and_the_rows_are_those_of_reading_all(kb, shelf, tmp_path, parsed):
    reindex(tmp_path, kb, shelf)
    parsed.clear()
    (kb / "articles" / "fees.md").write_text(ARTICLE.replace("is free", "costs nothing"), encoding="utf-8")
    rows = kept(tmp_path).read(kb, LABELS)

    assert parsed == ["fees"]
    assert rows == list(rows_of(read_kb(kb, LABELS)))


def test_other_labels_and_other_code_read_everything_again(kb, shelf, tmp_path, parsed, monkeypatch):
    reindex(tmp_path, kb, shelf)
    parsed.clear()
    kept(tmp_path).read(kb, (*LABELS, "IM Gold"))
    assert len(parsed) == 3
    monkeypatch.setattr(module, "version", lambda library: "another")
    kept(tmp_path).read(kb, LABELS)
    assert len(parsed) == 6


def test_a_file_that_was_right_before_still_counts_among_the_ids(kb, shelf, tmp_path):
    reindex(tmp_path, kb, shelf)
    (kb / "articles" / "new").mkdir()
    (kb / "articles" / "new" / "fees.md").write_text(f"{ARTICLE}\nMore.\n", encoding="utf-8")

    with pytest.raises(BadConfiguration, match=rf"id .fees. is taken by {kb}/articles/fees\.md"):
        kept(tmp_path).read(kb, LABELS)


def test_it_is_told_that_a_file_is_new_before_any_is_read_and_nothing_where_none_is(kb, shelf, tmp_path, parsed):
    told: list[int] = []
    for path, news in ((None, 1), (None, 0), (kb / "articles" / "fees.md", 1)):
        if path:
            path.write_text(ARTICLE.replace("is free", "costs nothing"), encoding="utf-8")
        remembered = kept(tmp_path)
        parsed.clear()
        told.clear()
        publish(remembered.read(kb, LABELS, lambda: told.append(len(parsed))), EMBEDDER, shelf, kept=remembered)
        assert told == [0] * news


def test_what_is_kept_is_written_before_the_swap_and_dropped_where_there_is_none(kb, shelf, tmp_path):
    remembered, drafts = kept(tmp_path), []

    def look(change, new) -> bool:
        remembered._drafting.join()
        drafts.extend(path.name for path in (tmp_path / "var").iterdir())
        return False

    publish(remembered.read(kb, LABELS), EMBEDDER, shelf, kept=remembered, look=look)
    assert drafts == ["kept.npz.new"]
    remembered.drop()
    assert not [*(tmp_path / "var").iterdir()]
    reindex(tmp_path, kb, shelf)
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["kept.npz"]


def test_what_the_live_index_holds_is_known_while_it_is_the_one_that_was_kept(kb, shelf, tmp_path):
    reindex(tmp_path, kb, shelf)
    known, told = kept(tmp_path).contents(live(shelf)), shelf.contents()

    assert known is not None
    assert (known.versions, known.labels, known.vectors.keys()) == (told.versions, told.labels, told.vectors.keys())
    assert all((known.vectors[text] == told.vectors[text]).all() for text in told.vectors)
    for other in ({"kb_hash": "0" * 64}, {"model": "another"}):
        assert kept(tmp_path).contents(live(shelf).model_copy(update=other)) is None


def test_a_file_that_is_gone_or_broken_or_left_alone_costs_time_alone(kb, shelf, tmp_path, parsed):
    reindex(tmp_path, kb, shelf)
    path, rows = tmp_path / "var" / "kept.npz", list(rows_of(read_kb(kb, LABELS)))
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole.replace(b"Choose Family", b"Choose Friend"), b""):
        path.write_bytes(broken)
        parsed.clear()
        assert kept(tmp_path).read(kb, LABELS) == rows
        assert len(parsed) == 3
        assert kept(tmp_path).contents(live(shelf)) is None
    path.write_bytes(whole)
    parsed.clear()
    kept(tmp_path, anew=True).read(kb, LABELS)
    assert len(parsed) == 3


def test_rows_are_kept_without_vectors_where_somebody_else_built_the_index(kb, shelf, tmp_path, parsed):
    publish(list(rows_of(read_kb(kb, LABELS))), EMBEDDER, shelf)
    first = kept(tmp_path)
    first.read(kb, LABELS)
    first.keep(live(shelf))
    parsed.clear()
    second = kept(tmp_path)
    second.read(kb, LABELS)

    assert parsed == []
    assert second.contents(live(shelf)) is None


def test_a_disk_that_takes_nothing_is_no_trouble(kb, shelf, tmp_path):
    (tmp_path / "var").write_text("a file where a folder should be", encoding="utf-8")
    reindex(tmp_path, kb, shelf)

    assert shelf.version()


def test_a_damaged_header_costs_time_alone(kb, shelf, tmp_path):
    reindex(tmp_path, kb, shelf)
    path = tmp_path / "var" / "kept.npz"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"), }", b"),  "))

    assert path.read_bytes() != whole
    assert kept(tmp_path).read(kb, LABELS) == [*rows_of(read_kb(kb, LABELS))]
