"""A long history, written straight into a ledger's tables: drafting a year of mail would take a day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from worker.adapters.store.ledger import SqlLedger
from worker.adapters.store.schema import METADATA

ROOM = ("cases", "drafts", "case_moves", "sends", "lessons", "lesson_findings", "unanswered")
GUARDS = ("exact", "answered", "fits", "supported", "sure", "hostile")
QUESTIONS = (
    "Can I pledge my units for a home loan?",
    "Is it possible to pledge units against a loan?",
    "Do you have an app for my smart watch?",
    "Could my daughter (14) open an account in her own name?",
    '=HYPERLINK("https://evil.example","my statement")',
    "Do you lend against gold?",
)


def write_history(ledger: SqlLedger, until: datetime, days: int, per_day: int, templates: int, seed: int = 1) -> None:
    """`per_day` messages on each of the last `days`, fewer at the weekend, over so many templates."""
    chance = random.Random(seed)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ROOM}
    number = 0
    for back in range(days):
        day = until - timedelta(days=back)
        for _ in range(per_day if day.weekday() < 5 else per_day // 4):
            number += 1
            for table, row in _message(number, day - timedelta(minutes=chance.uniform(1, 600)), templates, chance):
                rows[table].append(row)
    with ledger.writing() as connection:
        for name in ROOM:
            if rows[name]:
                connection.execute(insert(METADATA.tables[name]), rows[name])


def _message(number: int, at: datetime, templates: int, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    opened, case_id = at.timestamp(), f"c{number:08}"
    end = chance.choices(["held", "alone", "handed_over", "ignored"], [70, 12, 10, 8])[0]
    template = f"template-{int(templates * chance.random() ** 2):02}-about-something"
    treatment = chance.choices(["untouched", "light", "rewritten", "rejected"], [55, 25, 12, 8])[0]
    ended = "rejected" if treatment == "rejected" else "sent"
    status = {"held": ended, "alone": "sent"}.get(end, end)
    took = chance.expovariate(1 / 45) + 5
    decided = opened + chance.expovariate(1 / 5400) + took + 20
    yield "cases", _case(number, case_id, status, template, opened, decided)
    if end in ("handed_over", "ignored"):
        yield "case_moves", _move(case_id, opened + 4, "open", end, "deskhand")
        return
    if end == "alone":
        yield from _left(case_id, number, "open", "deskhand", opened + 6)
        return
    draft_id = f"f{number:08}"
    found = [guard for guard in GUARDS if chance.random() < 0.15]
    yield "drafts", _draft(case_id, draft_id, found, opened)
    yield "case_moves", _move(case_id, opened + 6, "open", "held", "deskhand")
    yield "lessons", _lesson(case_id, draft_id, template, treatment, decided, took)
    for guard in found:
        yield "lesson_findings", {"draft_id": draft_id, "guard": guard, "standing": chance.random() < 0.6}
    if chance.random() < 0.06:
        question = chance.choice(QUESTIONS)
        yield "unanswered", {"case_id": case_id, "number": 1, "question": question, "at": opened}
    if ended == "sent":
        yield from _left(case_id, number, "held", "maya", decided)
    else:
        yield "case_moves", _move(case_id, decided, "held", "rejected", "maya")


def _left(case_id: str, number: int, from_: str, by: str, at: float) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "case_moves", _move(case_id, at, from_, "approved", by)
    yield "case_moves", _move(case_id, at + 3, "approved", "sent", "deskhand")
    yield (
        "sends",
        {
            "send_id": f"s{number:08}",
            "case_id": case_id,
            "ticket_id": number,
            "message_key": "ticket",
            "kind": "reply",
            "body_html": "",
            "body_hash": "",
            "change": {},
            "state": "done",
            "queued_at": at,
            "due_at": at,
            "posted_at": at + 3,
        },
    )


def _case(number: int, case_id: str, status: str, template: str, opened: float, moved: float) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "ticket_id": number,
        "message_key": "ticket",
        "status": status,
        "epoch": 1,
        "opened_by": "d",
        "subject": "Something about money",
        "requester_id": number,
        "requester_email": f"customer{number}@example.com",
        "strength": "verified",
        "segments": ["IM"],
        "template_id": template,
        "priority": 1,
        "reasons": [],
        "opened_at": opened,
        "moved_at": moved,
        "asked_at": opened - 30,
    }


def _move(case_id: str, at: float, from_: str, to: str, by: str) -> dict[str, Any]:
    return {"case_id": case_id, "at": at, "from_status": from_, "to_status": to, "moved_by": by, "reasons": []}


def _draft(case_id: str, draft_id: str, found: list[str], at: float) -> dict[str, Any]:
    row = {"draft_id": draft_id, "case_id": case_id, "number": 1, "body_hash": "", "guards": found, "stored_at": at}
    return row | {"draft": {}, "trace": {}}


def _lesson(case_id: str, draft_id: str, template: str, treatment: str, at: float, seconds: float) -> dict[str, Any]:
    return {
        "draft_id": draft_id,
        "case_id": case_id,
        "machine_id": draft_id,
        "round": 1,
        "template_id": template,
        "decision": "rejected" if treatment == "rejected" else "approved",
        "treatment": treatment,
        "share": {"untouched": 0.0, "light": 0.06, "rewritten": 0.5, "rejected": 0.0}[treatment],
        "difference": [],
        "reason": "",
        "login": "maya",
        "at": at,
        "seconds": seconds,
    }
