"""What is left of a person: a search through every text of every table that the database has, and through its file.

The tables are asked of the database itself, so that none is overlooked because nobody thought of it. Called by
forget.py before (what must be taken out of other people's rows) and after (the proof).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    cast,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.types import JSON, LargeBinary

from worker.adapters.store.person import Person

ADDRESS, TELEPHONE, NAME, TEXT = "address", "telephone", "name", "text"
CERTAIN = (ADDRESS, TELEPHONE)  # nobody else's, so they go wherever they stand
EVERYWHERE = 40  # pieces of text that all tables are searched for; the person's own rows are searched for all of them
_CHUNK = 400  # alternatives in one pattern


@dataclass(frozen=True)
class Hit:
    """A row that still says something of the person. `own`: it belongs to one of the person's cases."""

    table: str
    column: str
    key: tuple[Any, ...]
    kinds: tuple[str, ...]
    own: bool
    case_id: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {', '.join(str(part) for part in self.key)}: {', '.join(self.kinds)}"


@dataclass(frozen=True)
class Needle:
    """Something to look for. `words` as literal text, whatever its capitals; as a whole word where it has word ends."""

    kind: str
    words: str

    @property
    def pattern(self) -> str:
        if self.kind == ADDRESS:  # natasha@ is not asha@
            return rf"(?<![\w.+%-]){re.escape(self.words)}(?![\w-]|\.\w)"
        ends = (r"(?<!\w)" if self.words[:1].isalnum() else "", r"(?!\w)" if self.words[-1:].isalnum() else "")
        return ends[0] + re.escape(self.words) + ends[1]


def needles_of(person: Person) -> list[Needle]:
    """Everything that is known of the person, the longest pieces of text first."""
    texts = sorted(person.texts, key=len, reverse=True)
    return [
        *(Needle(ADDRESS, email) for email in sorted(person.emails)),
        *(Needle(TELEPHONE, phone) for phone in sorted(person.phones)),
        *(Needle(NAME, name) for name in sorted(person.names)),
        *(Needle(TEXT, text) for text in texts),
    ]


def search(connection: Connection, every: list[Table], person: Person, needles: list[Needle]) -> list[Hit]:
    """Every text column of the tables: the person's own rows for all `needles`, the others for those that are few."""
    texts = [needle for needle in needles if needle.kind == TEXT]
    few = [needle for needle in needles if needle.kind != TEXT] + texts[:EVERYWHERE]
    found: list[Hit] = []
    for table in every:
        for column in table.columns:
            if isinstance(column.type, String | LargeBinary | JSON):
                found += _in_column(connection, person, table, column, needles, few)
    return found


def tables(connection: Connection) -> list[Table]:
    """As the database describes them."""
    described = MetaData()
    described.reflect(bind=connection)
    return described.sorted_tables


def _in_column(
    connection: Connection,
    person: Person,
    table: Table,
    column: Column[Any],
    needles: list[Needle],
    few: list[Needle],
) -> Iterator[Hit]:
    keys = list(table.primary_key.columns)
    link = next((table.c[name] for name in ("case_id", "ticket_id", "subject") if name in table.c), None)
    mine: set[Any] = set(person.ticket_ids if link is not None and link.name == "ticket_id" else person.case_ids)
    told, everywhere = matcher(needles), matcher(few)
    chosen = [*keys, (null() if link is None else link).label("link"), column.label("said")]
    likely = _likely(column, few) if link is None else or_(_likely(column, few), link.in_(mine))
    for row in connection.execute(select(*chosen).where(likely)):
        own = row.link in mine
        if kinds := (told if own else everywhere)(row.said):
            case_id = str(row.link) if link is not None and link.name == "case_id" and row.link else ""
            yield Hit(table.name, column.name, tuple(row[: len(keys)]), kinds, own, case_id)


def _likely(column: Column[Any], few: list[Needle]) -> ColumnElement[bool]:
    """Where the database finds one of them. Small letters are made by the database, whose are not Python's."""
    if isinstance(column.type, LargeBinary):
        return func.length(column) > 0
    said = func.lower(cast(column, Text))
    return or_(false(), *(said.like(func.lower(f"%{_escaped(needle.words)}%"), escape="/") for needle in few))


def _escaped(words: str) -> str:
    return re.sub("[/%_]", r"/\g<0>", words)


def matcher(needles: list[Needle]) -> Callable[[Any], tuple[str, ...]]:
    """Says which kinds of needles a stored value has."""
    patterns = [(kind, pattern) for kind, pattern in _patterns(needles)]

    def kinds(value: Any) -> tuple[str, ...]:
        text = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value or "")
        return tuple(dict.fromkeys(kind for kind, pattern in patterns if pattern.search(text)))

    return kinds


def redacted(text: str, needles: list[Needle], instead: str) -> str:
    """JSON stays JSON: what is replaced holds no character that JSON would spell in another way."""
    for _, pattern in _patterns(needles):
        text = pattern.sub(instead, text)
    return text


def _patterns(needles: list[Needle]) -> Iterator[tuple[str, re.Pattern[str]]]:
    for kind in (ADDRESS, TELEPHONE, NAME, TEXT):
        alike = [needle.pattern for needle in needles if needle.kind == kind]
        for start in range(0, len(alike), _CHUNK):
            yield kind, re.compile("|".join(alike[start : start + _CHUNK]), re.IGNORECASE)


def in_files(files: Iterable[Path], needles: list[Needle]) -> dict[str, int]:
    """How many of the needles of each kind stand in the bytes of these files, whether or not the database would show
    them: what was deleted stays there until its place is needed."""
    counts: dict[str, int] = {}
    for file in files:
        if not file.exists() or not file.stat().st_size:
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for needle in needles:
                if re.search(needle.pattern.encode(), content, re.IGNORECASE):
                    counts[needle.kind] = counts.get(needle.kind, 0) + 1
    return counts
