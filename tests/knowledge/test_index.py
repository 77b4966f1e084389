"""Building an index: only what changed is embedded, the report says what happened, a failure leaves the live one."""

from __future__ import annotations

import pytest

from tests.knowledge.kb_files import ARTICLE, LABELS, TEMPLATE, write_kb
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.errors import BadConfiguration, Retryable
from worker.knowledge import index
from worker.knowledge.choice import Example, train
from worker.knowledge.documents import Kb, read_kb
from worker.knowledge.index import build, kb_hash, rows_of, unchanged
from worker.models import Kind


def a_kb(folder, template: str = TEMPLATE, article: str = ARTICLE) -> Kb:
    return read_kb(write_kb(folder, templates={"kyc-documents": template}, articles={"fees": article}), LABELS)


@pytest.fixture
def live(tmp_path):
    """(kb, embedder, shelf) after a first build."""
    kb, embedder, shelf = a_kb(tmp_path / "kb"), HashEmbedder(), MemoryIndex()
    build(kb, embedder, shelf)
    return kb, embedder, shelf


def test_rows_are_a_template_with_its_questions_and_the_passages(tmp_path):
    rows = list(rows_of(a_kb(tmp_path / "kb")))

    assert [row.pk for row in rows] == ["kyc-documents", "kyc-documents?1", "fees#intro", "fees#opening-an-account"]
    assert rows[0].template is not None
    assert rows[1].embed == "Which documents do you need?"
    assert rows[3].words.count("fee open account") == 2, "BM25 counts the title twice"


def test_the_first_build_adds_everything(tmp_path):
    embedder = HashEmbedder()
    report = build(a_kb(tmp_path / "kb"), embedder, MemoryIndex())

    assert report.swapped
    assert report.added == ("fees#intro", "fees#opening-an-account", "kyc-documents")
    assert (report.rows, report.sources, report.embedded, report.reused) == (4, 3, 4, 0)
    assert embedder.embedded == 4


def test_a_second_build_of_the_same_files_does_nothing(live):
    kb, embedder, shelf = live
    before = (shelf.version(), embedder.embedded)
    report = build(kb, embedder, shelf)

    assert not report.swapped
    assert (report.collection, report.unchanged, report.embedded) == (shelf.version(), 3, 0)
    assert (shelf.version(), embedder.embedded) == before


def test_what_a_second_build_would_say_is_known_without_the_model(live, tmp_path):
    kb, embedder, shelf = live
    first, second = unchanged(kb, embedder.name, shelf), build(kb, embedder, shelf)
    assert first is not None
    assert first.model_copy(update={"seconds": second.seconds}) == second

    approved = [Example(text="Which papers must I send?", template_id="kyc-documents")]
    assert unchanged(kb, "another model", shelf) is None
    assert (
        unchanged(a_kb(tmp_path / "new", article=f"{ARTICLE}\n## Closing\nFree too.\n"), embedder.name, shelf) is None
    )
    assert unchanged(kb, embedder.name, shelf, approved) is None
    assert unchanged(kb, embedder.name, MemoryIndex()) is None


def test_only_what_changed_is_embedded_and_the_report_names_it(live, tmp_path):
    _, embedder, shelf = live
    before = embedder.embedded
    text = ARTICLE.replace("is free", "costs nothing").replace("Peerwell tells you every fee before it arises.\n", "")
    report = build(a_kb(tmp_path / "new", article=text + "\n## Closing\nFree too.\n"), embedder, shelf)

    assert (report.added, report.changed, report.gone) == (
        ("fees#closing",),
        ("fees#opening-an-account",),
        ("fees#intro",),
    )
    assert (report.unchanged, report.embedded, report.reused) == (1, 2, 2)
    assert embedder.embedded == before + 2


def test_what_has_another_name_and_the_same_words_is_told_as_renamed(live, tmp_path):
    _, embedder, shelf = live
    folder = write_kb(
        tmp_path / "new",
        templates={"kyc-papers": TEMPLATE.replace("kyc-documents", "kyc-papers")},
        articles={"charges": ARTICLE.replace("id: fees", "id: charges").replace("is free", "costs nothing")},
    )
    report = build(read_kb(folder, LABELS), embedder, shelf)

    assert report.renamed == (("fees#intro", "charges#intro"), ("kyc-documents", "kyc-papers"))
    assert (report.added, report.gone) == (("charges#opening-an-account",), ("fees#opening-an-account",))
    assert (report.changed, report.unchanged) == ((), 0)


def test_of_a_text_that_stood_there_twice_each_is_renamed_once(live, tmp_path):
    _, embedder, shelf = live
    other = {name: ARTICLE.replace("id: fees", f"id: {name}") for name in ("charges", "costs")}
    report = build(read_kb(write_kb(tmp_path / "new", articles=other), LABELS), embedder, shelf)

    assert report.renamed == (
        ("fees#intro", "charges#intro"),
        ("fees#opening-an-account", "charges#opening-an-account"),
    )
    assert report.added == ("costs#intro", "costs#opening-an-account")


