"""What was promised to customers, and whether it has been kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.adapters.store.columns import Words

revision = "promises_0001"
down_revision = "index_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promises",
        sa.Column("promise_id", Words(), nullable=False),
        sa.Column("send_id", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", Words(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("act", Words(), nullable=False),
        sa.Column("words", Words(), nullable=False),
        sa.Column("due", sa.Text()),
        sa.Column("period", Words(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", Words(), nullable=False),
        sa.Column("kept_at", sa.Double()),
        sa.Column("kept_by", Words(), nullable=False),
        sa.UniqueConstraint("send_id", "number", name="uq_promises_send_id_number"),
        sa.ForeignKeyConstraint(["send_id"], ["sends.send_id"], name="fk_promises_send_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_promises_case_id"),
        sa.PrimaryKeyConstraint("promise_id", name="pk_promises"),
    )
    op.create_index("ix_promises_ticket_id", "promises", ["ticket_id"])
    unkept = sa.text("kept_at IS NULL")
    op.create_index("ix_promises_open", "promises", ["due", "made_at"], sqlite_where=unkept, postgresql_where=unkept)
