"""The sweep: what the queue missed is put on it, not again and again, and it is told how late we are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from tests.redis_server import running_redis
from worker.adapters.memory import MemoryLedger
from worker.bootstrap import queue_lengths
from worker.dispatcher import NOTE, REMEMBER, Sweep
from worker.models import Ring
from worker.queues import DRAFT
from worker.settings import Settings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def a_sweep() -> tuple[Sweep, MemoryLedger, list[tuple[str, str]], Clock]:
    ledger, queued, clock = MemoryLedger(), [], Clock()
    sweep = Sweep(ledger, lambda queue, row: queued.append((queue, row)), clock, lambda queue: 0)
    return sweep, ledger, queued, clock


def test_a_doorbell_that_no_queue_ever_heard_of_is_put_on_one():
    sweep, ledger, queued, _ = a_sweep()
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 1)

    assert sweep.once() == 1
    assert queued == [(DRAFT, doorbell_id)]


def test_a_slow_queue_is_not_filled_with_the_same_ids():
    sweep, ledger, queued, clock = a_sweep()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)

    sweep.once()
    clock.time += REMEMBER / 2
    assert sweep.once() == 0
    clock.time += REMEMBER
    assert sweep.once() == 1
    assert len(queued) == 2


def test_while_others_wait_on_the_queue_a_webhooks_own_word_is_waited_for():
    ledger, queued, clock = MemoryLedger(), [], Clock()
    waiting = {DRAFT: 5}
    sweep = Sweep(ledger, lambda queue, row: queued.append(row), clock, lambda queue: waiting[queue])
    announced = ledger.doorbells.ring(Ring.WEBHOOK, 1)
    nobody_told = ledger.doorbells.ring(Ring.RECHECK, 2)

    sweep.once()
    assert queued == [nobody_told]
    waiting[DRAFT] = 0
    sweep.once()
    assert queued == [nobody_told, announced], "nothing is on the queue, so its message is lost"


def test_how_many_wait_is_asked_of_the_redis_that_celery_uses(tmp_path: Path):
    with running_redis(tmp_path) as redis:
        redis.client.lpush(DRAFT, "one", "another")
        assert queue_lengths(Settings(redis_url=redis.url))(DRAFT) == 2


def test_where_the_webhooks_own_word_does_not_come_in_time_it_is_lost():
    clock, queued = Clock(), []
    ledger = MemoryLedger(clock)
    sweep = Sweep(ledger, lambda queue, row: queued.append(row), clock, lambda queue: 5)
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 1)

    sweep.once()
    assert queued == []
    clock.time += REMEMBER
    sweep.once()
    assert queued == [doorbell_id]


def test_it_says_now_and_then_that_it_is_there():
    sweep, ledger, _, clock = a_sweep()
    noted: list[datetime] = []
    ledger.doorbells.note_sweep = lambda: noted.append(clock.time)  # type: ignore[method-assign]
    for _ in range(5):
        sweep.once()
        clock.time += NOTE / 2

    assert noted == [NOON, NOON + NOTE, NOON + 2 * NOTE]


def test_a_clock_that_is_put_back_does_not_silence_it_for_as_long():
    sweep, ledger, _, clock = a_sweep()
    noted: list[datetime] = []
    ledger.doorbells.note_sweep = lambda: noted.append(clock.time)
    sweep.once()
    clock.time -= timedelta(hours=1)
    sweep.once()
    assert len(noted) == 2


def test_it_tells_how_late_it_is_once_for_each_row():
    sweep, ledger, _, _ = a_sweep()
    ledger.doorbells.ring(Ring.WEBHOOK, 1)

    with capture_logs() as logs:
        sweep.once()
        sweep.once()

    [told] = [entry for entry in logs if entry["event"] == "swept"]
    assert told["rows"] == 1
    assert told["oldest_seconds"] >= 0


def test_a_row_behind_a_long_line_is_put_on_the_queue_with_the_others():
    """Workers are busy with what came before; a message whose hint was lost is not to wait for all of it."""
    sweep, ledger, queued, _ = a_sweep()
    for ticket in range(600):
        ledger.doorbells.ring(Ring.WEBHOOK, ticket)

    assert sweep.once() == 600
    last = ledger.doorbells.ring(Ring.WEBHOOK, 600)
    sweep.once()

    assert queued[-1] == (DRAFT, last)


def test_a_row_is_late_since_its_lease_ran_out_and_not_since_it_rang():
    _, ledger, _, _ = a_sweep()
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, 1)
    assert ledger.doorbells.claim(doorbell_id, timedelta(hours=1))

    assert ledger.doorbells.late([doorbell_id]) == timedelta(0)
