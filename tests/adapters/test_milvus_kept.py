"""Rows that were read before: asked for once, forgotten in the end, and never more than what was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from worker.adapters.milvus_kept import Kept
from worker.adapters.milvus_rows import Live
from worker.ports.shelf import Build


class Engine:
    """Has the rows "a" to "e"; notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.filters: list[str] = []

    def query(self, name, filter, output_fields, **_):
        pks = json.loads(filter.partition("]")[0].removeprefix("pk in ") + "]")
        self.asked.append(pks)
        self.filters.append(filter)
        row = {"kind": "passage", "article_id": "a", "title": "T", "text": "x", "labels": ["IM"], "version": "1"}
        found = [row | {"pk": pk, "source_id": pk, "vector": [1.0, 0.0]} for pk in pks if pk in "abcde"]
        return [{name: one[name] for name in output_fields} for one in found]


def a_live(*, lexical: bool = True) -> Live:
    build = Build(model="m", dim=2, kb_hash="h", built_at=datetime(2026, 1, 1, tzinfo=UTC), rows=5)
    return Live(name="deskhand_1", build=build, audiences=("IM",), lexical=lexical, hnsw=False)


def test_a_row_is_read_once_and_what_is_not_there_is_left_out():
    engine, kept, live = Engine(), Kept("deskhand_1"), a_live()

    assert set(kept.rows(engine, live, ["a", "b", "a", "zebra"], 1)) == {"a", "b"}
    assert set(kept.rows(engine, live, ["b", "c"], 1)) == {"b", "c"}
    assert set(kept.rows(engine, live, ["c", "a"], 1)) == {"c", "a"}
    assert engine.asked == [["a", "b", "zebra"], ["c"]]


def test_what_is_not_there_is_looked_for_once_through_each_filter():
    engine, kept, live = Engine(), Kept("deskhand_1"), a_live()
    for only in ("", "", 'audience in ["IM"]', 'audience in ["IM"]'):
        assert kept.rows(engine, live, ["zebra"], 1, only) == {}

    assert engine.filters == ['pk in ["zebra"]', 'pk in ["zebra"] and audience in ["IM"]']


def test_of_too_many_rows_the_oldest_are_read_again():
    engine, kept, live = Engine(), Kept("deskhand_1", most=2), a_live()
    for pk in "abc":
        kept.rows(engine, live, [pk], 1)
    engine.asked.clear()

    assert set(kept.rows(engine, live, ["c", "b", "a"], 1)) == {"a", "b", "c"}
    assert engine.asked == [["a"]]


def test_what_has_to_be_read_is_read_through_the_filter():
    engine, kept = Engine(), Kept("deskhand_1")
    kept.rows(engine, a_live(), ["a"], 1, 'audience in ["IM"]')

    assert engine.filters == ['pk in ["a"] and audience in ["IM"]']


def test_without_bm25_no_vectors_are_sent():
    row = Kept("deskhand_1").rows(Engine(), a_live(lexical=False), ["a"], 1)["a"]

    assert (row.source.source_id, len(row.vector)) == ("a", 0)
