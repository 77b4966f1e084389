"""Incidents that recognise their tickets by a question of somebody who is forgotten: that question goes.

Another ticket's question takes its place, so that the incident goes on. Where no other ticket asks the like, it would
be on and recognise nothing: it ends, and the audit log and its page say why. Called by forget.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select, update

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.incidents import segment_of, wrote_between
from worker.adapters.store.person import rows_of
from worker.adapters.store.room import note_audit
from worker.adapters.store.schema import cases, drafts, unanswered
from worker.adapters.store.schema_incidents import brakes
from worker.models.incidents import without_question
from worker.support.likeness import ALIKE, grouped, likeness, telling

WHY = "its question was deleted at a customer's wish, and no other ticket's could take its place"


def rename(connection: Connection, case_ids: Collection[str], by: str) -> Counter[str]:
    """Before the questions of the person's cases go: rows changed, by column."""
    changed: Counter[str] = Counter()
    asked = _asked(connection, case_ids)
    named = connection.execute(
        select(brakes).where(brakes.c.question != "").order_by(brakes.c.brake_id).with_for_update()
    ).all()
    for brake in (one for one in named if one.question in asked):
        question = _asked_by_others(connection, brake, set(case_ids), asked)
        if question == brake.question:
            continue  # others asked it word for word
        values: dict[str, Any] = {"question": question or without_question(brake.brake_id)}
        if question is None and brake.off_at is None:
            values |= {"off_at": clock(), "off_by": by}
            note_audit(connection, by, "let brake go", f"incident {brake.brake_id}", WHY)
        changed["brakes.question"] += connection.execute(
            update(brakes).where(brakes.c.brake_id == brake.brake_id).values(values)
        ).rowcount
    return changed


def _asked(connection: Connection, case_ids: Collection[str]) -> set[str]:
    """By the person. An incident may have its name from a draft that was written anew since, with other questions."""
    asked = {row.question for row in rows_of(connection, unanswered, "case_id", case_ids)}
    for row in rows_of(connection, drafts, "case_id", case_ids):
        asked |= {*row.trace.get("gaps", ()), *(part.get("question", "") for part in row.draft["parts"])}
    return asked


def _asked_by_others(connection: Connection, brake: Row[Any], mine: Collection[str], asked: set[str]) -> str | None:
    """The most typical of the like questions of the incident's other tickets; if it can be, none of those `asked`."""
    until = None if brake.off_at is None else moment(brake.off_at)
    query = select(unanswered.c.case_id, unanswered.c.question, cases.c.segments).join(
        cases, cases.c.case_id == unanswered.c.case_id
    )
    these = (*wrote_between(moment(brake.since), until), cases.c.template_id == "")
    typical = telling(brake.question)
    others = [
        row.question
        for row in connection.execute(query.where(*these).order_by(unanswered.c.case_id, unanswered.c.number))
        if row.case_id not in mine
        and segment_of(row.segments) == brake.segment
        and likeness(telling(row.question), typical) >= ALIKE
    ]
    # One that another incident has is refused by the unique index, and nobody could be forgotten.
    beside = (brakes.c.segment == brake.segment, brakes.c.brake_id != brake.brake_id, brakes.c.off_at.is_(None))
    taken = set(connection.execute(select(brakes.c.question).where(*beside)).scalars())
    free = [question for question in others if question not in taken]
    best = [question for question in free if question not in asked] or free
    return best[grouped(best)[0][0]] if best else None
