"""What the choice of a template learns from reviewers: what they approved as it was written, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_trace
from tests.console.seed import TEMPLATE, a_conversation, a_ledger, hold
from tests.support.test_review import a_review_desk, approve, edit
from worker.adapters.store.ledger import SqlLedger
from worker.knowledge.choice import Example
from worker.support import learning
from worker.support.learning import approved_examples


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def held(ledger: SqlLedger, ticket_id: int, *questions: str) -> str:
    thread = a_conversation(ticket_id, f"<p>{' '.join(questions)}</p>")
    return hold(ledger, ticket_id, thread=thread, trace=a_trace(questions=questions))


def test_an_approved_reply_teaches_its_question(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    approve(desk, held(ledger, 1, "When is my money here?"))

    assert approved_examples(ledger.cases) == [Example(text="When is my money here?", template_id=TEMPLATE.source_id)]


def test_what_is_still_held_or_was_edited_or_asked_several_things_teaches_nothing(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    held(ledger, 1, "Still held?")
    edited = held(ledger, 2, "Was it edited?")
    edit(desk, edited, "I will look into it myself.")
    approve(desk, edited)
    approve(desk, held(ledger, 3, "One thing?", "Another thing?"))

    assert approved_examples(ledger.cases) == []


def test_one_template_cannot_drown_the_others_and_a_repeat_counts_once(ledger: SqlLedger, monkeypatch):
    monkeypatch.setattr(learning, "OF_A_TEMPLATE", 2)
    desk, _ = a_review_desk(ledger)
    for ticket_id, question in enumerate(("Same?", "Same?", "Second?", "Third?"), 1):
        approve(desk, held(ledger, ticket_id, question))

    assert len(approved_examples(ledger.cases)) == 2
