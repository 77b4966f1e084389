"""What is kept of decisions for learning: written in the transaction of the decision itself, read by template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, insert, select

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import THIS, Room, upsert
from worker.adapters.store.schema import cases, lesson_findings, lessons, openings, unanswered
from worker.models import Change, Draft, Lesson, Status, Trace, Treatment
from worker.ports.figures import Learnt, Span

PAUSE = timedelta(minutes=30).total_seconds()  # a case left open for longer was not being read all that time


class Lessons(Room):
    """Who reads which held case since when, and what leads made of each template's drafts."""

    def opened(self, case_id: str, user: str) -> None:
        """Only held cases are being reviewed. Somebody who comes back after a pause begins anew."""
        with self.reading() as connection:
            status = connection.execute(select(cases.c.status).where(cases.c.case_id == case_id)).scalar()
        if status != Status.HELD:
            return
        with self.writing() as connection:
            row = upsert(connection.dialect.name, openings).values(
                case_id=case_id, login=user, first_at=clock(), last_at=clock()
            )
            since = case((openings.c.last_at < clock() - PAUSE, clock()), else_=openings.c.first_at)
            again = {"first_at": since, "last_at": clock()}
            connection.execute(row.on_conflict_do_update(index_elements=["case_id", "login"], set_=again))

    def lessons(
        self, span: Span, template_id: str, *, treatment: Treatment | None = None, limit: int = 50, offset: int = 0
    ) -> Sequence[Learnt]:
        where = [
            lessons.c.template_id == template_id,
            lessons.c.at >= span[0].timestamp(),
            lessons.c.at < span[1].timestamp(),
            lessons.c.decision.in_(["approved", "rejected"]),
        ]
        if treatment is not None:
            where.append(lessons.c.treatment == treatment)
        newest = (
            select(lessons, cases.c.ticket_id)
            .join_from(lessons, cases, cases.c.case_id == lessons.c.case_id)
            .where(*where)
            .order_by(lessons.c.at.desc(), lessons.c.draft_id.desc())
            .limit(limit)
            .offset(offset)
        )
        with self.reading() as connection:
            rows = connection.execute(newest).all()
            of_these = lesson_findings.c.draft_id.in_([row.draft_id for row in rows])
            guards = connection.execute(select(lesson_findings).where(of_these).order_by(lesson_findings.c.guard)).all()
            return [_learnt(row, [guard for guard in guards if guard.draft_id == row.draft_id]) for row in rows]


def _learnt(row: Any, guards: Sequence[Any]) -> Learnt:
    stored = {name: row._mapping[name] for name in Learnt.model_fields if name in row._mapping}
    stored |= {"at": moment(row.at), "user": row.login}
    difference = tuple(Change.model_validate(change) for change in stored.pop("difference"))
    found = tuple(guard.guard for guard in guards)
    standing = tuple(guard.guard for guard in guards if guard.standing)
    return Learnt(**stored, difference=difference, found=found, standing=standing)


def learn(
    connection: Connection,
    case_id: str,
    draft_id: str,
    decision: str,
    user: str,
    lesson: Lesson | None,
    reason: str = "",
) -> None:
    """Stores it for the draft, in place of what an earlier decision on that draft taught."""
    if lesson is None:
        return
    template_id = connection.execute(select(cases.c.template_id).where(cases.c.case_id == case_id)).scalar_one()
    values = {
        "case_id": case_id,
        "machine_id": lesson.machine_id or draft_id,
        "round": lesson.round,
        "template_id": template_id,
        "decision": decision,
        "treatment": lesson.treatment,
        "share": lesson.share,
        "difference": [change.model_dump(mode="json") for change in lesson.difference],
        "reason": reason,
        "login": user,
        "at": clock(),
        "seconds": None if decision == "edited" else _seconds(connection, case_id, user),
    }
    row = upsert(connection.dialect.name, lessons).values(draft_id=draft_id, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["draft_id"], set_=values))
    connection.execute(delete(lesson_findings).where(lesson_findings.c.draft_id == draft_id))
    for guard in dict.fromkeys((*lesson.found, *lesson.standing)):
        found = {"draft_id": draft_id, "guard": guard, "standing": guard in lesson.standing}
        connection.execute(insert(lesson_findings).values(**found))


def _seconds(connection: Connection, case_id: str, user: str) -> float | None:
    """How long `user` had the case open; the openings of the case end with it."""
    mine = (openings.c.case_id == case_id, openings.c.login == user, openings.c.last_at >= clock() - PAUSE)
    seconds = connection.execute(select(clock() - openings.c.first_at).where(*mine)).scalar()
    connection.execute(delete(openings).where(openings.c.case_id == case_id))
    return None if seconds is None else max(0.0, float(seconds))


_NO_QUESTIONS = Prepared(delete(unanswered).where(unanswered.c.case_id == THIS))
_NOW, _ASKED = Prepared(select(clock())), Prepared(insert(unanswered))


def keep_unanswered(on: On, case_id: str, draft: Draft | None, trace: Trace, *, first: bool) -> None:
    """The questions that the newest machine draft of the case has no answer to, in place of those of the one before, if
    this is not its `first`."""
    if not first:
        _NO_QUESTIONS.run(on, {"this_row": case_id})
    questions = left_open(draft, trace)
    now = _NOW.scalar(on, {}) if questions else 0.0
    for number, question in enumerate(questions, 1):
        _ASKED.run(on, {"case_id": case_id, "number": number, "question": question, "at": now})


def left_open(draft: Draft | None, trace: Trace) -> list[str]:
    """Questions without an answer, and those that the knowledge base says nothing about although a filled-in template
    passes for an answer; each once, in order."""
    without = [part.question for part in (draft.parts if draft else ()) if not part.answered]
    return [question for question in dict.fromkeys((*without, *trace.gaps)) if question.strip()]
