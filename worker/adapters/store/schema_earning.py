"""The gate's tables, as schema.py has the others; read and written by earning.py."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, text

from worker.adapters.store.columns import Json, Words
from worker.adapters.store.schema import METADATA

assessments = Table(
    "assessments",  # drafts that no guard had anything against, as the risk model saw them
    METADATA,
    Column("draft_id", Words, ForeignKey("drafts.draft_id"), primary_key=True),
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("at", Double, nullable=False, index=True),
    Column("template_id", Words, nullable=False),
    Column("segment", Words, nullable=False),
    Column("features", Json, nullable=False),
    Column("risk", Double),
    Column("model", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),  # it left, or was to leave, without a person
    Column("sampled", Boolean, nullable=False),  # it comes back for a blind review
    Column("judged", Words, nullable=False, server_default=text("''")),  # what the blind review made of it
    Column("judged_by", Words, nullable=False, server_default=text("''")),
    Column("judged_at", Double),
    Column("harm", Words, nullable=False, server_default=text("''")),
    Column("harm_by", Words, nullable=False, server_default=text("''")),
    Column("harm_at", Double),
    Index("ix_assessments_judged_at", "judged_at"),
    Index("ix_assessments_harm_at", "harm_at"),
)

gate_standings = Table(
    "gate_standings",
    METADATA,
    Column("template_id", Words, primary_key=True),
    Column("segment", Words, primary_key=True),
    Column("rung", Words, nullable=False),
    Column("level", Integer, nullable=False),
    Column("budget", Double, nullable=False),
    Column("moved_at", Double),
    Column("evidence_from", Double),
    Column("opened_at", Double),
)

gate_moves = Table(
    "gate_moves",
    METADATA,
    Column("move_id", Integer, primary_key=True),
    Column("at", Double, nullable=False, index=True),
    Column("template_id", Words, nullable=False),
    Column("segment", Words, nullable=False),
    Column("move", Json, nullable=False),
)

gate_budgets = Table(
    "gate_budgets",
    METADATA,
    Column("template_id", Words, primary_key=True),
    Column("segment", Words, primary_key=True),
    Column("budget", Double, nullable=False),
)

risk_models = Table(
    "risk_models",
    METADATA,
    Column("version", Integer, primary_key=True),
    Column("fitted_at", Double, nullable=False),
    Column("model", Json, nullable=False),
)

gate_notes = Table(
    "gate_notes",  # one row each: the switch ("stop"), the ledger's key, the last night that was done
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Words, nullable=False),
    Column("login", Words, nullable=False),
    Column("at", Double, nullable=False),  # of "night": until when somebody has it
)
