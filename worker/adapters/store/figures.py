"""The console's numbers, counted by the database. Every query runs through an index over the time that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    Table,
    TextClause,
    and_,
    case,
    column,
    exists,
    func,
    or_,
    select,
    values,
)

from worker.adapters.store.columns import moment
from worker.adapters.store.conditions import LIVE, UNENDED, WAITING
from worker.adapters.store.room import DESKHAND, Room, free, longest_due, to_case, to_send
from worker.adapters.store.schema import case_moves, cases, doorbells, lesson_findings, lessons, sends, unanswered
from worker.adapters.store.sends import doubtful
from worker.models import Case, Change, Send, Status, Treatment
from worker.ports.figures import Fired, Kept, Learnt, Middle, Moved, Span, Unanswered, Waiting

ENDS = (Status.SENT, Status.HELD, Status.HANDED_OVER, Status.IGNORED)
DECIDED = lessons.c.decision.in_(["approved", "rejected"])


class SqlFigures(Room):
    """`ports.figures.Figures` over SQL."""

    def drafting(self) -> Waiting:
        return self._waiting(doorbells, WAITING)

    def sending(self) -> Waiting:
        return self._waiting(sends, LIVE)

    def _waiting(self, table: Table, these: TextClause) -> Waiting:
        due = func.sum(case((free(table), 1), else_=0))
        with self.reading() as connection:
            row = connection.execute(select(func.count().label("rows"), due.label("due")).where(these)).one()
            late = longest_due(connection, table, and_(these, free(table)))
        return Waiting(rows=row.rows, due=row.due or 0, late=late.total_seconds())

    def oldest_unended(self) -> Case | None:
        with self.reading() as connection:
            query = select(cases).where(UNENDED).order_by(cases.c.opened_at, cases.c.case_id).limit(1)
            row = connection.execute(query).one_or_none()
            return None if row is None else to_case(row)

    def doubtful(self, limit: int) -> Sequence[Send]:
        with self.reading() as connection:
            query = select(sends).where(doubtful()).order_by(sends.c.queued_at, sends.c.send_id).limit(limit)
            return [to_send(row) for row in connection.execute(query)]

    def moved(self, spans: Sequence[Span]) -> Sequence[Moved]:
        asked = _spans(spans)
        # A draft that was approved and came back was held already.
        fresh = or_(case_moves.c.to_status != Status.HELD, case_moves.c.from_status == Status.OPEN)
        query = (
            select(asked.c.span, case_moves.c.to_status, func.count(case_moves.c.case_id.distinct()).label("n"))
            .join_from(asked, case_moves, _within(case_moves.c.at, asked))
            .where(case_moves.c.to_status.in_(ENDS), fresh)
            .group_by(asked.c.span, case_moves.c.to_status)
        )
        found: list[dict[str, int]] = [{} for _ in spans]
        with self.reading() as connection:
            for row in connection.execute(query) if spans else ():
                found[row.span][row.to_status] = row.n
        return [Moved(**counts) for counts in found]

    def first_replies(self, spans: Sequence[Span], *, reviewed: bool | None = None) -> Sequence[Middle]:
        earlier = sends.alias("earlier")
        before = or_(
            earlier.c.posted_at < sends.c.posted_at,
            and_(earlier.c.posted_at == sends.c.posted_at, earlier.c.send_id < sends.c.send_id),
        )
        another = exists().where(earlier.c.ticket_id == sends.c.ticket_id, earlier.c.kind == "reply", before)
        waited = sends.c.posted_at - func.coalesce(cases.c.asked_at, cases.c.opened_at)
        asked = _spans(spans)
        firsts = (
            select(asked.c.span, case((waited > 0, waited), else_=0.0).label("seconds"))
            .join_from(asked, sends, _within(sends.c.posted_at, asked))
            .join(cases, cases.c.case_id == sends.c.case_id)
            .where(sends.c.kind == "reply", ~another)
        )
        if reviewed is not None:
            firsts = firsts.where(_approved(sends.c.case_id) if reviewed else ~_approved(sends.c.case_id))
        return self._middles(spans, firsts.subquery())

    def reviews(self, spans: Sequence[Span]) -> Sequence[Middle]:
        asked = _spans(spans)
        timed = (
            select(asked.c.span, lessons.c.seconds)
            .join_from(asked, lessons, _within(lessons.c.at, asked))
            .where(DECIDED, lessons.c.seconds.is_not(None))
        )
        return self._middles(spans, timed.subquery())

    def kept(self, span: Span) -> Sequence[Kept]:
        counts = {
            treatment.value: func.sum(case((lessons.c.treatment == treatment, 1), else_=0)) for treatment in Treatment
        }
        counts["redrafted"] = func.sum(case((lessons.c.round > 1, 1), else_=0))
        decided = (
            select(lessons.c.template_id, *(count.label(name) for name, count in counts.items()))
            .where(DECIDED, _between(lessons.c.at, span))
            .group_by(lessons.c.template_id)
        )
        alone = (case_moves.c.to_status == Status.SENT, ~_approved(cases.c.case_id))
        taken = (case_moves.c.to_status == Status.HANDED_OVER, case_moves.c.from_status == Status.HELD)
        others = [
            _by_template("unreviewed", span, *alone),
            _by_template("taken_over", span, *taken, case_moves.c.moved_by != DESKHAND),
        ]
        found: dict[str, dict[str, Any]] = {}
        with self.reading() as connection:
            for query in (decided, *others):
                for row in connection.execute(query):
                    found.setdefault(row.template_id, {}).update(row._mapping)
        return [Kept(**found[name]) for name in sorted(found)]

    def fired(self, span: Span) -> Sequence[Fired]:
        rejected = lessons.c.decision == "rejected"
        ways = {
            "rejected": case((rejected, 1), else_=0),
            "overruled": case((and_(~rejected, lesson_findings.c.standing), 1), else_=0),
            "mended": case((and_(~rejected, ~lesson_findings.c.standing), 1), else_=0),
        }
        query = (
            select(lesson_findings.c.guard, *(func.sum(way).label(name) for name, way in ways.items()))
            .join_from(lessons, lesson_findings, lesson_findings.c.draft_id == lessons.c.draft_id)
            .where(DECIDED, _between(lessons.c.at, span))
            .group_by(lesson_findings.c.guard)
        )
        with self.reading() as connection:
            found = [Fired(**row._mapping) for row in connection.execute(query)]
        return sorted(found, key=lambda fired: fired.guard)

    def unanswered(self, span: Span, limit: int) -> Sequence[Unanswered]:
        query = (
            select(unanswered.c.question, cases.c.ticket_id, unanswered.c.case_id, unanswered.c.at)
            .join_from(unanswered, cases, cases.c.case_id == unanswered.c.case_id)
            .where(_between(unanswered.c.at, span))
            .order_by(unanswered.c.at.desc(), unanswered.c.case_id.desc(), unanswered.c.number)
            .limit(limit)
        )
        with self.reading() as connection:
            return [Unanswered(**{**row._mapping, "at": moment(row.at)}) for row in connection.execute(query)]

    def learnt(self, span: Span, limit: int) -> Sequence[Learnt]:
        newest = (
            select(lessons, cases.c.ticket_id)
            .join_from(lessons, cases, cases.c.case_id == lessons.c.case_id)
            .where(_between(lessons.c.at, span))
            .order_by(lessons.c.at.desc(), lessons.c.draft_id.desc())
            .limit(limit)
        )
        with self.reading() as connection:
            rows = connection.execute(newest).all()
            ids = [row.draft_id for row in rows]
            guards = connection.execute(select(lesson_findings).where(lesson_findings.c.draft_id.in_(ids))).all()
        return [_learnt(row, [g for g in guards if g.draft_id == row.draft_id]) for row in rows]

    def _middles(self, spans: Sequence[Span], timed: FromClause) -> Sequence[Middle]:
        """The median of `timed` (span, seconds) in each span: the mean of the one or two in the middle."""
        ranked = select(
            timed.c.span,
            timed.c.seconds,
            func.row_number().over(partition_by=timed.c.span, order_by=timed.c.seconds).label("place"),
            func.count().over(partition_by=timed.c.span).label("n"),
        ).subquery()
        middle = (ranked.c.place * 2).between(ranked.c.n, ranked.c.n + 2)
        query = select(ranked.c.span, ranked.c.n, func.avg(ranked.c.seconds).label("seconds"))
        found = [Middle() for _ in spans]
        with self.reading() as connection:
            for row in connection.execute(query.where(middle).group_by(ranked.c.span, ranked.c.n)) if spans else ():
                found[row.span] = Middle(n=row.n, seconds=row.seconds)
        return found


def _spans(spans: Sequence[Span]) -> CTE:
    """The spans as a table to join with: (span, start, until)."""
    wanted = [(number, start.timestamp(), end.timestamp()) for number, (start, end) in enumerate(spans)]
    columns = (column("span", Integer), column("start", Double), column("until", Double))
    return values(*columns, name="spans").data(wanted or [(0, 0.0, 0.0)]).cte("spans")


def _within(at: ColumnElement[float], asked: CTE) -> ColumnElement[bool]:
    return and_(at >= asked.c.start, at < asked.c.until)


def _between(at: ColumnElement[float], span: Span) -> ColumnElement[bool]:
    return and_(at >= span[0].timestamp(), at < span[1].timestamp())


def _by_template(name: str, span: Span, *which: ColumnElement[bool]) -> Select[tuple[str, int]]:
    """Cases with such a move in that time."""
    return (
        select(cases.c.template_id, func.count(case_moves.c.case_id.distinct()).label(name))
        .join_from(case_moves, cases, cases.c.case_id == case_moves.c.case_id)
        .where(_between(case_moves.c.at, span), *which)
        .group_by(cases.c.template_id)
    )


def _approved(case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """A lead approved the case's reply."""
    approval = case_moves.alias("approval")
    return exists().where(
        approval.c.case_id == case_id,
        approval.c.from_status == Status.HELD,
        approval.c.to_status == Status.APPROVED,
        approval.c.moved_by != DESKHAND,
    )


def _learnt(row: Any, guards: Sequence[Any]) -> Learnt:
    same = {name: row._mapping[name] for name in Learnt.model_fields if name in row._mapping}
    return Learnt(
        **same
        | {
            "at": moment(row.at),
            "user": row.login,
            "difference": tuple(Change.model_validate(change) for change in row.difference),
            "found": tuple(sorted(g.guard for g in guards)),
            "standing": tuple(sorted(g.guard for g in guards if g.standing)),
        }
    )
