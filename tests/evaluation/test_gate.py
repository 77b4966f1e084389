"""The suite that plays the gate on made-up desks: its promises, with a few seeds that are always the same."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from worker.evaluation.gate import WORLDS, outcomes_to_step_down, steps_down
from worker.evaluation.gate_worlds import fell, left_alone, play, reviewed
from worker.evaluation.run import main
from worker.models import Rung


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    from _pytest.capture import SysCapture

    out = SysCapture(1)
    out.start()
    try:
        assert main(["gate", "--seeds", "6", "--quiet"]) == 0
        return dict(json.loads(str(out.snap()).splitlines()[-1]))
    finally:
        out.done()


def test_the_budget_is_kept_and_harm_is_seen(figures: dict[str, float]) -> None:
    assert figures["n"] == 6
    assert figures["budget_held"] >= 0.8
    assert figures["mixed_opened"] == 1.0
    assert figures["mixed_alone_at_last"] > 0.2
    assert figures["good_alone_at_last"] > 0.8
    assert figures["calibration_error"] < 0.02
    assert figures["harm_seen_after_p50"] < figures["stated_sample"]


def test_harm_is_seen_within_the_stated_sample_and_half_the_budget_is_not_taken_for_it() -> None:
    draw = np.random.default_rng(11)
    assert sum(steps_down(reviewed(draw.random(1_000) < 0.03)) for _ in range(200)) >= 0.95 * 200
    assert sum(steps_down(reviewed(draw.random(2_000) < 0.01)) for _ in range(200)) <= 0.05 * 200


@pytest.mark.parametrize("reported", [0.0, 0.1, 0.3, 1.0])
def test_reports_of_harm_do_not_make_half_the_budget_look_like_harm(reported: float) -> None:
    """Nobody reports the right ones, so they are no sample."""
    draw = np.random.default_rng(12)
    assert sum(steps_down(left_alone(draw, 0.01, 2_000, reported)) for _ in range(60)) <= 0.05 * 60
    assert sum(steps_down(left_alone(draw, 0.03, 1_000, reported)) for _ in range(60)) >= 0.95 * 60


def test_the_outcomes_to_a_step_down_are_counted_to_the_one() -> None:
    stream = np.zeros(200, dtype=bool)
    stream[[20, 22, 24, 26, 28, 30, 32, 34]] = True
    at = outcomes_to_step_down(stream)
    assert steps_down(reviewed(stream[:at]))
    assert not steps_down(reviewed(stream[: at - 1]))
    assert outcomes_to_step_down(np.zeros(50, dtype=bool)) == 51


def test_a_kind_that_turns_bad_falls_and_has_to_earn_it_again() -> None:
    played = play(replace(WORLDS["good"], turns_bad=(70, 0.3), refit=10), 3)
    assert fell(played.moves)
    after = [move.after.rung for move in played.moves]
    assert after[: after.index(Rung.FIVE) + 1] == [Rung.REVIEW, Rung.FIVE]
    assert after[-1] is Rung.REVIEW
