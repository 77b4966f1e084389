"""How a draft is stored: its row, what its case says of it, and the words that a search finds it by.

All that takes time is made before the transaction begins: while SQLite's write lock is held, everybody waits who wants
to write. Called by cases.py and reviews.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from worker.adapters.store.columns import Written, clock, folded, new_id, written
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import THIS
from worker.adapters.store.schema import case_words, cases, drafts
from worker.models import Draft, Trace

_NEXT = select(func.coalesce(func.max(drafts.c.number), 0) + 1).where(drafts.c.case_id == THIS).scalar_subquery()
_DRAFTED = Prepared(insert(drafts).values(stored_at=clock(), number=_NEXT))
_WITH_DRAFT = Prepared(update(cases).where(cases.c.case_id == THIS))
_WORDED = Prepared(update(case_words).where(case_words.c.case_id == THIS))


@dataclass(frozen=True)
class Drafted:
    """A draft as it is stored. `row`: columns of its own; `case`: of its case, whose newest draft it is; `words`: what
    it is found by."""

    row: dict[str, Any]
    case: dict[str, Any]
    words: str

    @property
    def draft_id(self) -> str:
        return str(self.row["draft_id"])


def drafted(draft: Draft, trace: Trace | Written) -> Drafted:
    draft_id, guards = new_id("f"), list(dict.fromkeys(finding.guard for finding in draft.findings))
    row = {
        "draft_id": draft_id,
        "body_hash": draft.body_hash,
        "guards": guards,
        "draft": written(draft),
        "trace": trace if isinstance(trace, Written) else written(trace),
    }
    case = {"draft_id": draft_id, "template_id": draft.template_id, "guards": guards}
    return Drafted(row=row, case=case, words=folded(draft.body_text))


def insert_draft(on: On, case_id: str, made: Drafted) -> None:
    """Its row alone, as the newest of a case whose row this transaction has locked."""
    _DRAFTED.run(on, {"case_id": case_id, "this_row": case_id, **made.row})


def add_draft(connection: Connection, case_id: str, made: Drafted) -> str:
    """The row, and what its case says; its id."""
    insert_draft(connection, case_id, made)
    this = {"this_row": case_id}
    _WITH_DRAFT.run(connection, {**this, **made.case})
    # As long as the case's words were kept with its thread; without one there is nothing to search either.
    _WORDED.run(connection, {**this, "draft_words": made.words})
    return made.draft_id
