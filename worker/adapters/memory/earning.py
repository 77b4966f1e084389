"""What the gate keeps, in memory."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from worker.adapters.memory.state import AssessedRow, State, cleaned
from worker.adapters.store.columns import clean
from worker.adapters.store.earning import WRONG
from worker.models import GateMove, Outcome, ReplyKind, RiskModel, Standing, Status, Stop, Treatment
from worker.ports.figures import Learnt

_ENDED = {True: (Status.SENT,), False: (Status.SENT, Status.REJECTED)}  # by whether it left alone


class MemoryEarning:
    """`ports.earning.Earning`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._standings: dict[ReplyKind, Standing] = {}
        self._moves: list[GateMove] = []
        self._budgets: dict[ReplyKind, float] = {}
        self._model: RiskModel | None = None
        self._stop: Stop | None = None
        self._key = secrets.token_hex(32)
        self._night: tuple[date, datetime] | None = None  # the one that somebody works on, and until when
        self._done = date.min  # the last that was ended

    def outcomes(self, limit: int) -> Sequence[Outcome]:
        with self._state.lock:
            found = [self._outcome(row) for row in self._state.assessed.values()]
        return sorted(found, key=lambda one: (one.at, one.draft_id), reverse=True)[:limit]

    def last_heard(self) -> datetime | None:
        with self._state.lock:
            times = [one.at for one in self._state.lessons.values()]
            for row in self._state.assessed.values():
                times += [row.judged[1]] if row.judged else []
                times += [row.harm_at] if row.harm_at else []
        return max(times, default=None)

    def standings(self) -> Sequence[Standing]:
        return [self._standings[kind] for kind in sorted(self._standings, key=lambda k: (k.template_id, k.segment))]

    def standing(self, kind: ReplyKind) -> Standing:
        return self._standings.get(kind) or Standing(kind=kind)

    def step(self, move: GateMove) -> bool:
        with self._state.lock:
            if self.standing(move.after.kind).moved_at != move.before.moved_at:
                return False
            self._standings[move.after.kind] = cleaned(move.after)
            self._moves.append(cleaned(move))
            return True

    def moves(self, limit: int, offset: int = 0) -> Sequence[GateMove]:
        return self._moves[::-1][offset : offset + limit]

    def budgets(self) -> Mapping[ReplyKind, float]:
        return dict(self._budgets)

    def set_budget(self, kind: ReplyKind, budget: float | None, user: str) -> None:
        with self._state.lock:
            self._budgets.pop(kind, None)
            if budget is not None:
                self._budgets[kind] = budget
            name = f"{kind.template_id or 'all templates'}, {kind.segment or 'all segments'}"
            said = "as around it" if budget is None else f"{budget:g} of 100"
            self._state.note_audit(user, "set budget", name, said)

    def model(self) -> RiskModel | None:
        return self._model

    def keep_model(self, model: RiskModel) -> int:
        with self._state.lock:
            version = self._model.version + 1 if self._model else 1
            self._model = cleaned(model).model_copy(update={"version": version, "fitted_at": self._state.now()})
            return version

    def stopped(self) -> Stop | None:
        return self._stop

    def stop(self, reason: str, user: str) -> None:
        with self._state.lock:
            if self._stop is None:
                self._stop = Stop(by=clean(user), reason=clean(reason), at=self._state.now())
                self._state.note_audit(user, "stop automatic sending", "gate", reason)

    def go_on(self, user: str) -> None:
        with self._state.lock:
            if self._stop is not None:
                self._stop = None
                self._state.note_audit(user, "allow automatic sending", "gate")

    def key(self) -> str:
        return self._key

    def claim_night(self, night: date, lease: timedelta) -> bool:
        with self._state.lock:
            taken = self._night is not None and self._night[1] > self._state.now()
            if self._done >= night or taken:
                return False
            self._night = (night, self._state.now() + lease)
            return True

    def end_night(self, night: date) -> None:
        with self._state.lock:
            if night > self._done:
                self._done, self._night = night, None

    def to_judge(self, limit: int) -> Sequence[Outcome]:
        with self._state.lock:
            found = [self._outcome(row) for row in self._state.assessed.values() if self._unjudged(row)]
        return sorted(found, key=lambda one: (one.at, one.draft_id))[:limit]

    def judge(self, draft_id: str, treatment: Treatment, user: str) -> bool:
        with self._state.lock:
            row = self._state.assessed.get(draft_id)
            if row is None or not self._unjudged(row):
                return False
            row.judged = (treatment, self._state.now())
            self._state.note_audit(user, "blind review", draft_id, treatment.value)
            return True

    def report_harm(self, case_id: str, reason: str, user: str) -> bool:
        with self._state.lock:
            rows = [row for row in self._state.assessed.values() if row.case_id == case_id]
            if not rows or self._status(rows[-1]) is not Status.SENT or rows[-1].harm_at:
                return False
            rows[-1].harm_at, rows[-1].harm = self._state.now(), (user, clean(reason))
            self._state.note_audit(user, "report harm", case_id, reason)
            return True

    def harm(self, case_id: str) -> Mapping[str, Any] | None:
        with self._state.lock:
            rows = [row for row in self._state.assessed.values() if row.case_id == case_id and row.harm_at]
            return {"at": rows[0].harm_at, "user": rows[0].harm[0], "reason": rows[0].harm[1]} if rows else None

    def _status(self, row: AssessedRow) -> Status:
        return self._state.cases[row.case_id].case.status

    def _unjudged(self, row: AssessedRow) -> bool:
        ended = self._status(row) in _ENDED[row.assessed.alone]
        return row.assessed.sampled and row.judged is None and row.harm_at is None and ended

    def _outcome(self, row: AssessedRow) -> Outcome:
        wrong, heard_at = self._said(row)
        assessed, status = row.assessed, self._status(row)
        back = assessed.alone and assessed.sampled and status in (Status.APPROVED, Status.SENT)
        return Outcome(
            **{name: getattr(assessed, name) for name in type(assessed).model_fields},
            draft_id=row.draft_id,
            case_id=row.case_id,
            at=row.at,
            waiting=wrong is None and (back or status in (Status.OPEN, Status.HELD)),
            unasked=row.harm_at is not None and self._decision(row) is None and not assessed.sampled,
            wrong=wrong,
            heard_at=heard_at,
        )

    def _said(self, row: AssessedRow) -> tuple[bool | None, datetime | None]:
        if row.harm_at is not None:
            return True, row.harm_at
        if (decided := self._decision(row)) is not None:
            return decided.machine_id != row.draft_id or decided.treatment in WRONG, decided.at
        return (row.judged[0] in WRONG, row.judged[1]) if row.judged else (None, None)

    def _decision(self, row: AssessedRow) -> Learnt | None:
        return next((one for one in self._state.lessons.values() if _decides(one, row.case_id)), None)


def _decides(one: Learnt, case_id: str) -> bool:
    return one.case_id == case_id and one.decision in ("approved", "rejected")
