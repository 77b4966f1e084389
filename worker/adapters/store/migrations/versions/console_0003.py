"""What the console's queue is ordered, filtered and searched by; who looks at a case; tickets that a colleague took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "console_0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ANSWER_BY = """
    UPDATE cases SET answer_by = opened_at
        + 3600.0 * CASE priority WHEN 4 THEN 1 WHEN 3 THEN 4 WHEN 2 THEN 12 ELSE 24 END
"""
GUARDS = """
    UPDATE cases SET guards = (SELECT drafts.guards FROM drafts WHERE drafts.draft_id = cases.draft_id)
    WHERE draft_id IS NOT NULL
"""
# Of drafts that wait already, the ticket's number, subject and requester; their texts come with the next draft.
KNOWN_WORDS = """
    INSERT INTO case_words
    SELECT case_id, lower(ticket_id || ' ' || subject || ' ' || requester_email), ''
    FROM cases WHERE status IN ('open', 'held')
"""


def upgrade() -> None:
    _cases()
    _words()
    op.create_table(
        "viewers",
        _case_id("viewers"),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "login", name="pk_viewers"),
    )
    op.create_table(
        "taken",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_taken"),
    )


def _cases() -> None:
    op.add_column("cases", sa.Column("answer_by", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.add_column("cases", sa.Column("guards", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("cases", sa.Column("minder", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute(ANSWER_BY)
    op.execute(GUARDS)
    op.drop_index("ix_cases_queue", "cases")
    op.create_index("ix_cases_queue", "cases", ["status", "answer_by", "case_id"])


def _words() -> None:
    op.create_table(
        "case_words",
        _case_id("case_words"),
        sa.Column("thread_words", sa.Text(), nullable=False),
        sa.Column("draft_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_words"),
    )
    op.execute(KNOWN_WORDS)


def _case_id(table: str) -> sa.Column[str]:
    return sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.case_id", name=f"fk_{table}_case_id"), nullable=False)
