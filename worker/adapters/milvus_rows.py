"""Our rows as Milvus keeps them, and back: schema, indexes, the filter, sources and templates out of entities.

The filter is built here and nowhere else, from an enum and from label sets that our own index wrote: nothing that came
from outside gets into it. Called by adapters/milvus.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from worker.errors import Permanent
from worker.models import Kind, Source, Template
from worker.ports.shelf import Build, Row
from worker.ports.world import Vectors

CARRIED = ["source_id", "kind", "article_id", "title", "text", "labels", "version"]
BUILD = "#build"  # pk of the row that tells about the collection itself
K1, B = 1.5, 0.75  # Milvus Lite has no others, whatever it is told, and the weights of the search were fixed on it
METRIC = "IP"  # the cosine of unit vectors; COSINE would have Milvus Lite work out all lengths anew for each question
# Rows. Up to there Milvus Lite is no quicker with HNSW, which takes it longer to build than all else.
FLAT_UP_TO = 20_000
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 +_.-]{0,39}")
_LENGTHS = {"pk": 320, "source_id": 300, "kind": 16, "article_id": 100, "title": 1_500, "version": 40}
_LENGTHS |= {"text": 60_000, "words": 60_000, "audience": 400, "text_hash": 40}


@dataclass(frozen=True)
class Live:
    """The live collection: its name, what it was built from, and how it can be asked."""

    name: str
    build: Build
    audiences: tuple[str, ...]  # every set of labels that a row carries, as `audience()` writes it
    lexical: bool
    hnsw: bool
    metric: str = "COSINE"  # of indexes that were built before IP was used
    head_rows: int = 0  # how many rows carry the trained template choice


def audience(labels: Sequence[str]) -> str:
    """A set of labels as one value. Milvus finds one value among several ten times as fast as an array's overlap."""
    wrong = [label for label in labels if not _LABEL.fullmatch(label)]
    if wrong or not labels:
        raise Permanent(f"a label must be letters, digits, space or +_.- and is {wrong!r}", part="milvus")
    return "|".join(sorted(set(labels)))


def readable(audiences: Sequence[str], reads: Sequence[str]) -> list[str]:
    """The label sets that hold a label of `reads`. `reads` is compared here and gets no further."""
    return [one for one in audiences if not set(one.split("|")).isdisjoint(reads)]


def where(kind: Kind, audiences: Sequence[str]) -> str:
    """The filter of a search; every literal is written by json.dumps."""
    known = [one for one in audiences if audience(one.split("|")) == one]
    return f"kind == {json.dumps(Kind(kind).value)} and audience in {json.dumps(known)}"


def schema(client: Any, dim: int, *, lexical: bool) -> Any:
    from pymilvus import DataType, Function, FunctionType

    made = client.create_schema(auto_id=False, enable_dynamic_field=False)
    for name, length in _LENGTHS.items():
        analysed = {"enable_analyzer": True} if name == "words" and lexical else {}
        made.add_field(name, DataType.VARCHAR, max_length=length, is_primary=name == "pk", **analysed)
    made.add_field("labels", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=16, max_length=64)
    made.add_field("meta", DataType.JSON)
    made.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    if lexical:
        made.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        made.add_function(
            Function(
                name="bm25", function_type=FunctionType.BM25, input_field_names=["words"], output_field_names=["terms"]
            )
        )
    return made


def indexes(client: Any, *, hnsw: bool, lexical: bool) -> Any:
    made = client.prepare_index_params()
    if hnsw:
        made.add_index("vector", index_type="HNSW", metric_type=METRIC, params={"M": 16, "efConstruction": 200})
    else:
        made.add_index("vector", index_type="FLAT", metric_type=METRIC)
    if lexical:
        tuning = {"bm25_k1": K1, "bm25_b": B}
        made.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=tuning)
    return made


@dataclass(frozen=True)
class Columns:
    """Rows as Milvus keeps them, by field. `texts`: those of a limited length; `meta`: JSON in UTF-8."""

    texts: dict[str, list[str]]
    labels: list[tuple[str, ...]]
    meta: list[bytes]


