"""Rows are put on the queue behind the caller's back; a queue that hangs or fails costs hints, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from queue import Queue

from structlog.testing import capture_logs

from worker.adapters.hints import PAUSE, ROOM, Hints
from worker.settings import ROOT

PATIENCE = 30  # seconds for what comes at once


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Broker:
    """What a row meets at the other end."""

    def __init__(self) -> None:
        self.put: Queue[str] = Queue()
        self.asked: Queue[str] = Queue()
        self.well = threading.Event()
        self.well.set()
        self.down = False

    def __call__(self, queue: str, row: str) -> None:
        self.asked.put(row)
        self.well.wait()
        if self.down:
            raise ConnectionError("nobody listens")
        self.put.put(row)


def test_rows_arrive_in_the_order_in_which_they_were_given() -> None:
    broker = Broker()
    hints = Hints(broker)
    for number in range(20):
        hints("draft", f"d{number}")
    assert [broker.put.get(timeout=PATIENCE) for _ in range(20)] == [f"d{n}" for n in range(20)]


def test_nobody_waits_for_a_broker_that_hangs_and_what_has_no_room_is_let_go() -> None:
    broker, lost = Broker(), []
    broker.well.clear()
    hints = Hints(broker, on_lost=lambda: lost.append(1))
    hints("draft", "first")
    broker.asked.get(timeout=PATIENCE)
    for number in range(ROOM + 7):
        hints("draft", f"d{number}")
    assert len(lost) == 7
    broker.well.set()


def test_after_a_failure_nothing_is_tried_for_a_moment_and_then_it_goes_on() -> None:
    broker, clock, lost = Broker(), Clock(), Queue[int]()
    broker.down = True
    hints = Hints(broker, on_lost=lambda: lost.put(1), clock=clock)
    with capture_logs() as logs:
        for number in range(5):
            hints("draft", f"d{number}")
        for _ in range(5):
            lost.get(timeout=PATIENCE)
    assert broker.asked.qsize() == 1
    assert [(entry["event"], entry["queue"]) for entry in logs] == [("enqueue_failed", "draft")]
    broker.down = False
    clock.now += PAUSE
    hints("draft", "later")
    assert broker.put.get(timeout=PATIENCE) == "later"


HANGING = """
import threading
from worker.adapters.hints import Hints
begun = threading.Event()
hints = Hints(lambda queue, row: (begun.set(), threading.Event().wait()))
hints("draft", "d1")
begun.wait()
"""


def test_a_process_ends_although_its_broker_hangs() -> None:
    assert subprocess.run([sys.executable, "-c", HANGING], cwd=ROOT, timeout=240, check=False).returncode == 0
