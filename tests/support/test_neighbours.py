"""Where a section had to be cut, the parts beside a hit come with it: within what the reader may read, and not many."""

from __future__ import annotations

import pytest

from tests.builders import a_reader
from tests.knowledge.kb_files import a_passage
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.knowledge.index import publish, row_of
from worker.support.neighbours import beside, neighbours
from worker.support.retrieve import Floors, retrieve

EMBEDDER = HashEmbedder(dim=1024)
QUESTION = "What is the exit fee?"
HIT = a_passage("exit#fees.2", "Exit > Fees", "What is the exit fee? The exit fee is 1 %.", ["public"])


def an_index(*passages) -> MemoryIndex:
    index = MemoryIndex()
    publish(list(map(row_of, passages)), EMBEDDER, index)
    return index


def found_for(index: MemoryIndex, *questions: str, floor: float = 0.5, reads=("public",)):
    floors = Floors(template=0.0, passage=floor)
    return retrieve(questions or (QUESTION,), "", a_reader(*reads), index, EMBEDDER, floors=floors)


def ids(sources) -> list[str]:
    return [source.source_id for source in sources]


@pytest.mark.parametrize(
    ("source_id", "parts"),
    [
        ("exit#fees.1", ("exit#fees.2",)),
        ("exit#fees.2", ("exit#fees.3", "exit#fees.1")),
        ("exit#fees.10@IM+", ("exit#fees.11@IM+", "exit#fees.9@IM+")),
        ("exit#fees", ()),
        ("exit#fees@IM", ()),
        ("exit#fees@v1.2", ()),
        ("exit-template", ()),
    ],
)
def test_the_parts_beside_a_part_are_known_by_its_id(source_id, parts):
    assert beside(source_id) == parts


def test_a_part_that_the_search_brought_too_keeps_the_score_that_it_had_there():
    index = an_index(
        HIT, a_passage("exit#fees.3", "Exit > Fees", "Whoever sold on a day pays the fee then, at noon.", ["public"])
    )
    hit, part = found_for(index).passages

    assert (hit.source_id, part.source_id) == ("exit#fees.2", "exit#fees.3")
    assert 0 < part.score < 0.5 <= hit.score
    assert part.dense > 0


def test_the_parts_before_and_after_a_hit_come_last_and_belong_to_its_question():
    index = an_index(
        HIT,
        a_passage("exit#fees.1", "Exit > Fees", "Whoever leaves early pays.", ["public"]),
        a_passage("exit#fees.3", "Exit > Fees", "It is taken from the amount sold.", ["public"]),
        a_passage("exit#fees.4", "Exit > Fees", "Nothing else is taken.", ["public"]),
    )
    found = found_for(index)

    assert ids(found.passages)[0] == "exit#fees.2"
    assert set(ids(found.passages)) == {"exit#fees.1", "exit#fees.2", "exit#fees.3"}
    assert found.per_question[QUESTION][1] == ("exit#fees.2", "exit#fees.3", "exit#fees.1")


def test_a_neighbour_that_the_reader_may_not_read_stays_away():
    beside_it = a_passage("exit#fees.3", "Exit > Fees", "Holders of IM+ pay less.", ["IM+"])

    assert ids(found_for(an_index(HIT, beside_it)).passages) == ["exit#fees.2"]
    assert "exit#fees.3" in ids(found_for(an_index(HIT, beside_it), reads=("public", "IM+")).passages)


def test_a_neighbour_that_an_index_gives_to_the_wrong_reader_is_dropped():
    class Leaking(MemoryIndex):
        def passages(self, source_ids, reads):
            return [a_passage("exit#fees.3", "Exit > Fees", "Holders of IM+ pay less.", ["IM+"])]

    index = Leaking()
    publish([row_of(HIT)], EMBEDDER, index)

    assert ids(found_for(index).passages) == ["exit#fees.2"]


def test_what_was_not_found_for_a_question_brings_no_neighbours():
    index = an_index(a_passage("tax#when.2", "Tax", "Zebra giraffe.", ["public"]), HIT)

    assert "tax#when.1" not in ids(found_for(index, floor=0.9).passages)


def test_no_more_than_three_are_added_each_once_the_best_hits_first():
    shown = [a_passage(f"a#s.{n}", "A", "text", ["public"]) for n in (2, 6, 9)]
    asked = []

    def read(source_ids):
        asked.extend(source_ids)
        return [a_passage(i, "A", "beside", ["public"]) for i in source_ids]

    found = neighbours(shown, {}, read)

    assert {of: ids(parts) for of, parts in found.items()} == {"a#s.2": ["a#s.3", "a#s.1"], "a#s.6": ["a#s.7"]}
    assert len(asked) == len(set(asked))


def test_what_is_shown_anyway_is_not_added_and_two_hits_share_what_lies_between_them():
    shown = [a_passage(f"a#s.{n}", "A", "text", ["public"]) for n in (2, 4, 5)]
    found = neighbours(shown, {}, lambda wanted: [a_passage(i, "A", "beside", ["public"]) for i in wanted])

    assert {of: ids(parts) for of, parts in found.items()} == {"a#s.2": ["a#s.3", "a#s.1"], "a#s.5": ["a#s.6"]}


def test_a_neighbour_that_a_search_brought_keeps_its_score_and_is_not_asked_for_again():
    scored = a_passage("a#s.3", "A", "text", ["public"]).model_copy(update={"score": 0.4})

    def read(source_ids):
        assert list(source_ids) == ["a#s.1"]
        return []

    found = neighbours([a_passage("a#s.2", "A", "text", ["public"])], {"a#s.3": scored}, read)

    assert found == {"a#s.2": (scored,)}
