"""What a soak says of made-up values: what stays, what only rocks, and what grows."""

from __future__ import annotations

import os
import threading

import pytest

from worker.bench.soak import Look, drift, figures, look

ROCKING = [0.0, 3.0, -2.0, 1.0, -3.0, 2.0, -1.0, 0.0, 2.0, -2.0, 1.0, -1.0]


def test_memory_that_rocks_about_one_value_is_flat():
    told = drift([400 + each for each in ROCKING], 200, "pss_mb")
    assert told["flat"]
    assert told["per_1000_ci90"][0] < 0 < told["per_1000_ci90"][1]


def test_six_kilobytes_a_ticket_are_seen_through_the_rocking():
    told = drift([400 + 1.2 * n + each for n, each in enumerate(ROCKING)], 200, "pss_mb")
    assert not told["flat"]
    assert told["per_1000"] == pytest.approx(6.0, abs=1.0)
    assert told["in_8_hours"] > 500


def test_a_descriptor_left_open_for_each_hundred_tickets_is_seen():
    assert not drift([40 + 2 * n for n in range(12)], 200, "fds")["flat"]
    assert drift([40, 42, 41, 42, 41, 42, 42, 41, 42, 41, 42, 41], 200, "fds")["flat"]


def test_what_grows_is_named_and_the_sandbox_is_left_out():
    def at(n: int) -> dict[str, Look]:
        still = Look(100.0, 120.0, 20, 8)
        return {"worker-1": Look(400.0, 500.0 + n, 30, 40 + n), "webhook": still, "sandbox": Look(50.0 + n, 60.0, 9, 3)}

    told = figures([at(n) for n in range(8)], 100, 50)
    assert (told["flat"], told["grows"]) == (False, ["worker-1 threads"])
    assert (told["tickets"], told["worker_rss_mb"], told["stack_pss_mb"]) == (800, 507.0, 557.0)
    assert set(told["by_process"]) == {"worker-1", "webhook"}


def test_a_look_counts_what_a_process_has_open_and_how_many_threads_it_has():
    before = look(os.getpid())
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    with open(os.devnull):
        after = look(os.getpid())
    ended.set()
    thread.join()
    assert (after.fds - before.fds, after.threads - before.threads) == (1, 1)
    assert 0 < after.pss_mb <= after.rss_mb
