"""What is asked of one case among hundreds of thousands is found without reading the others."""

from __future__ import annotations

from alembic import op

revision = "ops_0001"
down_revision = "brake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_subject_entry_id", "audit", ["subject", "entry_id"])
    op.create_index("ix_promises_case_id", "promises", ["case_id"])
