"""The console's queue in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from worker.adapters.memory.state import CaseRow, State
from worker.adapters.store.columns import folded, thread_words
from worker.models import Status, answer_within
from worker.ports import NONE, Beside, HeldRow, Sieve

_MOST_WORDS = 8


class MemoryQueue:
    """The reading half of `ports.ledger.Reviews`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def held(self, *, limit: int = 50, offset: int = 0, sieve: Sieve = Sieve()) -> Sequence[HeldRow]:
        with self._state.lock:
            now = self._state.now()
            rows = sorted(self._held(sieve), key=lambda row: _place(row, sieve))
            return [
                HeldRow(
                    case=row.case,
                    template_id=row.case.template_id,
                    findings=_guards(row),
                    found=len(row.drafts[-1][1].findings) if row.drafts else 0,
                    age_seconds=(now - row.case.opened_at).total_seconds(),
                    late=_urgency(row)[0] < now.timestamp(),
                )
                for row in rows[offset : offset + limit]
            ]

    def held_count(self, sieve: Sieve = Sieve(), *, since: float = 0.0) -> int:
        with self._state.lock:
            return sum(row.case.moved_at.timestamp() > since for row in self._held(sieve))

    def held_tickets(self) -> Mapping[str, int]:
        with self._state.lock:
            every = [row.case for row in self._held(Sieve())]
            newest = sorted(every, key=lambda case: (case.moved_at, case.case_id), reverse=True)
            return {case.case_id: case.ticket_id for case in newest}

    def newest(self) -> float:
        with self._state.lock:
            return max((row.case.moved_at.timestamp() for row in self._held(Sieve())), default=0.0)

    def facets(self, sieve: Sieve = Sieve()) -> Mapping[str, Mapping[str, int]]:
        with self._state.lock:
            rows = {name: self._held(sieve.model_copy(update={name: ""})) for name in Sieve.model_fields}
            return {
                "strength": Counter(row.case.strength.value for row in rows["strength"]),
                "template": Counter(row.case.template_id or NONE for row in rows["template"]),
                "segment": Counter(name for row in rows["segment"] for name in row.case.segments or (NONE,)),
                "finding": Counter(name for row in rows["finding"] for name in _guards(row) or (NONE,)),
            }

    def beside(self, case_id: str, sieve: Sieve = Sieve()) -> Beside:
        with self._state.lock:
            here = self._state.cases.get(case_id)
            held = sorted(_place(row, sieve) for row in self._held(sieve))
        if here is None:
            return Beside(total=len(held))
        before = [key for key in held if key < _place(here, sieve)]
        after = [key for key in held if key > _place(here, sieve)]
        return Beside(
            before=before[-1][-1] if before else "",
            after=after[0][-1] if after else "",
            number=len(before) + 1,
            total=len(held),
        )

    def _held(self, sieve: Sieve) -> list[CaseRow]:
        rows = [row for row in self._state.cases.values() if row.case.status is Status.HELD]
        return [row for row in rows if _let_through(row, sieve)]


def _urgency(row: CaseRow) -> tuple[float, str]:
    return (row.case.opened_at + answer_within(row.case.priority)).timestamp(), row.case.case_id


def _place(row: CaseRow, sieve: Sieve) -> tuple[bool, float, str]:
    """The ticket that is searched for by its number comes first."""
    return bool(sieve.ticket) and row.case.ticket_id != sieve.ticket, *_urgency(row)


def _let_through(row: CaseRow, sieve: Sieve) -> bool:
    case = row.case
    asked = (
        (sieve.segment, case.segments or (NONE,)),
        (sieve.finding, _guards(row) or (NONE,)),
        (sieve.template, (case.template_id or NONE,)),
        (sieve.strength, (case.strength.value,)),
        (sieve.minder, (case.minder,)),
    )
    said = thread_words(row.thread) if row.thread else ""
    written = folded(row.drafts[-1][1].body_text) if row.drafts else ""
    asked_for = str(sieve.ticket) if sieve.ticket else folded(sieve.words)
    words = [word.lstrip("#") or word for word in asked_for.split()[:_MOST_WORDS]]
    return all(not wanted or wanted in there for wanted, there in asked) and all(
        word in said or word in written for word in words
    )


def _guards(row: CaseRow) -> tuple[str, ...]:
    findings = row.drafts[-1][1].findings if row.drafts else ()
    return tuple(dict.fromkeys(finding.guard for finding in findings))
