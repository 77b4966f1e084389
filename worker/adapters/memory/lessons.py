"""What is kept of decisions for learning, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.adapters.memory.state import CaseRow, State, cleaned
from worker.adapters.store.columns import clean
from worker.adapters.store.lessons import PAUSE
from worker.models import Lesson, Status, Treatment
from worker.ports.figures import Learnt, Span


class MemoryLessons:
    """The half of `ports.people.Reviews` that leads do not see while they decide."""

    def __init__(self, state: State) -> None:
        self._state = state

    def opened(self, case_id: str, user: str) -> None:
        with self._state.lock:
            row, now = self._state.cases.get(case_id), self._state.now()
            if row is not None and row.case.status is Status.HELD:
                first = self._reading_since(case_id, user) or now
                self._state.openings[case_id, user] = (first, now)

    def lessons(
        self, span: Span, template_id: str, *, treatment: Treatment | None = None, limit: int = 50, offset: int = 0
    ) -> Sequence[Learnt]:
        with self._state.lock:
            found = [
                one
                for one in self._state.lessons.values()
                if one.template_id == template_id
                and span[0] <= one.at < span[1]
                and one.decision in ("approved", "rejected")
                and treatment in (None, one.treatment)
            ]
        newest = sorted(found, key=lambda one: (one.at, one.draft_id), reverse=True)
        return newest[offset : offset + limit]

    def _reading_since(self, case_id: str, user: str) -> datetime | None:
        first, last = self._state.openings.get((case_id, user), (None, None))
        late = last is None or last < self._state.now() - timedelta(seconds=PAUSE)
        return None if late else first

    def _learn(
        self, row: CaseRow, draft_id: str, decision: str, user: str, lesson: Lesson | None, reason: str = ""
    ) -> None:
        if lesson is None:
            return
        case, now, kept = row.case, self._state.now(), cleaned(lesson)
        since = None
        if decision != "edited":
            since = self._reading_since(case.case_id, user)
            self._state.openings = {k: v for k, v in self._state.openings.items() if k[0] != case.case_id}
        self._state.lessons[draft_id] = Learnt(
            at=now,
            ticket_id=case.ticket_id,
            case_id=case.case_id,
            draft_id=draft_id,
            machine_id=kept.machine_id or draft_id,
            template_id=case.template_id,
            decision=decision,
            treatment=kept.treatment,
            share=kept.share,
            round=kept.round,
            reason=clean(reason),
            user=clean(user),
            seconds=None if since is None else (now - since).total_seconds(),
            difference=kept.difference,
            found=tuple(sorted({*kept.found, *kept.standing})),
            standing=tuple(sorted(set(kept.standing))),
        )
