"""Open drafts are marked once another index says in other words what they cite, and unmarked when it is good again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.builders import a_draft, a_source
from tests.console.seed import a_ledger, hold
from worker.adapters.store.ledger import SqlLedger
from worker.models import Part, Sentence
from worker.support.stale import mark_stale


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def citing(ledger: SqlLedger, ticket_id: int, source_id: str) -> None:
    """A held draft that cites the source; another one it has found and does not cite."""
    sources = (a_source("Old words.", source_id, version="v1"), a_source("Not cited.", "beside", version="v1"))
    said = (Part(question="How?", sentences=(Sentence(text="So.", sources=(source_id,)),)),)
    hold(ledger, ticket_id, draft=a_draft(sources=sources, parts=said))


def marks(ledger: SqlLedger) -> dict[int, tuple[str, ...]]:
    return {row.case.ticket_id: row.case.stale for row in ledger.reviews.held()}


def an_index(**versions: str):
    return lambda source_ids: {i: versions[i] for i in source_ids if i in versions}


def test_a_draft_that_cites_what_changed_or_went_is_marked_with_the_sources(ledger: SqlLedger):
    for ticket_id, source_id in ((1, "same"), (2, "changed"), (3, "gone")):
        citing(ledger, ticket_id, source_id)

    assert sorted(mark_stale(ledger, an_index(same="v1", changed="v2", beside="v2"))) == [2, 3]
    assert marks(ledger) == {1: (), 2: ("changed",), 3: ("gone",)}


def test_going_back_to_the_index_before_makes_the_drafts_good_again(ledger: SqlLedger):
    citing(ledger, 1, "fees")
    mark_stale(ledger, an_index(fees="v2"))

    assert mark_stale(ledger, an_index(fees="v1")) == []
    assert marks(ledger) == {1: ()}


def test_each_is_looked_at_however_many_wait_and_whatever_leads_decide_meanwhile(ledger: SqlLedger):
    for ticket_id in range(1, 203):
        citing(ledger, ticket_id, "fees")
    mark_stale(ledger, an_index())

    def maya_decides(_source_ids: Sequence[str]) -> Mapping[str, str]:
        newest = ledger.cases.of_ticket(202)[-1]
        ledger.reviews.reject(newest.case_id, ledger.cases.drafts(newest.case_id)[-1][0], "Spam.", "maya")
        return {}

    mark_stale(ledger, maya_decides)

    held = ledger.reviews.held(limit=300)
    assert (len(held), [row.case.ticket_id for row in held if not row.case.stale]) == (201, [])
