"""The console's queue: held drafts in the order in which they should be looked at, sifted, counted and searched in SQL.

Read only. The reading half of `ports.people.Reviews`; what leads do to a draft is in reviews.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from worker.adapters.store.columns import clock, folded
from worker.adapters.store.room import Room, to_case
from worker.adapters.store.schema import case_words, cases, drafts
from worker.models import Status
from worker.ports import NONE, Beside, HeldRow, Sieve

_URGENT = (cases.c.answer_by, cases.c.case_id)
_FACETS = {"strength": "strength", "template": "template_id", "segment": "segments", "finding": "guards"}
_LISTS = ("segment", "finding")
_MOST_WORDS = 8  # of a search; more would only slow it down


class Queue(Room):
    """The queue over SQL."""

    def held(self, *, limit: int = 50, offset: int = 0, sieve: Sieve = Sieve()) -> Sequence[HeldRow]:
        columns = (cases, (clock() - cases.c.opened_at).label("age"), (cases.c.answer_by < clock()).label("late"))
        query = select(*columns).where(*_sifted(sieve)).order_by(*_order(sieve)).limit(limit).offset(offset)
        with self.reading() as connection:
            rows = connection.execute(query).all()
            found = _findings(connection, [row.draft_id for row in rows if row.guards])
            return [
                HeldRow(
                    case=to_case(row),
                    template_id=row.template_id,
                    findings=tuple(row.guards),
                    found=found.get(row.draft_id, 0),
                    age_seconds=max(0.0, row.age),
                    late=bool(row.late),
                )
                for row in rows
            ]

    def held_count(self, sieve: Sieve = Sieve(), *, since: float = 0.0) -> int:
        later = [cases.c.moved_at > since] if since else []
        with self.reading() as connection:
            return _count(connection, *_sifted(sieve), *later)

    def held_tickets(self) -> Mapping[str, int]:
        every = select(cases.c.case_id, cases.c.ticket_id).where(cases.c.status == Status.HELD)
        newest = every.order_by(cases.c.moved_at.desc(), cases.c.case_id.desc())
        with self.reading() as connection:
            return {row.case_id: row.ticket_id for row in connection.execute(newest)}

    def newest(self) -> float:
        with self.reading() as connection:
            held = select(func.max(cases.c.moved_at)).where(cases.c.status == Status.HELD)
            return connection.execute(held).scalar() or 0.0

    def facets(self, sieve: Sieve = Sieve()) -> Mapping[str, Mapping[str, int]]:
        """Column by column: grouped by all at once, nearly every draft would be a group of its own. What is searched
        for is looked up once. Lists are taken apart here, since the two databases have no way in common."""
        of: Any = cases.c
        where = [cases.c.status == Status.HELD]
        if sieve.words or sieve.minder:
            counted = select(*(cases.c[name] for name in _FACETS.values()))
            anywhere = sieve.model_copy(update=dict.fromkeys(_FACETS, ""))
            of, where = counted.where(*_sifted(anywhere)).cte("found").c, []
        found: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        with self.reading() as connection:
            each = [_grouped(name, of, [*where, *_picked(of, sieve, but=name)]) for name in _FACETS]
            for row in connection.execute(union_all(*each)):
                found[row.facet][row.value or NONE] = row.n
            return {name: _taken_apart(counts) if name in _LISTS else counts for name, counts in found.items()}

    def beside(self, case_id: str, sieve: Sieve = Sieve()) -> Beside:
        sifted = _sifted(sieve)
        with self.reading() as connection:
            order = _order(sieve)
            at = connection.execute(select(*order).where(cases.c.case_id == case_id)).one_or_none()
            if at is None:
                return Beside(total=_count(connection, *sifted))
            sooner, later = _sooner(order, at), _later(order, at)
            last_first = [column.desc() for column in order]
            before = select(cases.c.case_id).where(*sifted, sooner).order_by(*last_first).limit(1)
            after = select(cases.c.case_id).where(*sifted, later).order_by(*order).limit(1)
            return Beside(
                before=connection.execute(before).scalar() or "",
                after=connection.execute(after).scalar() or "",
                number=_count(connection, *sifted, sooner) + 1,
                total=_count(connection, *sifted),
            )


def _order(sieve: Sieve) -> list[ColumnElement[Any]]:
    """The most urgent first; before them the drafts of the ticket that is searched for by its number."""
    named = case((cases.c.ticket_id == sieve.ticket, 0), else_=1)
    return [*([named] if sieve.ticket else []), *_URGENT]


def _sooner(order: Sequence[ColumnElement[Any]], at: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a row stands before the one whose values `at` are. Spelled out: an index serves it so."""
    first, rest = order[0], order[1:]
    return or_(first < at[0], and_(first == at[0], _sooner(rest, at[1:]))) if rest else first < at[0]


