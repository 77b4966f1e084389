"""What became of a lead's decisions, as every ledger tells her."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import a_draft
from tests.contract.conftest import empty
from tests.contract.steps import LEASE, held, newest_draft
from tests.contract.test_ledger_desks import approve
from tests.postgres import PostgresServer
from worker.adapters.store import open_ledger
from worker.adapters.store.moving import move
from worker.models import Status
from worker.ports import Ledger


def test_a_redraft_waits_until_it_is_being_written(ledger: Ledger) -> None:
    case = held(ledger)
    assert ledger.reviews.asked_anew(case.case_id) is None
    ledger.reviews.redraft(case.case_id, "shorter", "maya")
    bell = ledger.reviews.redraft(case.case_id, "friendlier", "tom")
    asked = ledger.reviews.asked_anew(case.case_id)
    assert asked is not None
    assert (asked.by, asked.hint) == ("tom", "friendlier")
    claimed = ledger.doorbells.claim(bell or "", LEASE)
    assert claimed is not None
    ledger.doorbells.finish(claimed.doorbell_id, claimed.epoch, "drafted")
    asked = ledger.reviews.asked_anew(case.case_id)
    assert asked is not None
    assert (asked.by, asked.hint) == ("maya", "shorter"), "tom's is written already"
    assert ledger.reviews.asked_anew(held(ledger, 2).case_id) is None
    assert bell is not None
    for waiting in ledger.doorbells.due(5):
        claimed = ledger.doorbells.claim(waiting, LEASE)
        assert claimed is not None
        ledger.doorbells.finish(waiting, claimed.epoch, "drafted")
    assert ledger.reviews.asked_anew(case.case_id) is None


def test_an_approval_that_was_stopped_is_told_to_whoever_gave_it_last_until_she_has_heard(ledger: Ledger) -> None:
    case, other, mine, later = (held(ledger, number) for number in (1, 2, 3, 4))
    approve(ledger, case, timedelta(0))
    approve(ledger, other)
    assert ledger.reviews.undo(other.case_id, "tom")
    approve(ledger, mine)
    assert ledger.reviews.undo(mine.case_id, "maya")  # she knows
    assert ledger.cases.advance(
        case.case_id, Status.APPROVED, Status.HANDED_OVER, None, reasons=["Not sent: the ticket was closed."]
    )
    assert ledger.reviews.not_sent("tom") == []
    told = ledger.reviews.not_sent("maya")
    assert ledger.reviews.not_sent("maya") == told, "the answer may have been lost"
    assert [(one.ticket_id, one.reason, one.by) for one in told] == [
        (2, "", "tom"),
        (1, "Not sent: the ticket was closed.", "deskhand"),
    ]
    ledger.reviews.heard("tom", [one.move_id for one in told])
    ledger.reviews.heard("maya", [told[1].move_id])
    assert ledger.reviews.not_sent("maya") == told[:1]
    ledger.reviews.heard("maya", range(told[0].move_id, told[0].move_id + 50))
    ledger.reviews.heard("maya", [told[1].move_id, 9_999_999_999])
    assert ledger.reviews.not_sent("maya") == []
    approve(ledger, later)
    assert ledger.cases.advance(later.case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=["Not sent."])
    assert [one.ticket_id for one in ledger.reviews.not_sent("maya")] == [4], "nobody has heard of tomorrow's"


@pytest.mark.postgres
def test_a_stop_that_is_committed_after_a_later_one_was_heard_of_is_told_too(postgres: PostgresServer) -> None:
    empty(postgres)
    ledger = open_ledger(postgres.url())
    slow, quick = held(ledger, 1), held(ledger, 2)
    for case in (slow, quick):
        approve(ledger, case)
    with ledger.writing() as at_work:
        assert move(at_work, slow.case_id, Status.APPROVED, Status.SUPERSEDED, by="deskhand", reasons=["Not sent."])
        assert ledger.cases.advance(quick.case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=["Not sent."])
        [told] = ledger.reviews.not_sent("maya")
        ledger.reviews.heard("maya", [told.move_id])
    [late] = ledger.reviews.not_sent("maya")
    assert (told.ticket_id, late.ticket_id) == (2, 1)
    assert late.at < told.at
    ledger.reviews.heard("maya", [late.move_id])
    assert ledger.reviews.not_sent("maya") == []
    ledger.close()


def test_who_approved_last_elsewhere_makes_no_difference(ledger: Ledger) -> None:
    hers, his = held(ledger, 1), held(ledger, 2)
    approve(ledger, hers)
    approve(ledger, his, user="tom")
    for case in (hers, his):
        assert ledger.cases.advance(case.case_id, Status.APPROVED, Status.SUPERSEDED, None, reasons=["Not sent."])
    assert [[one.ticket_id for one in ledger.reviews.not_sent(user)] for user in ("maya", "tom")] == [[1], [2]]


def test_edits_and_requests_for_another_draft_are_told_by_case_with_who_and_which_hint(ledger: Ledger) -> None:
    case, other = held(ledger, 1), held(ledger, 2)
    draft_id = ledger.reviews.edit(case.case_id, newest_draft(ledger, case), a_draft("Mine."), "meera")
    ledger.reviews.redraft(case.case_id, "shorter", "tom")
    ledger.reviews.redraft(other.case_id, "longer", "tom")
    done = [(one["user"], one["action"], one["detail"]) for one in ledger.reviews.done_on(case.case_id)]
    assert done == [("meera", "edit", draft_id), ("tom", "redraft", "shorter")]