def test_a_change_of_labels_alone_is_a_change_that_needs_no_embedding(live, tmp_path):
    _, embedder, shelf = live
    report = build(a_kb(tmp_path / "new", article=ARTICLE.replace("[public]", "[IM]")), embedder, shelf)

    assert report.changed == ("fees#intro", "fees#opening-an-account")
    assert report.embedded == 0
    question = embedder.embed(["free account"])[0]
    assert not shelf.search(Kind.PASSAGE, question, "free account", ["public"], 5)


def test_another_model_embeds_everything_anew(live):
    kb, _, shelf = live
    other = HashEmbedder(dim=64)

    assert build(kb, other, shelf).embedded == 4
    assert shelf.built().model == "hash-64"


def test_full_embeds_everything_anew(live):
    kb, embedder, shelf = live
    report = build(kb, embedder, shelf, full=True)

    assert report.swapped
    assert (report.embedded, report.unchanged) == (4, 3)


def test_equal_texts_are_embedded_once(tmp_path):
    question, embedder = "  - Which documents do you need?\n", HashEmbedder()
    build(a_kb(tmp_path / "kb", template=TEMPLATE.replace(question, question * 3)), embedder, MemoryIndex())

    assert embedder.embedded == 4, "the template, one question, two passages"


def test_an_embedder_that_fails_leaves_the_live_index(live, tmp_path):
    class Broken(HashEmbedder):
        def embed(self, texts):
            raise Retryable("embedding failed", part="embedding")

    _, _, shelf = live
    before = shelf.version()
    with pytest.raises(Retryable):
        build(a_kb(tmp_path / "new", template=TEMPLATE.replace("PAN", "PAN card")), Broken(), shelf)

    assert shelf.version() == before


def test_nothing_to_index_is_refused(live):
    _, embedder, shelf = live
    before = shelf.version()
    with pytest.raises(BadConfiguration, match="nothing to index"):
        build(Kb(templates=(), articles=()), embedder, shelf)

    assert shelf.version() == before


def test_a_template_choice_of_another_version_is_made_anew_without_embedding_again(live, monkeypatch):
    kb, embedder, shelf = live
    monkeypatch.setattr(index, "HEAD_FORMAT", index.HEAD_FORMAT + 1)
    assert unchanged(kb, embedder.name, shelf) is None
    report = build(kb, embedder, shelf)

    assert (report.swapped, report.embedded, report.reused) == (True, 0, 4)


def test_progress_is_told_by_stage_up_to_its_total(tmp_path):
    told = []
    build(a_kb(tmp_path / "kb"), HashEmbedder(), MemoryIndex(), progress=lambda *step: told.append(step))

    assert told == [("embed", 4, 4), ("write", 4, 4)]


def test_the_hash_of_a_kb_does_not_depend_on_the_order_of_its_rows(tmp_path):
    rows = list(rows_of(a_kb(tmp_path / "kb")))

    assert kb_hash(rows) == kb_hash(rows[::-1])
    assert kb_hash(rows) != kb_hash(rows[1:])


def test_the_template_choice_is_trained_only_where_it_learned_something_else(tmp_path, monkeypatch):
    two = {
        "kyc-documents": TEMPLATE,
        "tax": TEMPLATE.replace("kyc-documents", "tax").replace("Which doc", "What tax doc"),
    }
    folder, embedder, shelf = tmp_path / "kb", HashEmbedder(), MemoryIndex()
    trained = []
    monkeypatch.setattr(index, "train", lambda *learned: trained.append(learned) or train(*learned))

    def rebuild(article: str = ARTICLE, templates: dict[str, str] = two, **more) -> bytes:
        build(
            read_kb(write_kb(folder, templates=templates, articles={"fees": article}), LABELS), embedder, shelf, **more
        )
        return shelf.head()

    first = rebuild()
    assert rebuild(f"{ARTICLE}\n## Closing\nFree too.\n") == first
    assert len(trained) == 1, "an article teaches it nothing"
    assert rebuild(approved=[Example(text="Which papers?", template_id="tax")]) != first
    rebuild(templates=two | {"tax": two["tax"].replace("What tax", "Which tax")})
    rebuild(templates=two | {"tax": two["tax"].replace("What tax", "Which tax")}, full=True)
    assert len(trained) == 4


def test_vectors_come_in_batches_the_known_ones_first(live, tmp_path):
    _, embedder, shelf = live
    batches = []

    class Watched(MemoryIndex):
        def stage(self, rows, vectors, build, tick, head=b""):
            batches.extend([rows[place].pk for place in places] for places, _ in vectors)
            return shelf.stage(rows, embedder.embed([row.embed for row in rows]), build, tick, head)

    watched = Watched()
    watched._collections = shelf._collections
    text = f"{ARTICLE}\n## Closing\nFree too.\n"
    report = build(a_kb(tmp_path / "new", article=text), embedder, watched, look=lambda change, new: False)

    assert batches == [["kyc-documents", "kyc-documents?1", "fees#intro", "fees#opening-an-account"], ["fees#closing"]]
    assert (report.swapped, report.embedded) == (False, 1)
