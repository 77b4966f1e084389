"""Status moves of cases: each goes through `move`, so that none happens outside MOVES or goes unrecorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Double, Row, bindparam, insert, select, update

from worker.adapters.store.columns import clock
from worker.adapters.store.conditions import WAITING
from worker.adapters.store.prepared import On, Prepared
from worker.adapters.store.room import EPOCH, THIS
from worker.adapters.store.schema import case_moves, cases, doorbells, lessons
from worker.models import MOVES, Ring, Status

# What becomes of an approval whose reply did not leave (or nobody knows whether it did), by where its case goes.
NEVER_LEFT = {Status.HELD: "taken back", Status.SUPERSEDED: "overtaken", Status.HANDED_OVER: "overtaken"}
MOOT = "Another draft had been asked for{}; it is not written any more."
_BEFORE: BindParameter[Any] = bindparam("status_before")
MOVE = (
    update(cases).where(cases.c.case_id == THIS, cases.c.status == _BEFORE).values(moved_at=clock()).returning(*cases.c)
)
_MOVE_HELD = MOVE.where(cases.c.epoch == EPOCH)
_DUE = {"answer_by": cases.c.opened_at + bindparam("seconds_to_answer", type_=Double)}
_PREPARED = {  # by whether the caller holds the case, and whether it is to be answered by another time
    (False, False): Prepared(MOVE),
    (False, True): Prepared(MOVE.values(_DUE)),
    (True, False): Prepared(_MOVE_HELD),
    (True, True): Prepared(_MOVE_HELD.values(_DUE)),
}
_DECIDED = Prepared(update(lessons).where(lessons.c.case_id == THIS, lessons.c.decision == "approved"))
_MOVED = Prepared(insert(case_moves).values(at=clock()))


def move(
    on: On,
    case_id: str,
    from_: Status,
    to: Status,
    *,
    by: str,
    reasons: Sequence[str] = (),
    where: Sequence[ColumnElement[bool]] = (),
    held: int | None = None,
    statement: Prepared | None = None,
    **columns: Any,
) -> Row[Any] | None:
    """The one way a case changes its status: the row after it, or None if MOVES or the row itself refuses. Also ends
    what a decision makes moot, which the history then tells. `held`: the epoch under which the caller has the case.
    `statement`: made of MOVE, where it takes more conditions than that. Among the `columns` may be `seconds_to_answer`,
    from when the case was opened."""
    if to not in MOVES[from_]:
        return None
    values = {"status": to, "lease_until": 0.0, **columns}
    if reasons:
        values["reasons"] = list(reasons)
    given = {**values, "this_row": case_id, "status_before": from_} | ({} if held is None else {"held_epoch": held})
    row: Row[Any] | None
    if where:
        if not isinstance(on, Connection) or held is not None:
            raise TypeError("further conditions are put together anew each time, by SQLAlchemy: prepare a statement")
        row = on.execute(MOVE.where(*where), given).one_or_none()
    else:
        row = (statement or _PREPARED[held is not None, "seconds_to_answer" in given]).one(on, given)
    if row is not None:
        why = [*reasons, *(_moot(on, row) if from_ is Status.HELD and to is not Status.OPEN else ())]
        moved = {"case_id": case_id, "from_status": from_, "to_status": to, "moved_by": by, "reasons": why}
        _MOVED.run(on, moved)
        if from_ is Status.APPROVED and to in NEVER_LEFT:  # what was approved went to nobody: it teaches nothing
            _DECIDED.run(on, {"this_row": case_id, "decision": NEVER_LEFT[to]})
    return row


_ASKED = (
    doorbells.c.ticket_id == bindparam("this_ticket"),
    doorbells.c.case_id == THIS,
    doorbells.c.ring == Ring.REDRAFT,
    WAITING,
)
_HINTS = Prepared(select(doorbells.c.hint).where(*_ASKED))
_ONLY_LOOK = Prepared(update(doorbells).where(*_ASKED).values(ring=Ring.RECHECK, case_id=None, hint=""))


def _moot(on: On, decided: Row[Any]) -> list[str]:
    """A draft that was decided on is not written anew. Its doorbell still rings, but only for the ticket: whoever asks
    whether a message was seen counts on every doorbell's reading the thread."""
    this = {"this_ticket": decided.ticket_id, "this_row": decided.case_id}
    hints = [row.hint for row in _HINTS.all(on, this)]
    if hints:
        _ONLY_LOOK.run(on, this)
    return [MOOT.format(f" (“{hint}”)" if hint else "") for hint in hints]
