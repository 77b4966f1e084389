"""The limiter at an account that others use too: what it leaves unused, and whom it leaves without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.redis_server import running_redis
from worker.adapters.pace import LocalPace, SharedPace
from worker.bench.limiter import Clock, figures_of, play
from worker.bench.run import main


@pytest.mark.parametrize("seed", [1, 2])
def test_nearly_all_that_others_and_the_reserve_leave_is_used_and_nobody_is_turned_away(seed: int) -> None:
    clock = Clock()
    told = figures_of(play([LocalPace(clock)], clock, minutes=5, seed=seed))
    assert told["used_share"] >= 0.95
    assert 0.15 < told["used_by_others"] < 0.25
    assert (told["refused_429"], told["lost"], told["others_refused"]) == (0, 0, 0)
    assert told["reserve_left"] > 0


def test_processes_that_share_the_figures_do_as_well_together(tmp_path: Path) -> None:
    clock = Clock()
    with running_redis(tmp_path) as server:
        paces = [SharedPace(server.url, clock=clock, now=clock) for _ in range(2)]
        told = figures_of(play(paces, clock, minutes=3))
    assert told["used_share"] >= 0.95
    assert (told["refused_429"], told["lost"], told["others_refused"]) == (0, 0, 0)


def test_the_suite_tells_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limiter", "--minutes", "1", "--repeats", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"allowance", "used_by_others", "used_share", "refused_429", "lost", "reserve_left"} <= told.keys()
    assert told["allowance"] == 400


def test_others_who_leave_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limiter", "--others", "0.95", "--json"]) == 2
    assert "leave something" in capsys.readouterr().err
