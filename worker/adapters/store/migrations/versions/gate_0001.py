"""The gate: assessed drafts, where each kind of reply stands, its steps and budgets, risk models, and the switch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.adapters.store.columns import Json, Words

revision = "gate_0001"
down_revision = "promises_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _assessments()
    _kinds()
    op.create_table(
        "risk_models",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.Double(), nullable=False),
        sa.Column("model", Json(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_risk_models"),
    )
    op.create_table(
        "gate_notes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.Column("login", Words(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_gate_notes"),
    )


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("draft_id", Words(), nullable=False),
        sa.Column("case_id", Words(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("template_id", Words(), nullable=False),
        sa.Column("segment", Words(), nullable=False),
        sa.Column("features", Json(), nullable=False),
        sa.Column("risk", sa.Double()),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        *_said("judged"),
        *_said("harm"),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.draft_id"], name="fk_assessments_draft_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_assessments_case_id"),
        sa.PrimaryKeyConstraint("draft_id", name="pk_assessments"),
    )
    for name in ("case_id", "at", "judged_at", "harm_at"):
        op.create_index(f"ix_assessments_{name}", "assessments", [name])


def _said(name: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, Words(), nullable=False, server_default=sa.text("''")),
        sa.Column(f"{name}_by", Words(), nullable=False, server_default=sa.text("''")),
        sa.Column(f"{name}_at", sa.Double()),
    ]


def _kinds() -> None:
    op.create_table(
        "gate_standings",
        *_kind(),
        sa.Column("rung", Words(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Double(), nullable=False),
        sa.Column("moved_at", sa.Double()),
        sa.Column("evidence_from", sa.Double()),
        sa.Column("opened_at", sa.Double()),
        sa.PrimaryKeyConstraint("template_id", "segment", name="pk_gate_standings"),
    )
    op.create_table(
        "gate_budgets",
        *_kind(),
        sa.Column("budget", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("template_id", "segment", name="pk_gate_budgets"),
    )
    op.create_table(
        "gate_moves",
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        *_kind(),
        sa.Column("move", Json(), nullable=False),
        sa.PrimaryKeyConstraint("move_id", name="pk_gate_moves"),
    )
    op.create_index("ix_gate_moves_at", "gate_moves", ["at"])


def _kind() -> list[sa.Column[str]]:
    return [sa.Column(name, Words(), nullable=False) for name in ("template_id", "segment")]
