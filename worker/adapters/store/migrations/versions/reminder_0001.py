"""Notes that remind of an open promise are of a kind of their own: those of before are told by how they begin."""

from __future__ import annotations

from alembic import op
from sqlalchemy import column, select, table, update

revision = "reminder_0001"
down_revision = "ops_0001"
branch_labels = None
depends_on = None

_BEGINS = "<p><b>This ticket was resolved, but not all that we promised on it is marked as kept.</b></p>"
_SENDS = table("sends", column("case_id"), column("kind"), column("body_html"))
_PROMISES = table("promises", column("case_id"))


def upgrade() -> None:
    theirs = _SENDS.c.case_id.in_(select(_PROMISES.c.case_id))
    reminders = (_SENDS.c.kind == "handover_note", _SENDS.c.body_html.startswith(_BEGINS, autoescape=True))
    op.execute(update(_SENDS).where(theirs, *reminders).values(kind="reminder"))
