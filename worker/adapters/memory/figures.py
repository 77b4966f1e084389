"""The console's numbers, counted in memory: the plain words for what the SQL does, and what it is tested against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from worker.adapters.memory.sends import doubtful
from worker.adapters.memory.state import DESKHAND, LIVE, CaseRow, SendRow, State
from worker.models import Case, Send, SendKind, Status
from worker.ports.figures import Fired, Kept, Learnt, Middle, Moved, Span, Unanswered, Waiting


class MemoryFigures:
    """`ports.figures.Figures`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def drafting(self) -> Waiting:
        with self._state.lock:
            return self._waiting([(r.due_at, r.lease_until) for r in self._state.bells.values() if r.waiting])

    def sending(self) -> Waiting:
        with self._state.lock:
            live = [r for r in self._state.sends.values() if r.send.state in LIVE]
            return self._waiting([(r.due_at, r.lease_until) for r in live])

    def _waiting(self, rows: list[tuple[datetime, datetime | None]]) -> Waiting:
        due = [(at, lease) for at, lease in rows if at <= self._state.now() and self._state.free(lease)]
        return Waiting(rows=len(rows), due=len(due), late=self._state.longest_due(due).total_seconds())

    def oldest_unended(self) -> Case | None:
        with self._state.lock:
            cases = [row.case for row in self._state.cases.values()]
        left = [case for case in cases if case.status in (Status.OPEN, Status.APPROVED)]
        return min(left, key=lambda case: (case.opened_at, case.case_id), default=None)

    def doubtful(self, limit: int) -> Sequence[Send]:
        with self._state.lock:
            rows = [r for r in self._state.sends.values() if doubtful(r, self._state)]
        return [row.send for row in rows[:limit]]

    def moved(self, spans: Sequence[Span]) -> Sequence[Moved]:
        with self._state.lock:
            return [
                Moved(
                    sent=self._ended(span, Status.SENT),
                    held=self._ended(span, Status.HELD),
                    handed_over=self._ended(span, Status.HANDED_OVER),
                    ignored=self._ended(span, Status.IGNORED),
                )
                for span in spans
            ]

    def _ended(self, span: Span, status: Status) -> int:
        return sum(
            any(
                m["to_status"] is status and (status is not Status.HELD or m["from_status"] is Status.OPEN)
                for m in row.moves
                if _in(span, m["at"])
            )
            for row in self._state.cases.values()
        )

    def first_replies(self, spans: Sequence[Span], *, reviewed: bool | None = None) -> Sequence[Middle]:
        with self._state.lock:
            firsts: dict[int, SendRow] = {}
            posted = [r for r in self._state.sends.values() if r.posted_at and r.send.kind is SendKind.REPLY]
            for row in sorted(posted, key=lambda r: (r.posted_at, r.send.send_id)):
                firsts.setdefault(row.send.ticket_id, row)
            waits = [
                (row.posted_at, max(0.0, (row.posted_at - (case.asked_at or case.case.opened_at)).total_seconds()))
                for row in firsts.values()
                if row.posted_at
                for case in [self._state.cases[row.send.case_id]]
                if reviewed in (None, _approved(case))
            ]
        return [_middle(seconds for at, seconds in waits if _in(span, at)) for span in spans]

    def reviews(self, spans: Sequence[Span]) -> Sequence[Middle]:
        return [_middle(one.seconds for one in self._decided(span) if one.seconds is not None) for span in spans]

    def kept(self, span: Span) -> Sequence[Kept]:
        decided = self._decided(span)
        counts = Counter((one.template_id, one.treatment.value) for one in decided)
        counts.update((one.template_id, "redrafted") for one in decided if one.round > 1)
        with self._state.lock:
            for row in self._state.cases.values():
                sent = any(m["to_status"] is Status.SENT and _in(span, m["at"]) for m in row.moves)
                counts[row.case.template_id, "unreviewed"] += sent and not _approved(row)
                counts[row.case.template_id, "taken_over"] += any(_taken(m) and _in(span, m["at"]) for m in row.moves)
        found: dict[str, dict[str, int]] = {}
        for (template_id, name), n in counts.items():
            if n:
                found.setdefault(template_id, {})[name] = n
        return [Kept(template_id=name, **found[name]) for name in sorted(found)]

    def fired(self, span: Span) -> Sequence[Fired]:
        counts: dict[str, Counter[str]] = {}
        for one in self._decided(span):
            for guard in one.found:
                way = "overruled" if guard in one.standing else "mended"
                counts.setdefault(guard, Counter())["rejected" if one.decision == "rejected" else way] += 1
        return [Fired(guard=guard, **counts[guard]) for guard in sorted(counts)]

    def unanswered(self, span: Span, limit: int) -> Sequence[Unanswered]:
        with self._state.lock:
            rows = reversed(list(self._state.cases.values()))
            found = [one for row in rows for one in row.unanswered if _in(span, one.at)]
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    def learnt(self, span: Span, limit: int) -> Sequence[Learnt]:
        with self._state.lock:
            found = [one for one in self._state.lessons.values() if _in(span, one.at)]
        return sorted(found, key=lambda one: (one.at, one.draft_id), reverse=True)[:limit]

    def _decided(self, span: Span) -> list[Learnt]:
        with self._state.lock:
            lessons = list(self._state.lessons.values())
        return [one for one in lessons if one.decision in ("approved", "rejected") and _in(span, one.at)]


def _approved(row: CaseRow) -> bool:
    ways = [(m["from_status"], m["to_status"]) for m in row.moves if m["by"] != DESKHAND]
    return (Status.HELD, Status.APPROVED) in ways


def _taken(move: Mapping[str, Any]) -> bool:
    way = (move["from_status"], move["to_status"])
    return way == (Status.HELD, Status.HANDED_OVER) and move["by"] != DESKHAND


def _in(span: Span, at: datetime | None) -> bool:
    return at is not None and span[0] <= at < span[1]


def _middle(seconds: Iterable[float]) -> Middle:
    values = list(seconds)
    return Middle(n=len(values), seconds=median(values)) if values else Middle()
