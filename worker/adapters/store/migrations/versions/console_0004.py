"""The filters' counts from an index alone, however many drafts wait; what leads made of one template's drafts."""

from __future__ import annotations

from alembic import op

revision = "console_0004"
down_revision = "lessons_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_facets", "cases", ["status", "strength", "template_id", "segments", "guards"])
    op.create_index("ix_lessons_template_id_at", "lessons", ["template_id", "at"])
