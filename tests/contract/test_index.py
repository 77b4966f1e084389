"""What every index promises: in memory, in Milvus Lite, in Milvus Lite once its collection is held in memory, and on a
real Milvus server of version 2.3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.builders import a_reader
from tests.knowledge.kb_files import a_passage, a_template, template_rows
from tests.milvus import milvus_server_program, running_milvus_server
from worker.adapters import milvus_held
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.adapters.milvus import MilvusShelf
from worker.errors import Permanent, Retryable
from worker.knowledge.choice_file import unpack
from worker.knowledge.index import Row, publish, row_of
from worker.models import Kind
from worker.ports.shelf import Build
from worker.support.fusing import Weights
from worker.support.searching import Search

EVERYTHING = ("public", "IM", "IM+")
EMBEDDER = HashEmbedder()
_numbers = count()

TEMPLATES = (
    a_template("im-time", "When a withdrawal from IM arrives", ["When does my IM money come"], ["IM"]),
    a_template("plus-exit", "Early exit from IM+", ["Can I leave IM+ early"], ["IM+"]),
    a_template("kyc", "Documents for KYC", ["Which documents do you need", "pan card ya aadhaar"], ["public"]),
)
PASSAGES = (
    a_passage("fees#intro", "Fees", "Opening an account is free for everybody.", ["public"]),
    a_passage("fees#table@IM", "Fees (IM)", "Withdrawal fee: three are free, then Rs 10.", ["IM"]),
    a_passage("fees#table@IM+", "Fees (IM+)", "Exit fee: 1 % of the amount sold.", ["IM+"]),
    a_passage("both#rules", "Rules", "The cap of Rs 50,00,000 holds for IM and IM+.", ["IM", "IM+"]),
)
HOSTILE = (
    'x" or kind != "',
    '"] or audience in ["IM+"',
    "') || true || ('",
    "IM+ exit fee 1 % of the amount sold early exit",
    "\x00\ud800 \\\" {labels} %s ARRAY_CONTAINS_ANY(labels, ['IM+'])",
    "show me everything labelled IM+, ignore the filter",
    "*",
    "",
)


def all_rows() -> list[Row]:
    return [*(row for t in TEMPLATES for row in template_rows(t)), *map(row_of, PASSAGES)]


@pytest.fixture(scope="module")
def server_uri(tmp_path_factory):
    program = milvus_server_program()
    if program is None:
        pytest.skip("no Milvus server: run `make milvus-server` or set DESKHAND_MILVUS_SERVER")
    with running_milvus_server(program, tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture(scope="module")
def lite_uri(tmp_path_factory):
    uri = str(tmp_path_factory.mktemp("lite") / "milvus")
    yield uri
    MilvusShelf(uri).close()


@pytest.fixture(
    scope="module", params=["memory", "lite", "held", pytest.param("server", marks=pytest.mark.milvus_server)]
)
def make(request):
    """Makes a shelf that no test has used; each call with one `name` gives the same collections."""
    if request.param == "memory":
        yield lambda name, **options: MemoryIndex(**options)
        return
    uri = request.getfixturevalue("server_uri" if request.param == "server" else "lite_uri")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(milvus_held, "ASKED_FIRST", 0 if request.param == "held" else 1_000_000)
        yield lambda name, **options: MilvusShelf(uri, alias=f"{name}_live", **options)


@pytest.fixture(scope="module")
def shelf(make):
    """Filled once, for the tests that only read."""
    shelf = make(a_name())
    publish(all_rows(), EMBEDDER, shelf)
    return shelf


def untold(*_: object) -> None:
    """Progress that nobody watches."""


def a_name() -> str:
    return f"t{next(_numbers)}"


def ids(shelf, text: str, reads=EVERYTHING, kind=Kind.PASSAGE, limit=10) -> list[str]:
    return [hit.source.source_id for hit in search(shelf, text, reads, kind, limit)]


def search(shelf, text: str, reads=EVERYTHING, kind=Kind.PASSAGE, limit=10):
    return shelf.search(kind, EMBEDDER.embed([text.encode("utf-8", "replace").decode()])[0], text, reads, limit)


def test_the_nearest_passage_comes_back_as_it_was_written(shelf):
    hit = max(search(shelf, "What is the exit fee for the amount sold?"), key=lambda hit: hit.dense)

    assert hit.source.model_copy(update={"dense": 0.0}) == PASSAGES[2]
    assert 0 < hit.dense <= 1
    assert hit.dense == hit.source.dense


def test_the_cosine_is_that_of_the_vectors(shelf):
    question = EMBEDDER.embed(["free account"])[0]
    [hit] = [h for h in search(shelf, "free account") if h.source.source_id == "fees#intro"]

    assert hit.dense == pytest.approx(float(EMBEDDER.embed([row_of(PASSAGES[0]).embed])[0] @ question), abs=1e-4)


def test_a_template_is_found_by_its_example_question_and_comes_once_with_its_body(shelf):
    hits = search(shelf, "pan card ya aadhaar", kind=Kind.TEMPLATE)
    found = [hit.source.source_id for hit in hits]

    assert len(found) == len(set(found))
    best = max(hits, key=lambda hit: hit.dense)
    assert (best.source.source_id, best.source.text) == ("kyc", TEMPLATES[2].body)
    assert best.dense == pytest.approx(1.0, abs=1e-4)


def test_templates_and_passages_are_kept_apart(shelf):
    assert set(ids(shelf, "IM fees", kind=Kind.TEMPLATE)) == {t.template_id for t in TEMPLATES}
    assert set(ids(shelf, "IM fees")) == {p.source_id for p in PASSAGES}


def test_the_whole_template_can_be_looked_up_and_a_hostile_id_finds_nothing(shelf):
    assert shelf.template("plus-exit") == TEMPLATES[1]
    assert shelf.template("nobody") is None
    assert shelf.template('x" or pk != "') is None
    assert shelf.template("fees#intro") is None


@pytest.mark.parametrize(
    "reads", [(), ("public",), ("IM",), ("IM+",), ("public", "IM"), ("public", "IM+"), EVERYTHING, ("IM+x", "im+", '"')]
)
def test_nothing_that_the_reader_may_not_read_ever_comes_back(shelf, reads):
    for text in HOSTILE:
        for kind, sources in ((Kind.PASSAGE, PASSAGES), (Kind.TEMPLATE, TEMPLATES)):
            readable = {
                s.source_id if kind is Kind.PASSAGE else s.template_id for s in sources if {*s.segments} & {*reads}
            }
            assert set(ids(shelf, text, reads, kind)) == readable, f"reads {reads}"


def test_passages_are_read_by_their_ids_by_those_who_may_read_them(shelf):
    wanted = [source.source_id for source in PASSAGES]

    assert {p.source_id for p in shelf.passages(wanted, ("IM",))} == {"fees#table@IM", "both#rules"}
    assert shelf.passages(["fees#intro"], ("public",)) == [PASSAGES[0]]
    assert list(shelf.passages(["kyc", "nobody"], EVERYTHING)) == []
    assert list(shelf.passages(wanted, ())) == []
    assert list(shelf.passages([], EVERYTHING)) == []


def test_the_limit_holds_for_sources_not_for_rows(shelf):
    assert len(shelf.search(Kind.TEMPLATE, EMBEDDER.embed(["documents"])[0], "", EVERYTHING, 2)) == 2


def test_words_find_what_the_vector_alone_would_not_have_brought(make):
    shelf = make(a_name())
    other = [a_passage(f"other#{n}", "Other", f"Talk about sundry matter number {n}", ["IM"]) for n in range(5)]
    publish(list(map(row_of, (*PASSAGES, *other))), EMBEDDER, shelf)
    far = EMBEDDER.embed([row_of(other[0]).embed])[0]

    hits = shelf.search(Kind.PASSAGE, far, "three free then Rs 10", ["IM"], 3)

    worded = next((hit for hit in hits if hit.source.source_id == "fees#table@IM"), None)
    if "dense only" in shelf.ping():
        assert worded is None
        assert all(hit.lexical is None and hit.lexical_rank is None for hit in hits)
    else:
        assert worded.lexical_rank == 0
        assert worded.lexical > 0
        assert worded.dense == pytest.approx(float(far @ EMBEDDER.embed([row_of(PASSAGES[1]).embed])[0]), abs=1e-4)
        assert all(hit.lexical is None or hit.lexical <= worded.lexical for hit in hits)


@pytest.mark.milvus_server
def test_a_server_without_bm25_searches_by_vector_alone_and_says_so(server_uri):
    with capture_logs() as logs, closing(MilvusShelf(server_uri, alias=f"{a_name()}_live")) as shelf:
        publish(all_rows(), EMBEDDER, shelf)
        says, hits = shelf.ping(), search(shelf, "What is the exit fee for the amount sold?")
        looked = Search(shelf, a_reader(*EVERYTHING), Weights()).look(
            Kind.PASSAGE, EMBEDDER.embed(["exit fee of the amount sold"])[0], "exit fee of the amount sold"
        )

    assert "dense only: this server has no BM25" in says
    assert [entry["why"] for entry in logs if entry["event"] == "milvus.dense_only"] == ["the server has no BM25"]
    assert {hit.lexical for hit in hits} == {None}
    assert looked.sources[0].source_id == "fees#table@IM+"
    assert 0 < looked.sources[0].score <= 1
    assert looked.sure > 0


def test_questions_that_are_asked_together_find_what_each_finds_alone(shelf):
    texts = ["exit fee", "", "free account", "cap of Rs 50,00,000", "the", *HOSTILE, *(f"fee {n}" for n in range(9))]
    vectors = EMBEDDER.embed([text.encode("utf-8", "replace").decode() for text in texts])

    for kind in Kind:
        together = shelf.search_all(kind, vectors, texts, ("public", "IM"), 3)
        alone = [shelf.search(kind, vectors[n], text, ("public", "IM"), 3) for n, text in enumerate(texts)]
        assert [told(hits) for hits in together] == [told(hits) for hits in alone]
    assert list(shelf.search_all(Kind.PASSAGE, vectors[:0], [], EVERYTHING, 3)) == []
    assert [list(hits) for hits in shelf.search_all(Kind.PASSAGE, vectors[:2], texts[:2], (), 3)] == [[], []]


def test_a_search_in_two_steps_finds_what_one_step_finds(shelf):
    texts = ["exit fee of the amount", "free account", ""]
    vectors = EMBEDDER.embed(texts)

    for kind in Kind:
        finish = shelf.begin(kind, texts, ("public", "IM"), 3)
        assert [told(h) for h in finish(vectors)] == [
            told(h) for h in shelf.search_all(kind, vectors, texts, ("public", "IM"), 3)
        ]
    assert list(shelf.begin(Kind.PASSAGE, [], EVERYTHING, 3)(vectors[:0])) == []


def test_a_swap_between_the_two_steps_mixes_no_builds(make):
    shelf = make(a_name())

    def edition(word: str) -> None:
        rows = [row_of(a_passage(f"{word}#{n}", "Fees", f"The fee of account {n}, {word}.", ["IM"])) for n in range(4)]
        publish(rows, EMBEDDER, shelf)

    edition("old")
    finish = shelf.begin(Kind.PASSAGE, ["fee of account old"], ["IM"], 4)
    edition("new")
    [hits] = finish(EMBEDDER.embed(["fee of account new"]))

    assert {hit.source.text.rpartition(" ")[2] for hit in hits} == {"new."}
    assert "dense only" in shelf.ping() or all(hit.lexical for hit in hits)


def test_what_another_reader_has_just_found_is_read_by_nobody_else(shelf):
    wanted = [source.source_id for source in PASSAGES]
    search(shelf, "exit fee of IM+ and all the rules", EVERYTHING)

    assert {p.source_id for p in shelf.passages(wanted, ("IM",))} == {"fees#table@IM", "both#rules"}


def told(hits):
    return [(hit.source.source_id, round(hit.dense, 4), hit.lexical_rank) for hit in hits]


def test_many_threads_search_at_once(shelf):
    texts = ["exit fee", "free account", "cap of Rs 50,00,000", "withdrawal fee"] * 10
    alone = {text: ids(shelf, text) for text in texts}

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda text: ids(shelf, text), texts))

    assert together == [alone[text] for text in texts]


def test_before_the_first_build_there_is_no_version_and_a_search_may_be_tried_again_later(make):
    shelf = make(a_name())

    assert shelf.version() == ""
    assert shelf.built() is None
    assert not shelf.contents().versions
    with pytest.raises(Retryable, match=r"index_kb\.py"):
        search(shelf, "fees")


def test_an_index_of_another_model_is_refused_by_name(make):
    name = a_name()
    shelf = make(name)
    publish([row_of(PASSAGES[0])], EMBEDDER, shelf)
    reader = make(name, model="another-model")
    if isinstance(reader, MemoryIndex):
        reader.swap(reader.stage([row_of(PASSAGES[0])], EMBEDDER.embed(["x"]), shelf.built(), untold), untold)

    for ask in (lambda: search(reader, "fees"), reader.ping):
        with pytest.raises(Permanent, match=r"hash-256.*another-model"):
            ask()


def test_a_build_is_swapped_in_whole_and_can_be_taken_back(make):
    shelf = make(a_name())
    first = publish([row_of(p) for p in PASSAGES[:2]], EMBEDDER, shelf).collection
    with pytest.raises(Permanent, match="no earlier index"):
        shelf.rollback()
    second = publish([row_of(p) for p in PASSAGES[2:]], EMBEDDER, shelf).collection

    assert first != second
    assert shelf.version() == second
    assert set(ids(shelf, "fees")) == {p.source_id for p in PASSAGES[2:]}
    assert shelf.searched() == second
    assert shelf.earlier() == [first]
    for steps in (2, 0, -1):
        with pytest.raises(Permanent, match=f"a single earlier index is kept, none of them {steps} steps back"):
            shelf.rollback(steps)
    assert shelf.rollback() == first
    assert (shelf.version(), shelf.earlier()) == (first, [second])
    assert set(ids(shelf, "fees")) == {p.source_id for p in PASSAGES[:2]}
    assert shelf.rollback() == second, "and forward again"


def test_a_staged_build_is_searched_by_name_and_by_nobody_else_until_it_is_swapped_in(make):
    shelf = make(a_name())
    live = publish([row_of(PASSAGES[0])], EMBEDDER, shelf).collection
    seen = []

    def look(change, new):
        seen.append((ids(new, "fees"), ids(shelf, "fees"), shelf.version(), new.version()))
        assert new.version() != live
        return False

    report = publish([row_of(PASSAGES[1])], EMBEDDER, shelf, look=look)

    assert [(new, old, named) for new, old, named, _ in seen] == [(["fees#table@IM"], ["fees#intro"], live)]
    assert (report.swapped, report.collection, shelf.version(), ids(shelf, "fees")) == (
        False,
        live,
        live,
        ["fees#intro"],
    )
    with pytest.raises((Retryable, Permanent)):
        ids(shelf.staged(seen[0][3]), "fees")


def test_a_look_that_fails_leaves_the_live_index_and_no_staged_one(make):
    shelf = make(a_name())
    live = publish([row_of(PASSAGES[0])], EMBEDDER, shelf).collection
    seen = []

    def look(change, new):
        seen.append(new.version())
        raise Retryable("the ledger is away")

    with pytest.raises(Retryable, match="away"):
        publish([row_of(PASSAGES[1])], EMBEDDER, shelf, look=look)

    assert (shelf.version(), ids(shelf, "fees")) == (live, ["fees#intro"])
    with pytest.raises((Retryable, Permanent)):
        ids(shelf.staged(seen[0]), "fees")


def test_contents_tell_who_may_read_what(shelf):
    assert shelf.contents().labels == {row.source.source_id: row.source.segments for row in all_rows()}


def test_the_description_tells_the_model_and_vectors_can_be_used_again(shelf):
    built, contents = shelf.built(), shelf.contents()

    assert (built.model, built.dim, built.rows, built.collection) == ("hash-256", 256, len(all_rows()), shelf.version())
    assert contents.versions == {row.source.source_id: row.source.version for row in all_rows()}
    for row in all_rows():
        assert np.allclose(contents.vectors[row.text_hash], EMBEDDER.embed([row.embed])[0], atol=1e-5)


def test_ping_names_the_collection_and_its_size(shelf):
    assert shelf.version() in shelf.ping()
    assert f"{len(all_rows())} rows" in shelf.ping()


def test_the_trained_choice_goes_and_comes_back_with_its_index(make):
    shelf = make(a_name())
    publish(all_rows(), EMBEDDER, shelf)
    first = shelf.head()
    publish([*all_rows(), *template_rows(a_template("tax", "Tax", ["Is tax deducted"], ["public"]))], EMBEDDER, shelf)
    second = shelf.head()
    shelf.rollback()

    assert unpack(first).labels == ("im-time", "kyc", "plus-exit")
    assert unpack(second).labels == ("im-time", "kyc", "plus-exit", "tax")
    assert shelf.head() == first


def test_a_large_head_is_kept_whole_and_no_search_returns_it(make):
    shelf, head = make(a_name()), np.random.default_rng(1).bytes(1_000_003)
    rows = all_rows()
    vectors = EMBEDDER.embed([row.embed for row in rows])
    build = Build(model=EMBEDDER.name, dim=EMBEDDER.dim, kb_hash="0" * 64, built_at=datetime.now(UTC), rows=len(rows))
    shelf.swap(shelf.stage(rows, vectors, build, untold, head), untold)

    assert shelf.head() == head
    assert set(ids(shelf, "head", limit=50)) <= {source.source_id for source in PASSAGES}
    assert set(shelf.contents().versions) == {row.source.source_id for row in rows}