def _later(order: Sequence[ColumnElement[Any]], at: Sequence[Any]) -> ColumnElement[bool]:
    first, rest = order[0], order[1:]
    return or_(first > at[0], and_(first == at[0], _later(rest, at[1:]))) if rest else first > at[0]


def _findings(connection: Connection, draft_ids: Sequence[str]) -> dict[str, int]:
    """How many findings each has. Counted in the database: a page of whole drafts would be a megabyte."""
    if connection.dialect.name == "sqlite":
        n: Any = func.json_array_length(type_coerce(drafts.c.draft, Text), "$.findings")
    else:
        n = func.json_array_length(cast(type_coerce(drafts.c.draft, Text), JSON)["findings"])
    counted = select(drafts.c.draft_id, func.coalesce(n, 0).label("n")).where(drafts.c.draft_id.in_(draft_ids))
    return {row.draft_id: row.n for row in connection.execute(counted)} if draft_ids else {}


def _grouped(name: str, of: Any, where: Sequence[ColumnElement[bool]]) -> Select[str, str, int]:
    """How many have each value of that facet."""
    column = type_coerce(of[_FACETS[name]], Text)
    facet = literal(name, Text).label("facet")
    return select(facet, column.label("value"), func.count().label("n")).where(*where).group_by(column)


def _taken_apart(lists: Mapping[str, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for stored, n in lists.items():
        found.update(dict.fromkeys(json.loads(stored) or [NONE], n))
    return dict(found)


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(cases).where(*where)).scalar_one()


def _sifted(sieve: Sieve) -> list[ColumnElement[bool]]:
    """The conditions of a sieve; what is not asked for is left out, so that the index alone can count."""
    where: list[ColumnElement[bool]] = [cases.c.status == Status.HELD, *_picked(cases.c, sieve)]
    if sieve.minder:
        where.append(cases.c.minder == sieve.minder)
    if words := [str(sieve.ticket)] if sieve.ticket else folded(sieve.words).split()[:_MOST_WORDS]:
        where.append(exists().where(case_words.c.case_id == cases.c.case_id, *map(_said, words)))
    return where


def _picked(of: Any, sieve: Sieve, but: str = "") -> list[ColumnElement[bool]]:
    """What was chosen in the menus, in all `but` one of them. `of`: the columns of the drafts that may be had."""
    where: list[ColumnElement[bool]] = []
    if sieve.segment and but != "segment":
        where.append(_holds(of.segments, sieve.segment))
    if sieve.finding and but != "finding":
        where.append(_holds(of.guards, sieve.finding))
    if sieve.template and but != "template":
        where.append(of.template_id == ("" if sieve.template == NONE else sieve.template))
    if sieve.strength and but != "strength":
        where.append(of.strength == sieve.strength)
    return where


def _holds(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a list that is kept as JSON holds that name, or nothing at all."""
    stored = type_coerce(column, Text)
    return stored == "[]" if name == NONE else stored.contains(json.dumps(name, ensure_ascii=False), autoescape=True)


def _said(word: str) -> ColumnElement[bool]:
    spelled = word.lstrip("#") or word  # a ticket is often written as #123
    return or_(
        case_words.c.thread_words.contains(spelled, autoescape=True),
        case_words.c.draft_words.contains(spelled, autoescape=True),
    )
