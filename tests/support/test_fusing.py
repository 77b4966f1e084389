"""One ranking out of vectors and words, and how sure it is of its first."""

from __future__ import annotations

from tests.builders import a_reader, a_source
from tests.knowledge.kb_files import a_passage
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.knowledge.index import publish, row_of
from worker.knowledge.words import content_words, searchable, stem
from worker.models import Kind
from worker.ports.world import Hit, Hits
from worker.support.fusing import Weights, confidence, fuse, fused, summed
from worker.support.retrieve import Floors, retrieve

EMBEDDER = HashEmbedder(dim=1024)


def a_hit(source_id: str, dense: float, lexical: float | None = None, text: str = "Text") -> Hit:
    source = a_source(text, source_id=source_id, kind=Kind.PASSAGE, score=0.0, dense=dense)
    return Hit(source=source, dense=dense, lexical=lexical)


def sureness(question: str, hits: list[Hit]) -> float:
    return confidence(question, fuse(hits), summed(hits))


def test_a_point_of_bm25_counts_the_same_whatever_else_was_found() -> None:
    near, worded = a_hit("near", 0.60, 0.0), a_hit("worded", 0.50, 7.0)
    others = [a_hit(f"other{n}", 0.1 * n, float(n)) for n in range(5)]
    for hits in ([near, worded], [near, worded, *others]):
        assert fuse(hits)[0].source_id == "worded"
        assert fuse(hits, Weights(lexical=0.01))[0].source_id == "near"


def test_hits_by_columns_are_the_same_hits() -> None:
    hits = [a_hit("a", 0.5, 3.0), a_hit("b", 0.4), a_hit("c", 0.3, 1.0)]
    columns = Hits(
        [hit.source.model_copy(update={"dense": 0.0}) for hit in hits], [0.5, 0.4, 0.3], [None] * 3, [3.0, None, 1.0]
    )

    assert list(columns) == hits == list(Hits.of(hits))
    assert (columns[-1], columns[1:], len(columns)) == (hits[2], hits[1:], 3)
    assert list(columns.only([0, 2])) == [hits[0], hits[2]]
    assert summed(columns) == summed(hits)
    assert fuse(columns) == fuse(hits)


def test_of_what_was_fused_some_can_be_had_as_all_would_be() -> None:
    hits = [a_hit(f"s{n}", 0.1 * n, float(n % 3)) for n in range(8)]
    every, one = fuse(hits), fused(hits, summed(hits))

    assert one.all() == every
    assert one.above(0.3, 2) == [source for source in every if source.score >= 0.3][:2]
    assert one.above(0.3, 99) == [source for source in every if source.score >= 0.3] != every
    assert one.named({"s1", "s6", "zebra"}) == [source for source in every if source.source_id in {"s1", "s6"}]


def test_a_search_is_surer_the_nearer_the_fuller_and_the_further_ahead_its_first_is() -> None:
    question = "exit fee"
    crowd = [a_hit(f"c{n}", 0.40) for n in range(9)]
    ahead = [a_hit("first", 0.60, 9.0, "The exit fee is 1 %."), *crowd]
    assert sureness(question, ahead) > sureness(question, [a_hit("first", 0.60, 9.0, "A nominee."), *crowd])
    assert sureness(question, ahead) > sureness(question, [a_hit("first", 0.45, 0.5, "The exit fee is 1 %."), *crowd])
    level = [a_hit(f"l{n}", 0.60, 9.0, "The exit fee is 1 %.") for n in range(10)]
    assert sureness(question, ahead) > sureness(question, level)
    assert sureness(question, []) == 0.0


def test_where_nothing_is_likely_to_answer_no_passage_counts_as_found_and_the_search_says_how_sure_it_was() -> None:
    index = MemoryIndex()
    publish([row_of(a_passage("fee#a", "Fees", "The exit fee is 1 %.", ["public"]))], EMBEDDER, index)
    floors = Floors(template=0.0, passage=0.0)
    zebra = "Why do zebras cross wide roads at night in winter?"
    found = retrieve(("What is the exit fee?", zebra), "", a_reader(), index, EMBEDDER, floors=floors)
    assert found.per_question["What is the exit fee?"][1] == ("fee#a",)
    assert found.per_question[zebra][1] == ()
    assert found.sure["What is the exit fee?"] > floors.found > found.sure[zebra]


def test_questions_and_rows_are_cut_to_the_same_stems() -> None:
    assert content_words("How are nominees added?") == content_words("Add a nominee")[::-1]
    assert stem("stopped") == stem("stopping") == stem("stops") == "stop"
    assert stem("charges") == stem("charging") == stem("charged")
    assert [stem(word) for word in ("fees", "fee", "pass", "apply", "applied", "im")] == [
        "fee",
        "fee",
        "pass",
        "apply",
        "apply",
        "im",
    ]


def test_a_text_of_common_words_alone_is_searched_for_as_it_is() -> None:
    assert searchable("What is it?") == "What is it?"
    assert searchable("") == ""
