"""Milvus Lite's writing in our words: what is written, and what is refused, is what Milvus Lite itself would write."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pytest
from milvus_lite.analyzer.hash import term_to_id
from milvus_lite.analyzer.standard import StandardAnalyzer
from milvus_lite.engine import collection
from milvus_lite.exceptions import SchemaValidationError
from milvus_lite.schema.arrow_builder import build_wal_data_schema
from milvus_lite.schema.types import CollectionSchema, DataType, FieldSchema
from milvus_lite.schema.validation import validate_record
from milvus_lite.storage.memtable import MemTable

from worker.adapters import milvus_quick
from worker.adapters.milvus_quick import analysed, at_once, data_table, hasten, sound

SCHEMA = CollectionSchema(
    [
        FieldSchema("pk", DataType.VARCHAR, is_primary=True, max_length=20),
        FieldSchema("labels", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=4),
        FieldSchema("meta", DataType.JSON, nullable=True),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=3),
    ]
)
plain: Any = getattr(MemTable._build_data_table, "__wrapped__", MemTable._build_data_table)


def a_batch(first: int, *pks: str, partition: str = "passage") -> pa.RecordBatch:
    """Rows as an insert leaves them in memory; `first`: the first one's number."""
    count = len(pks)
    return pa.RecordBatch.from_pydict(
        {
            "_seq": list(range(first, first + count)),
            "_partition": [partition] * count,
            "pk": list(pks),
            "labels": [["IM", "ß"], [], ["IM+"]][:count],
            "meta": ["{}", None, '{"a": 1}'][:count],
            "vector": [[0.1 * (first + n), -0.0, 1e-38] for n in range(count)],
        },
        schema=build_wal_data_schema(SCHEMA),
    )


def test_the_table_that_is_flushed_is_the_same_whatever_was_overwritten_and_in_whatever_order():
    table = MemTable(SCHEMA)
    table.apply_insert(a_batch(1, "a", "b", "c"))
    table.apply_insert(a_batch(4, "d", partition="template"))
    table.apply_insert(a_batch(5, "b", "e"))
    for rows in ([(0, 0), (0, 2), (2, 0), (2, 1)], [(1, 0)], [(2, 1), (0, 0)]):
        ours, theirs = data_table(table, rows), plain(table, rows)
        assert ours.schema.equals(theirs.schema, check_metadata=True)
        assert ours.equals(theirs)
        assert [column.num_chunks for column in ours.columns] == [column.num_chunks for column in theirs.columns]


@pytest.mark.parametrize(
    "vector", [[1.0, 0.0], [1.0, "0", 0.0], [1.0, True, 0.0], [1, 0, 0], (1.0, 0.0, 0.0), None, "abc", [1.0, 0.0, 0.0]]
)
def test_the_same_vectors_are_refused_in_the_same_words(vector: Any):
    def said(validate: Any) -> str:
        record = {"pk": "a", "labels": [], "meta": {}, "vector": vector}
        try:
            validate(record, SCHEMA)
        except SchemaValidationError as error:
            return str(error)
        assert record["vector"] is vector
        return ""

    assert said(sound(validate_record)) == said(validate_record)


def test_a_row_with_good_numbers_is_still_looked_at():
    record = {"pk": None, "labels": [], "meta": {}, "vector": [1.0, 0.0, 0.0]}
    with pytest.raises(SchemaValidationError, match="primary key"):
        sound(validate_record)(record, SCHEMA)


def test_words_get_their_numbers_and_none_is_remembered_after_its_insert():
    analyzer, texts = StandardAnalyzer(), ("Exit fee, exit FEE of 1 %", "", "fee")
    wanted = [[term_to_id(word) for word in analyzer.tokenize(text)] for text in texts]
    seen: list[int] = []

    def insert(self: object, records: list[str]) -> list[list[int]]:
        told = [analysed(analyzer, text) for text in records]
        seen.append(len(milvus_quick._now.words))
        return told

    assert at_once(insert)(None, list(texts)) == wanted
    assert seen == [len({word for text in texts for word in analyzer.tokenize(text)})]
    assert [analysed(analyzer, text) for text in texts] == wanted
    assert not hasattr(milvus_quick._now, "words")


def test_the_release_that_is_installed_is_the_one_that_this_was_written_for():
    assert version("milvus-lite") == milvus_quick.RELEASE, "look whether the replaced functions are still those"
    hasten()
    assert collection.validate_record.__wrapped__ is validate_record


def test_another_release_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(collection, "validate_record", validate_record)
    monkeypatch.setattr(milvus_quick, "version", lambda name: "3.2.3")
    hasten()
    assert collection.validate_record is validate_record