def columns(rows: Sequence[Row]) -> Columns:
    """Too long an id is refused (Permanent); too long a text is cut."""
    sources = [row.source for row in rows]
    told = {
        "pk": [row.pk for row in rows],
        "source_id": [source.source_id for source in sources],
        "kind": [source.kind.value for source in sources],
        "article_id": [source.article_id for source in sources],
        "title": [source.title for source in sources],
        "version": [source.version for source in sources],
        # A question's row only points to its template: the text is with the template's own row.
        "text": [row.source.text if row.about == "source" else "" for row in rows],
        "words": [row.words for row in rows],
        "audience": _audiences(sources),
        "text_hash": [row.text_hash for row in rows],
    }
    return Columns(
        texts={name: [_cut(name, text) for text in texts] for name, texts in told.items()},
        labels=[source.segments for source in sources],
        meta=[row.template.model_dump_json().encode() if row.template else b"{}" for row in rows],
    )


def _audiences(sources: Sequence[Source]) -> list[str]:
    known = {segments: audience(segments) for segments in {source.segments for source in sources}}
    return [known[source.segments] for source in sources]


def build_entity(live: Live) -> dict[str, Any]:
    """The row that tells about the collection."""
    told: dict[str, Any] = {"build": live.build.model_dump(mode="json"), "audiences": list(live.audiences)}
    told |= {"lexical": live.lexical, "hnsw": live.hnsw, "head_rows": live.head_rows, "metric": live.metric}
    return unfindable(live.build.dim, pk=BUILD, words="build", meta=told)


def unfindable(dim: int, **told: Any) -> dict[str, Any]:
    """A row that only its pk leads to: without label and kind, no search returns it."""
    return {**dict.fromkeys(_LENGTHS, ""), "labels": [], "meta": {}, "vector": nowhere(dim)[0].tolist(), **told}


def unfindable_columns(*, pk: list[str], **told: list[str]) -> Columns:
    """Such rows by field; their vectors are `nowhere`."""
    none = [""] * len(pk)
    texts = {name: told.get(name, none) for name in _LENGTHS} | {"pk": pk}
    return Columns(texts=texts, labels=[()] * len(pk), meta=[b"{}"] * len(pk))


def nowhere(dim: int, rows: int = 1) -> Vectors:
    """(rows, dim): the vectors of rows that no search returns."""
    points = np.zeros((rows, dim), dtype=np.float32)
    points[:, 0] = 1.0
    return points


def live_of(name: str, meta: Any) -> Live:
    told = _json(meta)
    return Live(
        name=name,
        build=Build(**(told["build"] | {"collection": name})),
        audiences=tuple(str(one) for one in told["audiences"]),
        lexical=bool(told["lexical"]),
        hnsw=bool(told["hnsw"]),
        metric=str(told.get("metric", "COSINE")),
        head_rows=int(told.get("head_rows", 0)),
    )


def source_of(found: Mapping[str, Any], dense: float) -> Source:
    return Source(
        source_id=str(found["source_id"]),
        kind=Kind(found["kind"]),
        title=str(found["title"]),
        text=str(found["text"]),
        segments=tuple(str(label) for label in found["labels"]),
        version=str(found["version"]),
        article_id=str(found["article_id"]),
        dense=dense,
    )


def template_of(meta: Any) -> Template:
    return Template(**_json(meta))


def _json(meta: Any) -> dict[str, Any]:
    loaded = json.loads(meta) if isinstance(meta, str | bytes) else meta
    return dict(loaded)


def _cut(name: str, text: str) -> str:
    """Too long an id is refused; too long a text is cut, since Milvus counts bytes and would refuse the whole batch."""
    length = _LENGTHS[name]
    if 4 * len(text) <= length or len(coded := text.encode()) <= length:  # a character has four bytes at most
        return text
    if name in {"pk", "source_id", "article_id", "audience"}:
        raise Permanent(f"{name} of a row is longer than {length} bytes: shorten the id", part="milvus")
    return coded[:length].decode(errors="ignore")
