"""With Redis gone, a worker finds its work in the ledger; with Redis there, it leaves the ledger to the queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from worker import metrics
from worker.errors import Retryable
from worker.standby import LINGER_SECONDS, Row, Standby

PATIENCE = 30  # seconds for what comes at once


class Place:
    """A ledger, a queue and somebody who works, all of them told how to behave."""

    def __init__(self, threads: int = 2) -> None:
        self.now = 100.0
        self.queue_answers = False
        self.ledger_answers = True
        self.rows: list[Row] = []
        self.begun: list[Row] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.standby = Standby(
            lambda: self.queue_answers, self._due, self._work, threads=threads, clock=lambda: self.now
        )

    def settle(self) -> None:
        """What is under way ends."""
        self.may_end.set()
        for future in self.standby._under_way.values():
            future.result(PATIENCE)

    def _due(self, limit: int) -> list[Row]:
        if not self.ledger_answers:
            raise Retryable("locked", part="ledger")
        return self.rows[:limit]

    def _work(self, queue: str, row: str) -> None:
        self.begun.append((queue, row))
        self.may_end.wait(PATIENCE)
        self.rows.remove((queue, row))


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.settle()


DRAFTS: list[Row] = [("draft", f"d{number}") for number in range(4)]


def test_while_the_queue_answers_rows_are_left_to_it(place: Place) -> None:
    place.queue_answers, place.rows = True, list(DRAFTS)
    assert place.standby.once() == 0
    assert place.begun == []


def test_while_the_queue_is_away_due_rows_are_worked_on(place: Place) -> None:
    place.rows = [("deliver", "s1"), ("draft", "d1")]
    assert place.standby.once() == 2
    place.settle()
    assert sorted(place.begun) == [("deliver", "s1"), ("draft", "d1")]
    assert metrics.STANDBY._value.get() == 1


def test_no_row_is_begun_twice_and_none_waits_behind_others(place: Place) -> None:
    place.may_end.clear()
    place.rows = list(DRAFTS)
    assert [place.standby.once() for _ in range(3)] == [2, 0, 0]
    place.settle()
    assert place.standby.once() == 2
    place.settle()
    assert sorted(place.begun) == DRAFTS


def test_it_goes_on_until_the_queues_own_consumer_is_back_too(place: Place) -> None:
    place.standby.once()
    place.queue_answers, place.rows = True, [("draft", "d1")]
    place.now += LINGER_SECONDS - 1
    assert place.standby.once() == 1
    place.settle()
    place.now += 1
    place.rows = [("draft", "d2")]
    assert place.standby.once() == 0
    assert metrics.STANDBY._value.get() == 0


def test_where_nobody_listens_to_the_queue_any_more_its_answer_does_not_count(place: Place) -> None:
    place.queue_answers, place.rows = True, [("draft", "d1")]
    place.standby.hold(10)
    assert place.standby.once() == 1


def test_a_ledger_that_fails_is_asked_again(place: Place) -> None:
    place.ledger_answers, place.rows = False, [("draft", "d1")]
    stop = threading.Event()
    running = threading.Thread(target=place.standby.run, args=(stop,), kwargs={"seconds": 0.01})
    running.start()
    place.ledger_answers = True
    while place.rows:
        assert running.is_alive()
    stop.set()
    running.join(PATIENCE)
    assert place.begun == [("draft", "d1")]
