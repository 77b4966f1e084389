"""What a lead's decision leaves behind to learn from, through the review desk itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import a_finding, a_verdict
from tests.console.seed import FINDINGS, LETTER, PARTS, a_conversation, a_full_trace, a_ledger, a_letter_draft, hold
from tests.support.test_review import a_review_desk, approve, edit, newest
from worker.adapters.store.ledger import SqlLedger
from worker.errors import Retryable
from worker.models import Part, Sentence, Status, Treatment
from worker.ports.figures import Learnt
from worker.support import review
from worker.support.compose import Judged


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def stored(ledger: SqlLedger) -> list[Learnt]:
    now = datetime.now(UTC)
    return list(ledger.figures.learnt((now - timedelta(hours=1), now + timedelta(hours=1)), 50))


def typed(ledger: SqlLedger, case_id: str) -> str:
    return review.typed_text(newest(ledger, case_id)[1], LETTER)


def test_a_draft_approved_in_spite_of_its_findings_names_what_was_overruled(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    review.opened(desk, case_id, "maya")
    assert approve(desk, case_id).done

    [kept] = stored(ledger)
    assert (kept.treatment, kept.decision, kept.standing) == (Treatment.UNTOUCHED, "approved", ("answered", "exact"))
    assert kept.seconds is not None


def test_a_corrected_figure_is_a_light_touch_and_its_finding_mended(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger, judge=lambda *_: Judged((FINDINGS[1],)))
    case_id = hold(ledger)
    assert edit(desk, case_id, typed(ledger, case_id).replace("3 working", "2 working")).done
    assert approve(desk, case_id).done

    [kept] = stored(ledger)
    assert (kept.treatment, kept.decision) == (Treatment.LIGHT, "approved")
    assert [(c.kind, c.words) for c in kept.difference if c.kind != "same"] == [("out", "3"), ("in", "2")]
    assert (kept.found, kept.standing) == (("answered", "exact"), ("answered",))


def test_greeting_and_sign_off_are_not_counted(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    short = (Part(question="When?", sentences=(Sentence(text="Tomorrow."),)),)
    case_id = hold(ledger, draft=a_letter_draft(short))
    assert edit(desk, case_id, "Today.").done
    assert approve(desk, case_id).done

    [kept] = stored(ledger)
    assert (kept.treatment, kept.share) == (Treatment.REWRITTEN, 1.0)


def test_a_redraft_that_is_approved_as_it_is_was_left_untouched(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    assert edit(desk, case_id, "What I made of it.").done
    asked = review.redraft(desk, case_id, "shorter", "maya")
    doorbell = ledger.doorbells.claim(asked.made, timedelta(minutes=1))
    thread = a_conversation(1, "<p>When will my withdrawal reach my bank?</p>")
    assert doorbell is not None
    case = ledger.cases.open(thread, "c2", doorbell, timedelta(minutes=1))
    assert case is not None
    again = a_letter_draft(PARTS[:1], findings=(a_finding("fits"),))
    trace = a_full_trace()
    ledger.cases.conclude(
        case_id, case.epoch, Status.HELD, verdict=a_verdict(), trace=trace, thread=thread, draft=again
    )  # fmt: skip
    assert approve(desk, case_id).done

    kept, edited = stored(ledger)
    assert (kept.treatment, kept.round, kept.standing) == (Treatment.UNTOUCHED, 2, ("fits",))
    assert (edited.decision, edited.treatment, edited.round) == ("edited", Treatment.REWRITTEN, 1)


def test_a_rejection_is_kept_with_its_reason_and_what_was_found(ledger: SqlLedger):
    desk, _ = a_review_desk(ledger)
    case_id = hold(ledger)
    assert review.reject(desk, case_id, newest(ledger, case_id)[0], " It misses the point. ", "maya").done

    [kept] = stored(ledger)
    assert (kept.treatment, kept.reason) == (Treatment.REJECTED, "It misses the point.")
    assert kept.found == ("answered", "exact")


def test_a_case_is_shown_also_when_nobody_can_write_down_who_looks(ledger: SqlLedger, monkeypatch):
    def locked(*_: object) -> None:
        raise Retryable("database is locked", part="ledger")

    desk, _ = a_review_desk(ledger)
    monkeypatch.setattr(ledger.reviews, "opened", locked)
    review.opened(desk, hold(ledger), "maya")
