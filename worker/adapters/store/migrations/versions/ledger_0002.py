"""Counts deaths: how often whoever had claimed a row never came back. A ticket that kills its workers must end too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("doorbells", "sends"):
        op.add_column(table, sa.Column("deaths", sa.Integer(), nullable=False, server_default=sa.text("0")))
