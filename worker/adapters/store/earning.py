"""What the gate keeps, over SQL: assessed drafts and what became of them, standings, budgets, models, the switch."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from worker.adapters.store.columns import clock, moment
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import Room, from_now, note_audit, upsert
from worker.adapters.store.schema import cases, lessons
from worker.adapters.store.schema_earning import (
    assessments,
    gate_budgets,
    gate_moves,
    gate_notes,
    gate_standings,
    risk_models,
)
from worker.models import (
    Assessed,
    GateMove,
    Outcome,
    ReplyKind,
    RiskModel,
    Rung,
    Standing,
    Status,
    Stop,
    Treatment,
)

MODELS_KEPT = 60
WRONG = (Treatment.REWRITTEN, Treatment.REJECTED)
_MOMENTS = ("moved_at", "evidence_from", "opened_at")
_DECIDED = and_(lessons.c.case_id == assessments.c.case_id, lessons.c.decision.in_(["approved", "rejected"]))


class SqlEarning(Room):
    """`ports.earning.Earning`."""

    def outcomes(self, limit: int) -> Sequence[Outcome]:
        newest = _joined().order_by(assessments.c.at.desc(), assessments.c.draft_id.desc()).limit(limit)
        with self.reading() as connection:
            return [_outcome(row) for row in connection.execute(newest)]

    def last_heard(self) -> datetime | None:
        decided = select(func.max(lessons.c.at))
        with self.reading() as connection:
            said = connection.execute(select(func.max(assessments.c.judged_at), func.max(assessments.c.harm_at))).one()
            times = [at for at in (*said, connection.execute(decided).scalar()) if at is not None]
            return moment(max(times)) if times else None

    def standings(self) -> Sequence[Standing]:
        by_kind = select(gate_standings).order_by(gate_standings.c.template_id, gate_standings.c.segment)
        with self.reading() as connection:
            return [_standing(row) for row in connection.execute(by_kind)]

    def standing(self, kind: ReplyKind) -> Standing:
        with self.looking() as line:
            row = _STANDING.one(line, {"this_template": kind.template_id, "this_segment": kind.segment})
            return Standing(kind=kind) if row is None else _standing(row)

    def step(self, move: GateMove) -> bool:
        kind, before, values = move.after.kind, move.before, _columns(move.after)
        with self.writing() as connection:
            first = upsert(connection.dialect.name, gate_standings).values(
                template_id=kind.template_id, segment=kind.segment, **values
            )
            if before.moved_at is None:
                stored = connection.execute(first.on_conflict_do_nothing().returning(gate_standings.c.rung)).first()
                if stored is None:
                    return False
            else:
                same = gate_standings.c.moved_at == before.moved_at.timestamp()
                change = update(gate_standings).where(*_of(gate_standings, kind), same).values(values)
                if connection.execute(change).rowcount == 0:
                    return False
            row = {"at": move.at.timestamp(), "move": move.model_dump(mode="json"), **kind.model_dump()}
            connection.execute(insert(gate_moves).values(row))
            return True

    def moves(self, limit: int, offset: int = 0) -> Sequence[GateMove]:
        newest = select(gate_moves.c.move).order_by(gate_moves.c.move_id.desc()).limit(limit).offset(offset)
        with self.reading() as connection:
            return [GateMove.model_validate(move) for move in connection.execute(newest).scalars()]

    def budgets(self) -> Mapping[ReplyKind, float]:
        with self.reading() as connection:
            rows = connection.execute(select(gate_budgets)).all()
            return {ReplyKind(template_id=row.template_id, segment=row.segment): row.budget for row in rows}

    def set_budget(self, kind: ReplyKind, budget: float | None, user: str) -> None:
        with self.writing() as connection:
            if budget is None:
                connection.execute(delete(gate_budgets).where(*_of(gate_budgets, kind)))
            else:  # in one statement: of two leads at once, the second does not see what the first put there
                new = upsert(connection.dialect.name, gate_budgets).values(budget=budget, **kind.model_dump())
                keys = ["template_id", "segment"]
                connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"budget": budget}))
            name = f"{kind.template_id or 'all templates'}, {kind.segment or 'all segments'}"
            note_audit(connection, user, "set budget", name, "as around it" if budget is None else f"{budget:g} of 100")

    def model(self) -> RiskModel | None:
        with self.looking() as line:
            row = _NEWEST_MODEL.one(line, {})
            if row is None:
                return None
            return RiskModel.model_validate(row.model | {"version": row.version, "fitted_at": moment(row.fitted_at)})

    def keep_model(self, model: RiskModel) -> int:
        with self.writing() as connection:
            last = connection.execute(select(func.max(risk_models.c.version))).scalar() or 0
            stored = model.model_dump(mode="json", exclude={"version", "fitted_at"})
            connection.execute(insert(risk_models).values(version=last + 1, fitted_at=clock(), model=stored))
            connection.execute(delete(risk_models).where(risk_models.c.version <= last + 1 - MODELS_KEPT))
            return int(last) + 1

    def stopped(self) -> Stop | None:
        with self.looking() as line:
            row = _STOPPED.one(line, {})
            return None if row is None else Stop(by=row.login, reason=row.value, at=moment(row.at))

    def stop(self, reason: str, user: str) -> None:
        with self.writing() as connection:
            if _note(connection, "stop", reason, user):
                note_audit(connection, user, "stop automatic sending", "gate", reason)

    def go_on(self, user: str) -> None:
        with self.writing() as connection:
            if connection.execute(delete(gate_notes).where(gate_notes.c.name == "stop")).rowcount:
                note_audit(connection, user, "allow automatic sending", "gate")

    def key(self) -> str:
        stored = select(gate_notes.c.value).where(gate_notes.c.name == "key")
        with self.reading() as connection:
            known = connection.execute(stored).scalar()
        if known is None:
            with self.writing() as connection:
                _note(connection, "key", secrets.token_hex(32), "")
                known = connection.execute(stored).scalar_one()
        return str(known)

    def claim_night(self, night: date, lease: timedelta) -> bool:
        free = (gate_notes.c.name == "night", gate_notes.c.value < night.isoformat(), gate_notes.c.at <= clock())
        with self.reading() as connection:  # asked every minute: no write for nothing
            known = connection.execute(select(gate_notes.c.value).where(gate_notes.c.name == "night")).scalar()
        if known is not None and known >= night.isoformat():
            return False
        with self.writing() as connection:
            _note(connection, "night", "", "", at=0.0)
            return connection.execute(update(gate_notes).where(*free).values(at=from_now(lease))).rowcount == 1

    def end_night(self, night: date) -> None:
        earlier = (gate_notes.c.name == "night", gate_notes.c.value < night.isoformat())
        with self.writing() as connection:
            connection.execute(update(gate_notes).where(*earlier).values(value=night.isoformat(), at=0.0))

    def to_judge(self, limit: int) -> Sequence[Outcome]:
        oldest = _joined().where(_unjudged()).order_by(assessments.c.at, assessments.c.draft_id).limit(limit)
        with self.reading() as connection:
            return [_outcome(row) for row in connection.execute(oldest)]

    def judge(self, draft_id: str, treatment: Treatment, user: str) -> bool:
        there = select(assessments.c.draft_id).join(cases, cases.c.case_id == assessments.c.case_id).where(_unjudged())
        this = (assessments.c.draft_id == draft_id, assessments.c.draft_id.in_(there))
        with self.writing() as connection:
            said = {"judged": treatment, "judged_by": user, "judged_at": clock()}
            if connection.execute(update(assessments).where(*this).values(said)).rowcount == 0:
                return False
            note_audit(connection, user, "blind review", draft_id, treatment.value)
            return True

    def report_harm(self, case_id: str, reason: str, user: str) -> bool:
        sent = select(cases.c.case_id).where(cases.c.case_id == case_id, cases.c.status == Status.SENT)
        newest = select(func.max(assessments.c.draft_id)).where(assessments.c.case_id.in_(sent))
        this = (assessments.c.draft_id == newest.scalar_subquery(), assessments.c.harm_at.is_(None))
        with self.writing() as connection:
            said = {"harm": reason, "harm_by": user, "harm_at": clock()}
            if connection.execute(update(assessments).where(*this).values(said)).rowcount == 0:
                return False
            note_audit(connection, user, "report harm", case_id, reason)
            return True

    def harm(self, case_id: str) -> Mapping[str, Any] | None:
        this = (assessments.c.case_id == case_id, assessments.c.harm_at.is_not(None))
        with self.reading() as connection:
            row = connection.execute(select(assessments).where(*this).limit(1)).one_or_none()
            return None if row is None else {"at": moment(row.harm_at), "user": row.harm_by, "reason": row.harm}


# What every draft asks or leaves; see room.THIS.
_NEWEST_MODEL = Prepared(select(risk_models).order_by(risk_models.c.version.desc()).limit(1))
_STANDING = Prepared(
    select(gate_standings).where(
        gate_standings.c.template_id == bindparam("this_template"),
        gate_standings.c.segment == bindparam("this_segment"),
    )
)
_STOPPED = Prepared(select(gate_notes).where(gate_notes.c.name == "stop"))
_ASSESSED = Prepared(insert(assessments).values(at=clock()))


def keep_assessed(on: On, case_id: str, draft_id: str, assessed: Assessed) -> None:
    """In the transaction that stores the draft."""
    stored = assessed.model_dump(exclude={"kind"}) | assessed.kind.model_dump()
    _ASSESSED.run(on, {"draft_id": draft_id, "case_id": case_id, **stored})


def _joined() -> Select[Any]:
    decided = (lessons.c.treatment, lessons.c.machine_id, lessons.c.at.label("decided_at"))
    return (
        select(assessments, cases.c.status, *decided)
        .join_from(assessments, cases, cases.c.case_id == assessments.c.case_id)
        .outerjoin(lessons, _DECIDED)
    )


def _unjudged() -> ColumnElement[bool]:
    """There to be judged blind: at the customer, or decided on."""
    ended = or_(
        and_(assessments.c.alone, cases.c.status == Status.SENT),
        and_(~assessments.c.alone, cases.c.status.in_([Status.SENT, Status.REJECTED])),
    )
    return and_(assessments.c.sampled, assessments.c.judged_at.is_(None), assessments.c.harm_at.is_(None), ended)


def _outcome(row: Row[Any]) -> Outcome:
    wrong, heard_at = _said(row)
    coming = row.status in (Status.OPEN, Status.HELD)
    back = row.alone and row.sampled and row.status in (Status.APPROVED, Status.SENT)
    stored = {name: row._mapping[name] for name in Outcome.model_fields if name in row._mapping}
    return Outcome(
        **stored | {"at": moment(row.at)},
        kind=ReplyKind(template_id=row.template_id, segment=row.segment),
        waiting=wrong is None and (coming or back),
        unasked=row.harm_at is not None and row.treatment is None and not row.sampled,
        wrong=wrong,
        heard_at=None if heard_at is None else moment(heard_at),
    )


def _said(row: Row[Any]) -> tuple[bool | None, float | None]:
    if row.harm_at is not None:
        return True, row.harm_at
    if row.treatment is not None:  # a draft in whose place a lead wanted another one was not good enough either
        return row.machine_id != row.draft_id or row.treatment in WRONG, row.decided_at
    if row.judged_at is not None:
        return row.judged in WRONG, row.judged_at
    return None, None


def _standing(row: Row[Any]) -> Standing:
    moments = {name: None if (at := getattr(row, name)) is None else moment(at) for name in _MOMENTS}
    kind = ReplyKind(template_id=row.template_id, segment=row.segment)
    return Standing(kind=kind, rung=Rung(row.rung), level=row.level, budget=row.budget, **moments)


def _columns(standing: Standing) -> dict[str, Any]:
    moments = {name: None if (at := getattr(standing, name)) is None else at.timestamp() for name in _MOMENTS}
    return {"rung": standing.rung, "level": standing.level, "budget": standing.budget, **moments}


def _of(table: Any, kind: ReplyKind) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.template_id == kind.template_id, table.c.segment == kind.segment


def _note(connection: Connection, name: str, value: str, user: str, at: float | None = None) -> bool:
    """Stores it, unless there is one of that name."""
    row = {"name": name, "value": value, "login": user, "at": clock() if at is None else at}
    new = upsert(connection.dialect.name, gate_notes).values(row).on_conflict_do_nothing().returning(gate_notes.c.name)
    return connection.execute(new).first() is not None
