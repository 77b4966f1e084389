"""Doorbells: what every ledger promises about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.builders import NOON, minutes
from tests.contract.steps import LEASE, RUN_OUT, all_at_once, claimed
from worker.models import Ring
from worker.ports import Ledger


def test_a_rung_doorbell_is_due_until_somebody_claims_it(ledger: Ledger) -> None:
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 42)

    assert ledger.doorbells.due(10) == [doorbell_id]
    doorbell = ledger.doorbells.claim(doorbell_id, LEASE)

    assert doorbell is not None
    assert (doorbell.ticket_id, doorbell.ring, doorbell.tries, doorbell.epoch) == (42, Ring.WEBHOOK, 0, 1)
    assert abs(doorbell.received_at - datetime.now(UTC)) < minutes(1)
    assert ledger.doorbells.due(10) == []
    assert ledger.doorbells.claim(doorbell_id, LEASE) is None


def test_twenty_threads_ring_for_one_claim_and_one_wins(ledger: Ledger) -> None:
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 42)

    won = all_at_once(20, lambda _: ledger.doorbells.claim(doorbell_id, LEASE))

    assert [one.epoch for one in won if one is not None] == [1]


def test_an_unknown_doorbell_cannot_be_claimed(ledger: Ledger) -> None:
    assert ledger.doorbells.claim("d-nobody", LEASE) is None


def test_a_doorbell_whose_worker_died_is_due_again_and_the_dead_one_writes_nothing(ledger: Ledger) -> None:
    dead = claimed(ledger, lease=RUN_OUT)

    assert ledger.doorbells.due(10) == [dead.doorbell_id]
    heir = ledger.doorbells.claim(dead.doorbell_id, LEASE)

    assert heir is not None
    assert heir.epoch == dead.epoch + 1
    assert not ledger.doorbells.finish(dead.doorbell_id, dead.epoch, "case")
    assert not ledger.doorbells.park(dead.doorbell_id, dead.epoch, minutes(0), "late", failed=True)
    assert ledger.doorbells.finish(heir.doorbell_id, heir.epoch, "case")


def test_a_lease_runs_out_by_itself(ledger: Ledger) -> None:
    held = claimed(ledger, lease=timedelta(milliseconds=50))

    again = None
    while again is None:
        again = ledger.doorbells.claim(held.doorbell_id, LEASE)

    assert again.epoch == held.epoch + 1


def test_a_finished_doorbell_never_rings_again(ledger: Ledger) -> None:
    doorbell = claimed(ledger, lease=RUN_OUT)

    assert ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")

    assert ledger.doorbells.due(10) == []
    assert ledger.doorbells.claim(doorbell.doorbell_id, LEASE) is None
    assert not ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "case")


def test_a_parked_doorbell_waits_its_time(ledger: Ledger) -> None:
    doorbell = claimed(ledger)

    assert ledger.doorbells.park(doorbell.doorbell_id, doorbell.epoch, minutes(5), "Freshdesk is down", failed=False)

    assert ledger.doorbells.due(10) == []
    assert ledger.doorbells.claim(doorbell.doorbell_id, LEASE) is None


def test_only_a_failure_counts_as_a_try(ledger: Ledger) -> None:
    tries = []
    doorbell = claimed(ledger)
    for failed in (False, True, True):
        assert ledger.doorbells.park(doorbell.doorbell_id, doorbell.epoch, minutes(0), "again", failed=failed)
        again = ledger.doorbells.claim(doorbell.doorbell_id, LEASE)
        assert again is not None
        doorbell = again
        tries.append(doorbell.tries)

    assert tries == [0, 1, 2]


def test_the_oldest_due_doorbells_come_first(ledger: Ledger) -> None:
    rung = [ledger.doorbells.ring(Ring.POLLER, ticket_id) for ticket_id in range(5)]

    assert ledger.doorbells.due(3) == rung[:3]


def test_a_payload_without_a_ticket_is_kept_for_ops_and_never_claimed(ledger: Ledger) -> None:
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, None, raw=b"{not \x00 json")

    [(kept_id, received_at, raw)] = ledger.doorbells.unreadable(10)
    assert (kept_id, raw) == (doorbell_id, b"{not \x00 json")
    assert received_at.tzinfo is not None
    assert ledger.doorbells.due(10) == []
    assert ledger.doorbells.claim(doorbell_id, LEASE) is None


def test_a_redraft_carries_its_case_and_the_hint(ledger: Ledger) -> None:
    doorbell = claimed(ledger, ring=Ring.REDRAFT, case_id="c1", hint="shorter, please")

    assert (doorbell.case_id, doorbell.hint) == ("c1", "shorter, please")


def test_the_poller_reads_on_where_it_stopped(ledger: Ledger) -> None:
    assert ledger.doorbells.poll_mark() is None

    ledger.doorbells.set_poll_mark(NOON)
    ledger.doorbells.set_poll_mark(NOON + minutes(2))

    assert ledger.doorbells.poll_mark() == NOON + minutes(2)


def test_a_change_counts_as_seen_if_a_doorbell_came_after_it(ledger: Ledger) -> None:
    claimed(ledger, 42)
    now = datetime.now(UTC)

    assert ledger.doorbells.seen(42, now - minutes(1))
    assert not ledger.doorbells.seen(42, now + minutes(1))
    assert not ledger.doorbells.seen(43, now - minutes(1))


def test_a_doorbell_that_nobody_has_claimed_yet_counts_as_one_that_comes_later(ledger: Ledger) -> None:
    later = datetime.now(UTC) + minutes(1)
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 42)

    assert ledger.doorbells.seen(42, later)
    doorbell = ledger.doorbells.claim(doorbell_id, LEASE)

    assert doorbell is not None
    assert not ledger.doorbells.seen(42, later), "its worker may have read the thread already"


def test_how_late_we_are_is_told_by_what_has_been_due_longest(ledger: Ledger) -> None:
    rung, held = ledger.doorbells.ring(Ring.WEBHOOK, 42), claimed(ledger, 43, lease=-minutes(5))

    assert ledger.doorbells.late([]) == minutes(0)
    assert ledger.doorbells.late([rung]) < minutes(1)
    assert ledger.doorbells.late([rung, held.doorbell_id]) < minutes(1), "due since it rang, whatever its lease says"


def test_what_a_webhook_rang_a_moment_ago_is_told_apart_until_somebody_claims_it(ledger: Ledger) -> None:
    rung, taken = (ledger.doorbells.ring(Ring.WEBHOOK, ticket) for ticket in (42, 43))
    for ring in (Ring.POLLER, Ring.RECHECK, Ring.REDRAFT):
        ledger.doorbells.ring(ring, 44)
    parked = ledger.doorbells.claim(taken, minutes(5))
    assert parked is not None
    ledger.doorbells.park(taken, parked.epoch, minutes(0), "a limit", failed=False)

    assert set(ledger.doorbells.announced(minutes(5))) == {rung}
    assert set(ledger.doorbells.announced(-minutes(5))) == set(), "it was rung before that"
