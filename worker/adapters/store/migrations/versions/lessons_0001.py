"""What is learnt from decisions, questions without an answer, and the indexes that the numbers are counted through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.adapters.store.columns import Json, Words

revision = "lessons_0001"
down_revision = "console_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("asked_at", sa.Double()))
    op.create_index("ix_case_moves_at_to_status_case_id", "case_moves", ["at", "to_status", "case_id"])
    op.create_index("ix_sends_posted_at", "sends", ["posted_at"])
    op.create_index("ix_sends_ticket_id_posted_at", "sends", ["ticket_id", "posted_at"])
    _lessons()
    op.create_table(
        "openings",
        sa.Column("case_id", Words(), nullable=False),
        sa.Column("login", Words(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_openings_case_id"),
        sa.PrimaryKeyConstraint("case_id", "login", name="pk_openings"),
    )
    op.create_table(
        "unanswered",
        sa.Column("case_id", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("question", Words(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_unanswered_case_id"),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_unanswered"),
    )
    op.create_index("ix_unanswered_at", "unanswered", ["at"])


def _lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("draft_id", Words(), nullable=False),
        sa.Column("case_id", Words(), nullable=False),
        sa.Column("machine_id", Words(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("template_id", Words(), nullable=False),
        sa.Column("decision", Words(), nullable=False),
        sa.Column("treatment", Words(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("difference", Json(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("login", Words(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.draft_id"], name="fk_lessons_draft_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_lessons_case_id"),
        sa.PrimaryKeyConstraint("draft_id", name="pk_lessons"),
    )
    op.create_index("ix_lessons_case_id", "lessons", ["case_id"])
    op.create_index("ix_lessons_at", "lessons", ["at"])
    op.create_table(
        "lesson_findings",
        sa.Column("draft_id", Words(), nullable=False),
        sa.Column("guard", Words(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["lessons.draft_id"], name="fk_lesson_findings_draft_id"),
        sa.PrimaryKeyConstraint("draft_id", "guard", name="pk_lesson_findings"),
    )
