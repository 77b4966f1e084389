"""The parts beside a passage where a section had to be cut: a list that goes on, or a sentence that says what "it" is.

A part is known by its id, "<article>#<section>.<number>[@<product>]" (knowledge/chunk.py). Called by retrieve.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from worker.models import Source

MOST = 3  # parts that are added for one message: each is about 200 tokens of the prompt
_PART = re.compile(r"([^@]+)\.(\d+)(@.+)?")

Read = Callable[[Sequence[str]], Sequence[Source]]  # passages by id, those alone that the reader may read


def beside(source_id: str) -> tuple[str, ...]:
    """Ids of the next part and of the one before; () for a passage that is a whole section. Whether they exist is not
    known here."""
    part = _PART.fullmatch(source_id)
    if part is None:
        return ()
    at, number, product = part[1], int(part[2]), part[3] or ""
    return tuple(f"{at}.{n}{product}" for n in (number + 1, number - 1) if n > 0)


def neighbours(shown: Sequence[Source], seen: Mapping[str, Source], read: Read) -> dict[str, tuple[Source, ...]]:
    """For passages of `shown` (best first) the parts beside them that are not shown anyway; at most MOST in all, each
    once. `seen`: what the searches brought, by id, with scores; the rest is read from the index and has none."""
    wanted: dict[str, list[str]] = {}
    taken = {source.source_id for source in shown}
    for source in shown:
        for source_id in beside(source.source_id):
            if source_id not in taken:
                taken.add(source_id)
                wanted.setdefault(source.source_id, []).append(source_id)
    missing = [one for ids in wanted.values() for one in ids if one not in seen]
    there = {**seen, **{source.source_id: source for source in (read(missing) if missing else ())}}
    found: dict[str, tuple[Source, ...]] = {}
    left = MOST
    for source_id, ids in wanted.items():
        mine = [there[one] for one in ids if one in there][:left]
        left -= len(mine)
        if mine:
            found[source_id] = tuple(mine)
    return found
