"""Which open drafts cite sources that the index has in other words by now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.adapters.store.columns import Json

revision = "index_0001"
down_revision = "console_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("stale", Json(), nullable=False, server_default=sa.text("'[]'")))
