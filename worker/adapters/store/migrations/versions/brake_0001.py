"""The incident brake: topics whose automatic sending is paused, and holding replies, once for each customer message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.adapters.store.columns import Json, Words

revision = "brake_0001"
down_revision = "gate_0001"
branch_labels = None
depends_on = None

_ONCE = sa.text("kind = 'holding' AND (state <> 'dropped' OR rounds > 0)")
_ON = sa.text("off_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "brakes",
        sa.Column("brake_id", sa.Integer(), nullable=False),
        *[sa.Column(name, Words(), nullable=False) for name in ("template_id", "segment", "question")],
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("surge", Json(), nullable=False),
        sa.Column("on_at", sa.Double(), nullable=False),
        sa.Column("hot_at", sa.Double(), nullable=False),
        sa.Column("off_at", sa.Double()),
        sa.Column("off_by", Words(), nullable=False, server_default=sa.text("''")),
        sa.Column("false_alarm", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("holding_text", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("brake_id", name="pk_brakes"),
    )
    op.create_index(
        "uq_brakes_on",
        "brakes",
        ["template_id", "segment", "question"],
        unique=True,
        sqlite_where=_ON,
        postgresql_where=_ON,
    )
    op.create_index("ix_brakes_off_at", "brakes", ["off_at"])
    op.create_table(
        "holdings",
        sa.Column("brake_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("send_id", Words(), nullable=False),
        sa.ForeignKeyConstraint(["brake_id"], ["brakes.brake_id"], name="fk_holdings_brake_id"),
        sa.ForeignKeyConstraint(["send_id"], ["sends.send_id"], name="fk_holdings_send_id"),
        sa.PrimaryKeyConstraint("brake_id", "ticket_id", name="pk_holdings"),
    )
    op.create_index(
        "uq_sends_holding",
        "sends",
        ["ticket_id", "message_key"],
        unique=True,
        sqlite_where=_ONCE,
        postgresql_where=_ONCE,
    )
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
