"""The incident brake's tables, as schema.py has the others; read and written by incidents.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, text

from worker.adapters.store.columns import Json, Words
from worker.adapters.store.conditions import BRAKED, partial
from worker.adapters.store.schema import METADATA

brakes = Table(
    "brakes",  # topics whose automatic sending is, or was, paused
    METADATA,
    Column("brake_id", Integer, primary_key=True),
    Column("template_id", Words, nullable=False),
    Column("segment", Words, nullable=False),
    Column("question", Words, nullable=False),
    Column("since", Double, nullable=False),
    Column("surge", Json, nullable=False),
    Column("on_at", Double, nullable=False),
    Column("hot_at", Double, nullable=False),
    Column("off_at", Double),
    Column("off_by", Words, nullable=False, server_default=text("''")),
    Column("false_alarm", Boolean, nullable=False, server_default=text("false")),
    Column("holding_text", Text, nullable=False, server_default=text("''")),
    partial("uq_brakes_on", "template_id", "segment", "question", where=BRAKED, unique=True),
    Index("ix_brakes_off_at", "off_at"),
)

holdings = Table(
    "holdings",  # which ticket got, or is to get, the holding reply of an incident
    METADATA,
    Column("brake_id", Integer, ForeignKey("brakes.brake_id"), primary_key=True),
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False),
    Column("send_id", Words, ForeignKey("sends.send_id"), nullable=False),
)
