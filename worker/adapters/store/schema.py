"""The ledger's tables. Migrations create them (a test holds both equal); the rooms read and write them.

Times are seconds since 1970, UTC. A lease is free where `lease_until` is in the past; 0 means given back.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from worker.adapters.store.columns import NAMES, Json, Words
from worker.adapters.store.conditions import HOLDING, LIVE, REPLY, UNENDED, UNREADABLE, WAITING, partial

METADATA = MetaData(naming_convention=NAMES)

doorbells = Table(
    "doorbells",
    METADATA,
    Column("doorbell_id", Words, primary_key=True),
    Column("ring", Words, nullable=False),
    Column("ticket_id", BigInteger),
    Column("case_id", Words),
    Column("hint", Words, nullable=False, default=""),
    Column("raw", LargeBinary, nullable=False, default=b""),
    Column("state", Words, nullable=False),  # waiting, done or unreadable
    Column("received_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False, default=0.0),
    Column("epoch", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("outcome", Words, nullable=False, default=""),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Index("ix_doorbells_ticket_id_received_at", "ticket_id", "received_at"),
    partial("ix_doorbells_waiting", "received_at", "doorbell_id", where=WAITING),
    partial("ix_doorbells_unreadable", "received_at", where=UNREADABLE),
)

marks = Table(
    "marks",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("at", Double, nullable=False),
)

cases = Table(
    "cases",
    METADATA,
    Column("case_id", Words, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("message_key", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", Double, nullable=False, default=0.0),
    Column("opened_by", Words, nullable=False),  # the doorbell that holds or last held it
    Column("subject", Words, nullable=False),
    Column("requester_id", BigInteger, nullable=False),
    Column("requester_email", Words, nullable=False),
    Column("customer_id", Words),
    Column("strength", Words, nullable=False),
    Column("segments", Json, nullable=False),
    Column("template_id", Words, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("draft_id", Words),  # the newest draft; no foreign key, since drafts point here
    Column("opened_at", Double, nullable=False),
    Column("moved_at", Double, nullable=False),
    Column("answer_by", Double, nullable=False, server_default=text("0")),  # opened_at and what its priority allows
    Column("guards", Json, nullable=False, server_default=text("'[]'")),  # that found something in the newest draft
    Column("minder", Words, nullable=False, server_default=text("''")),
    Column("asked_at", Double),  # when the customer wrote, by Freshdesk's clock; None in rows of the first releases
    Column("stale", Json, nullable=False, server_default=text("'[]'")),  # sources that the draft cites in old words
    UniqueConstraint("ticket_id", "message_key"),
    Index("ix_cases_requester_id", "requester_id"),
    # Whole, not partial: without statistics SQLite takes the index below instead, and sorts 10,000 held drafts.
    Index("ix_cases_queue", "status", "answer_by", "case_id"),
    # Every column that the filters count: four readings of 10,000 whole rows would be most of the queue's time.
    Index("ix_cases_facets", "status", "strength", "template_id", "segments", "guards"),
    Index("ix_cases_status_moved_at_case_id", "status", "moved_at", "case_id"),
    partial("ix_cases_unended", "opened_at", where=UNENDED),
    Index("ix_cases_opened_at", "opened_at"),
)

case_moves = Table(
    "case_moves",
    METADATA,
    Column("move_id", Integer, primary_key=True),
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("from_status", Words, nullable=False),
    Column("to_status", Words, nullable=False),
    Column("moved_by", Words, nullable=False),
    Column("reasons", Json, nullable=False),
    Index("ix_case_moves_at_to_status_case_id", "at", "to_status", "case_id"),
)

snapshots = Table(
    "snapshots",  # apart from cases, so that a queue of 10,000 does not drag 10,000 threads through memory
    METADATA,
    Column("case_id", Words, ForeignKey("cases.case_id"), primary_key=True),
    Column("thread", Json, nullable=False),
    Column("trace", Json, nullable=False),
)

case_words = Table(
    "case_words",  # what the console's search reads: small letters, apart from cases as the snapshots are
    METADATA,
    Column("case_id", Words, ForeignKey("cases.case_id"), primary_key=True),
    Column("thread_words", Words, nullable=False),
    Column("draft_words", Words, nullable=False),
)

viewers = Table(
    "viewers",  # who has a case open in the console, and when that was last said
    METADATA,
    Column("case_id", Words, ForeignKey("cases.case_id"), primary_key=True),
    Column("login", Words, primary_key=True),
    Column("seen_at", Double, nullable=False),
)

taken = Table(
    "taken",  # tickets that a colleague answers: nothing of ours leaves for them
    METADATA,
    Column("ticket_id", BigInteger, primary_key=True, autoincrement=False),
    Column("login", Words, nullable=False),
    Column("taken_at", Double, nullable=False),
)

drafts = Table(
    "drafts",
    METADATA,
    Column("draft_id", Words, primary_key=True),
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... within the case
    Column("body_hash", Words, nullable=False),
    Column("guards", Json, nullable=False),  # names of the guards that found something
    Column("draft", Json, nullable=False),
    Column("trace", Json, nullable=False),
    Column("stored_at", Double, nullable=False),
    UniqueConstraint("case_id", "number"),
)

sends = Table(
    "sends",
    METADATA,
    Column("send_id", Words, primary_key=True),
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("ticket_id", BigInteger, nullable=False),
    Column("message_key", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("body_html", Words, nullable=False),
    Column("body_hash", Words, nullable=False),
    Column("change", Json, nullable=False),
    Column("state", Words, nullable=False),
    Column("epoch", Integer, nullable=False, default=0),
    Column("rounds", Integer, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("queued_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False, default=0.0),
    Column("intended_at", Double),
    Column("posted_at", Double),
    Column("remote_id", Words, nullable=False, default=""),
    Column("remark", Words, nullable=False, default=""),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    # At most one public reply per customer message: this index is the promise, everything else is good intentions.
    partial("uq_sends_reply", "ticket_id", "message_key", where=REPLY, unique=True),
    # A holding reply beside it, which takes nothing from the one that answers.
    partial("uq_sends_holding", "ticket_id", "message_key", where=HOLDING, unique=True),
    Index("ix_sends_state", "state"),
    Index("ix_sends_posted_at", "posted_at"),
    Index("ix_sends_ticket_id_posted_at", "ticket_id", "posted_at"),
    partial("ix_sends_live", "queued_at", "send_id", where=LIVE),
)

lessons = Table(
    "lessons",
    METADATA,
    Column("draft_id", Words, ForeignKey("drafts.draft_id"), primary_key=True),
    Column("case_id", Words, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("machine_id", Words, nullable=False),  # the draft that it is compared with
    Column("round", Integer, nullable=False),
    Column("template_id", Words, nullable=False),
    Column("decision", Words, nullable=False),  # edited, approved, rejected, taken back, overtaken
    Column("treatment", Words, nullable=False),
    Column("share", Double, nullable=False),
    Column("difference", Json, nullable=False),
    Column("reason", Words, nullable=False),
    Column("login", Words, nullable=False),
    Column("at", Double, nullable=False),
    Column("seconds", Double),  # from the opening of the case to the decision; None where nobody knows
    Index("ix_lessons_at", "at"),
    Index("ix_lessons_template_id_at", "template_id", "at"),
)

lesson_findings = Table(
    "lesson_findings",
    METADATA,
    Column("draft_id", Words, ForeignKey("lessons.draft_id"), primary_key=True),
    Column("guard", Words, primary_key=True),
    Column("standing", Boolean, nullable=False),  # it still had something against the draft that was decided on
)

openings = Table(
    "openings",  # who is at a held case, and since when: gone with the decision
    METADATA,
    Column("case_id", Words, ForeignKey("cases.case_id"), primary_key=True),
    Column("login", Words, primary_key=True),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
)

unanswered = Table(
    "unanswered",  # questions of the newest machine draft of a case that nothing in the knowledge base answers
    METADATA,
    Column("case_id", Words, ForeignKey("cases.case_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("question", Words, nullable=False),
    Column("at", Double, nullable=False),
    Index("ix_unanswered_at", "at"),
)

customers = Table(
    "customers",
    METADATA,
    Column("customer_id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("email", Words, nullable=False),
    Column("alternate_emails", Json, nullable=False),
    Column("phone", Words, nullable=False),
    Column("phone_digits", Words, nullable=False, index=True),
    Column("segments", Json, nullable=False),
    Column("since", Text),  # ISO date
    Column("facts", Json, nullable=False),
)

customer_emails = Table(
    "customer_emails",
    METADATA,
    Column("email", Words, primary_key=True),  # normalised
    Column("customer_id", Words, ForeignKey("customers.customer_id"), primary_key=True, index=True),
    Column("registered", Boolean, nullable=False),
)

users = Table(
    "users",
    METADATA,
    Column("login", Words, primary_key=True),
    Column("role", Words, nullable=False),
    Column("password_hash", Words, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("token_hash", Words, primary_key=True),
    Column("login", Words, nullable=False),
    Column("csrf", Words, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

links = Table(
    "links",
    METADATA,
    Column("token_hash", Words, primary_key=True),
    Column("login", Words, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

audit = Table(
    "audit",
    METADATA,
    Column("entry_id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("login", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Index("ix_audit_subject_entry_id", "subject", "entry_id"),
)
