"""What the columns hold: cleaned text, JSON, and seconds since 1970 by the database's own clock.

Both databases take exactly the same values. Nothing here opens a connection; schema.py and the rooms use it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from sqlalchemy import Double, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from worker.models import Thread
from worker.support.bodies import plain

NAMES = {  # of keys and indexes, the same in tables and migrations
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
_SEARCHED = 20_000  # characters of a text that can be searched
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNSTORABLE_JSON = re.compile(r"\\u0000|[\ud800-\udfff]")  # as JSON writes it; one that was meant so does no harm


def clean(value: Any) -> Any:
    """Text (also inside lists and dicts) with NUL and lone surrogates replaced, since neither database stores both.

    Replaced, not removed: an address with a NUL in it must not become somebody else's address.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", str(value))
    if isinstance(value, dict):
        return {clean(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value


class Words(TypeDecorator[str]):
    """Text, cleaned on its way in and in every comparison; a StrEnum goes in as its value."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(clean(value))


class Written(str):
    """JSON text that can be stored as it is: what `written` gives."""


def written(noun: BaseModel) -> Written:
    """A noun as JSON. Of the few that hold what no database stores, as `clean` leaves it."""
    try:
        text = noun.model_dump_json()
    except PydanticSerializationError:  # a lone surrogate
        text = ""
    if text and not _UNSTORABLE_JSON.search(text):
        return Written(text)
    return Written(json.dumps(clean(noun.model_dump(mode="json")), ensure_ascii=False))


class Json(TypeDecorator[Any]):
    """A value as JSON text. Nouns go in as `written(noun)`, or as `noun.model_dump(mode="json")`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        if isinstance(value, Written):
            return str(value)
        text = json.dumps(value, ensure_ascii=False)
        return json.dumps(clean(value), ensure_ascii=False) if _UNSTORABLE_JSON.search(text) else text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class clock(FunctionElement[float]):
    """Seconds since 1970 by the database's clock, to the millisecond or better."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(element: clock, compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # unixepoch('subsec') would need SQLite 3.42


@compiles(clock, "postgresql")
def _postgresql_clock(element: clock, compiler: SQLCompiler, **_: Any) -> str:
    # In a sub-select, the clock is read once per statement; a bare call is volatile and would rule out every index.
    return "(SELECT extract(epoch FROM clock_timestamp())::double precision)"


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def folded(text: str) -> str:
    """As the console's search compares it: small letters, white space as single blanks, of a sane length."""
    return " ".join(text[:_SEARCHED].casefold().split())


def thread_words(thread: Thread) -> str:
    """What a thread can be found by: ticket number, subject, requester, and what everybody wrote, the newest first."""
    ticket = thread.ticket
    said = (plain(m.html) if m.html.strip() else m.text for m in reversed(thread.messages))
    return folded(
        " ".join([str(ticket.ticket_id), ticket.subject, ticket.requester.name, ticket.requester.email, *said])
    )


_turn = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A short id that sorts by time: prefix, 13 hex digits of microseconds, 8 random ones."""
    global _last
    with _turn:
        _last = max(time.time_ns() // 1000, _last + 1)
        micros = _last
    return f"{prefix}{micros:013x}{uuid4().hex[:8]}"
