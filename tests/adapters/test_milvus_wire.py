import base64
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pymilvus.client.prepare import Prepare
from pymilvus.orm.schema import CollectionSchema

from worker.adapters.milvus_head import head_columns, rows_for
from worker.adapters.milvus_held import HELD
from worker.adapters.milvus_rows import FLAT_UP_TO, columns, nowhere, schema, unfindable
from worker.adapters.milvus_wire import _request, _varint
from worker.errors import Permanent
from worker.knowledge.documents import Kb
from worker.knowledge.index import Row, row_of, rows_of
from worker.models import Kind, Source, Template

SAID = "Änderung — ₹500 🙂"


class Schemas:
    """What `schema` asks of a client."""

    @staticmethod
    def create_schema(**how: bool) -> CollectionSchema:
        return CollectionSchema([], check_fields=False, **how)


def a_passage(at: str, *segments: str, text: str = SAID) -> Row:
    source = Source(
        source_id=f"fees#{at}",
        kind=Kind.PASSAGE,
        title="Fees",
        text=text,
        segments=segments,
        version="1",
        article_id="fees",
    )
    return row_of(source)


def a_template() -> list[Row]:
    template = Template(
        template_id="fee",
        title="Fees",
        topic="fee",
        segments=("IM", "IM+"),
        questions=("What does it cost?", SAID),
        needs=("name",),
        auto_send=True,
        body="Dear {{ name }},\nnothing.",
        version="7",
    )
    return list(rows_of(Kb(templates=(template,), articles=())))


def fields(dim: int) -> Any:
    return schema(Schemas, dim, lexical=True).to_dict()["fields"]


def by_field(request: Any) -> dict[str, bytes]:
    return {field.field_name: field.SerializeToString(deterministic=True) for field in request.fields_data}


def as_pymilvus_packs(rows: list[Row], points: np.ndarray) -> dict[str, bytes]:
    packed = columns(rows)
    dicts = [
        {name: texts[n] for name, texts in packed.texts.items()}
        | {"labels": list(row.source.segments), "vector": points[n].tolist()}
        | {"meta": row.template.model_dump(mode="json") if row.template else {}}
        for n, row in enumerate(rows)
    ]
    return by_field(Prepare.row_insert_param("c", dicts, "passage", fields(points.shape[1])))


def test_rows_go_over_the_wire_as_the_client_itself_would_send_them():
    rows = [*a_template(), a_passage("one", "IM"), a_passage("two", "public", "IM+")]
    points = np.random.default_rng(1).normal(size=(len(rows), 384)).astype(np.float32)
    made = _request("c", "passage", columns(rows), points)
    assert (made.collection_name, made.partition_name, made.num_rows) == ("c", "passage", len(rows))
    assert by_field(made) == as_pymilvus_packs(rows, points)


def test_the_template_choice_goes_over_the_wire_as_the_client_itself_would_send_it():
    head = bytes(range(256)) * 400
    (packed,) = head_columns(head)
    made = _request("c", "", packed, nowhere(384, rows_for(head)))
    dicts = [
        unfindable(384, pk=pk, words="head", text=text)
        for pk, text in zip(packed.texts["pk"], packed.texts["text"], strict=True)
    ]
    theirs = Prepare.row_insert_param("c", dicts, "", fields(384))
    assert [row["pk"] for row in dicts] == ["#head.00000", "#head.00001", "#head.00002"]
    assert b"".join(base64.b64decode(row["text"]) for row in dicts) == head
    assert by_field(made) == by_field(theirs)
    assert nowhere(3, 2).tolist() == [[1, 0, 0], [1, 0, 0]]
    assert (made.partition_name, made.num_rows) == (theirs.partition_name, theirs.num_rows)


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02"), (1 << 21, b"\x80\x80\x80\x01")],
)
def test_a_length_is_written_as_protocol_buffers_write_it(number: int, told: bytes):
    assert _varint(number) == told


def test_rows_without_a_vector_each_are_not_sent():
    with pytest.raises(Permanent, match="do not match"):
        _request("c", "passage", columns([a_passage("one", "IM")]), np.zeros((2, 4), dtype=np.float32))


def test_too_long_a_text_is_cut_between_characters_and_too_long_an_id_is_refused():
    told = columns([a_passage("one", "IM", text="₹" * 30_000)]).texts
    assert told["text"] == ["₹" * 20_000]
    with pytest.raises(Permanent, match="pk of a row is longer than 320 bytes"):
        columns([a_passage("x" * 400, "IM")])


def test_pymilvus_is_loaded_without_pandas_and_scipy_and_whoever_wants_pandas_still_gets_it():
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from worker.adapters.milvus_lean import milvus_client\n"
            "milvus_client()\n"
            "from pymilvus.client.check import is_legal_search_data\n"
            "assert is_legal_search_data([[0.5, 0.5]])\n"
            "print(sorted({'pandas', 'scipy'} & sys.modules.keys()))\n"
            "import pandas\n"
            "print(pandas.DataFrame({'a': [1]}).shape)\n",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.split("\n")[:2] == ["[]", "(1, 1)"]


def test_as_many_rows_as_are_held_in_memory_are_searched_exactly_by_milvus_too():
    assert FLAT_UP_TO >= HELD
