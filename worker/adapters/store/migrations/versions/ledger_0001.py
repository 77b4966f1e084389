"""The first schema: doorbells, cases, drafts, sends, customers, users, audit.

Written out, not taken from schema.py: what a step did must not change when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audit()
    _cases()
    _customers()
    _doorbells()
    _links()
    _marks()
    _sessions()
    _users()
    _case_moves()
    _customer_emails()
    _drafts()
    _sends()
    _snapshots()


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit"),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.BigInteger(), nullable=False),
        sa.Column("requester_email", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("strength", sa.Text(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("moved_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
        sa.UniqueConstraint("ticket_id", "message_key", name="uq_cases_ticket_id_message_key"),
    )
    op.create_index("ix_cases_queue", "cases", ["status", sa.text("priority DESC"), "opened_at", "case_id"])
    op.create_index("ix_cases_requester_id", "cases", ["requester_id"])
    op.create_index("ix_cases_status_moved_at_case_id", "cases", ["status", "moved_at", "case_id"])
    _partial_index("ix_cases_unended", "cases", ["opened_at"], "status IN ('open', 'approved')")


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("alternate_emails", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_digits", sa.Text(), nullable=False),
        sa.Column("segments", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_phone_digits", "customers", ["phone_digits"])


def _doorbells() -> None:
    op.create_table(
        "doorbells",
        sa.Column("doorbell_id", sa.Text(), nullable=False),
        sa.Column("ring", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("doorbell_id", name="pk_doorbells"),
    )
    op.create_index("ix_doorbells_ticket_id_received_at", "doorbells", ["ticket_id", "received_at"])
    _partial_index("ix_doorbells_unreadable", "doorbells", ["received_at"], "state = 'unreadable'")
    _partial_index("ix_doorbells_waiting", "doorbells", ["received_at", "doorbell_id"], "state = 'waiting'")


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_links"),
    )
    op.create_index("ix_links_expires_at", "links", ["expires_at"])


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("login", name="pk_users"),
    )


def _case_moves() -> None:
    op.create_table(
        "case_moves",
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.case_id", name="fk_case_moves_case_id"), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("move_id", name="pk_case_moves"),
    )
    op.create_index("ix_case_moves_case_id", "case_moves", ["case_id"])


def _customer_emails() -> None:
    op.create_table(
        "customer_emails",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "customer_id",
            sa.Text(),
            sa.ForeignKey("customers.customer_id", name="fk_customer_emails_customer_id"),
            nullable=False,
        ),
        sa.Column("registered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("email", "customer_id", name="pk_customer_emails"),
    )
    op.create_index("ix_customer_emails_customer_id", "customer_emails", ["customer_id"])


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.case_id", name="fk_drafts_case_id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("guards", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name="pk_drafts"),
        sa.UniqueConstraint("case_id", "number", name="uq_drafts_case_id_number"),
    )


def _sends() -> None:
    op.create_table(
        "sends",
        sa.Column("send_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.case_id", name="fk_sends_case_id"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("intended_at", sa.Double(), nullable=True),
        sa.Column("posted_at", sa.Double(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("send_id", name="pk_sends"),
    )
    op.create_index("ix_sends_case_id", "sends", ["case_id"])
    _partial_index("ix_sends_live", "sends", ["queued_at", "send_id"], "state IN ('queued', 'posting', 'posted')")
    op.create_index("ix_sends_state", "sends", ["state"])
    _partial_index(
        "uq_sends_reply", "sends", ["ticket_id", "message_key"], "kind = 'reply' AND state <> 'dropped'", unique=True
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.case_id", name="fk_snapshots_case_id"), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_snapshots"),
    )
