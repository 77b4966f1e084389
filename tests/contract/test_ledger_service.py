"""What every ledger tells of the service itself: what waits, what is late, what is in doubt, who is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.builders import minutes
from tests.contract.steps import LEASE, RUN_OUT, approved, claimed, held, opened, posting
from worker.models import Ring, SendState, Status
from worker.ports import Ledger
from worker.ports.figures import Waiting


def test_what_waits_to_be_drafted_is_told_from_what_is_due(ledger: Ledger) -> None:
    assert ledger.figures.drafting() == Waiting()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)
    claimed(ledger, 2)
    later = claimed(ledger, 3)
    ledger.doorbells.park(later.doorbell_id, later.epoch, minutes(5), "Groq is away", failed=False)
    done = claimed(ledger, 4)
    ledger.doorbells.finish(done.doorbell_id, done.epoch, "case")
    ledger.doorbells.ring(Ring.WEBHOOK, None, raw=b"?")

    found = ledger.figures.drafting()
    assert (found.rows, found.due) == (3, 1)
    assert 0 <= found.late < 60


def test_what_waits_to_be_sent_counts_until_it_has_ended(ledger: Ledger) -> None:
    approved(ledger, 1)
    send = posting(ledger, 2)
    held(ledger, 3)

    found = ledger.figures.sending()
    assert (found.rows, found.due) == (2, 1)
    ledger.sends.strand(send.send_id, send.epoch, "still in doubt")
    assert ledger.figures.sending().rows == 2, "the reply has ended, and a note about it waits"


def test_the_oldest_case_that_has_not_ended_is_named(ledger: Ledger) -> None:
    assert ledger.figures.oldest_unended() is None
    held(ledger, 1)
    oldest = opened(ledger, 2)
    approved(ledger, 3)

    found = ledger.figures.oldest_unended()
    assert found is not None
    assert (found.case_id, found.status) == (oldest.case_id, Status.OPEN)


def test_sends_in_doubt_are_listed_as_they_are_counted(ledger: Ledger) -> None:
    posting(ledger, 1)
    stranded = posting(ledger, 2)
    ledger.sends.strand(stranded.send_id, stranded.epoch, "still in doubt after 3 attempts")
    _, abandoned = approved(ledger, 3)
    send = ledger.sends.claim(abandoned, LEASE)
    assert send is not None
    assert ledger.sends.intend(abandoned, send.epoch)
    ledger.sends.park(abandoned, send.epoch, timedelta(0), "no answer", failed=False, nothing_left=False)

    found = ledger.figures.doubtful(10)

    assert [(one.ticket_id, one.state) for one in found] == [(2, SendState.STRANDED), (3, SendState.POSTING)]
    assert found[0].remark == "still in doubt after 3 attempts"
    assert len(found) == ledger.sends.in_doubt()
    assert len(ledger.figures.doubtful(1)) == 1


def test_a_lease_that_ran_out_is_due_again(ledger: Ledger) -> None:
    claimed(ledger, 1, RUN_OUT)
    found = ledger.figures.drafting()
    assert (found.rows, found.due) == (1, 1)


def test_the_dispatcher_is_heard_of(ledger: Ledger) -> None:
    assert ledger.doorbells.last_sweep() is None
    assert ledger.doorbells.since_sweep() is None
    ledger.doorbells.note_sweep()
    ledger.doorbells.note_sweep()

    swept = ledger.doorbells.last_sweep()
    assert swept is not None
    assert abs(datetime.now(UTC) - swept) < timedelta(minutes=1)
    since = ledger.doorbells.since_sweep()
    assert since is not None
    assert abs(since) < timedelta(minutes=1)
    assert ledger.doorbells.poll_mark() is None, "the poller's mark is another"
