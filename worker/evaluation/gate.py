"""The gate on made-up desks, over many seeds: whether it keeps what it promises, and how soon it sees harm.

Everything is decided by the production code in support/earning; the worlds are gate_worlds.py's. Needs no files.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.evaluation.figures import rounded
from worker.evaluation.gate_worlds import START, Played, World, fell, left_alone, play, reviewed
from worker.evaluation.suite import Figures, Screen, Suite
from worker.models import ReplyKind, Rung, Standing
from worker.support.earning.calibration import calibration_error, curve
from worker.support.earning.history import History, evidence
from worker.support.earning.ladder import step_down

SEEDS = 1_000
BUDGET = 2.0
STATED_SAMPLE = 1_000  # outcomes within which 3 % against a budget of 2 % is to be seen
RUN = 2_000  # outcomes of a run in which 1 % is not to be taken for harm
REPORTED = (0.0, 0.1, 0.3, 1.0)  # of the wrong replies that left alone
CALM_BEFORE = 1_000  # outcomes that were fine, where the harm begins late


def _odds(rate: float) -> float:
    return math.log(rate / (1 - rate))


WORLDS = {
    # Every draft is a little worse than the budget: whatever opens breaks the promise.
    "edge": World(odds=(_odds(0.0205),), nights=150, refit=5),
    # A kind that is fine as a whole, one with a part that is, one that is not; the features tell them apart.
    "mixed": World(odds=(_odds(0.004), _odds(0.015), _odds(0.06)), weights=(1.0, 0.5, 0.5, 0.3), refit=5),
    "good": World(odds=(_odds(0.005),), refit=5),
}


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    figures: dict[str, Any] = {"n": options.seeds, "budget": BUDGET / 100}
    for name, world in WORLDS.items():
        played = []
        for seed in range(options.seeds):
            played.append(play(world, options.seed + seed))
            screen.tick(name, seed + 1, options.seeds)
        figures |= {f"{name}_{figure}": value for figure, value in _of_world(played, world).items()}
    figures["budget_held"] = min(figures[f"{name}_held"] for name in WORLDS)
    figures["calibration_error"] = figures["mixed_calibration_error"]
    figures |= _of_harm(options.seeds, options.seed)
    return figures


def _of_world(played: Sequence[Played], world: World) -> Figures:
    """`held`: the share of seeds in which, of all that left alone, no more than the budget was wrong in expectation.
    `never_over`: in which no open part of any kind was worse than the budget on any night."""
    opened = [one.first_opened for one in played if one.first_opened is not None]
    together = curve(np.concatenate([one.risk for one in played]), np.concatenate([one.wrong for one in played]))
    alone, drafts = sum(one.alone for one in played), sum(one.drafts for one in played)
    return {
        "held": float(np.mean([one.expected_wrong * 100 <= world.budget * one.alone for one in played])),
        "never_over": float(np.mean([not one.over for one in played])),
        "opened": len(opened) / len(played),
        "nights_to_open": float(np.median(opened)) if opened else None,
        "alone": rounded(alone / drafts),
        "alone_at_last": rounded(sum(one.late[1] for one in played) / max(1, sum(one.late[0] for one in played))),
        "wrong_alone": rounded(sum(one.expected_wrong for one in played) / alone) if alone else None,
        "stepped_down": float(np.mean([fell(one.moves) for one in played])),
        "calibration_error": rounded(calibration_error(together)),
        "calibration_error_of_a_seed": rounded(
            float(np.mean([calibration_error(curve(one.risk, one.wrong)) or 0.0 for one in played]))
        ),
    }


def _of_harm(seeds: int, seed: int) -> Figures:
    """Streams of outcomes of a kind that is open, from its opening on."""
    draw = np.random.default_rng(seed)
    harmful = [draw.random(4 * STATED_SAMPLE) < 0.03 for _ in range(seeds)]
    late = [np.concatenate([draw.random(CALM_BEFORE) < 0.005, draw.random(STATED_SAMPLE) < 0.03]) for _ in range(seeds)]
    safe = [draw.random(RUN) < 0.01 for _ in range(seeds)]
    reported: dict[str, float] = {}
    for share in REPORTED:
        name = f"reported_{100 * share:.0f}"
        found = [steps_down(left_alone(draw, 0.01, RUN, share)) for _ in range(seeds)]
        seen = [steps_down(left_alone(draw, 0.03, STATED_SAMPLE, share)) for _ in range(seeds)]
        reported |= {f"false_harm_{name}": float(np.mean(found)), f"harm_seen_{name}": float(np.mean(seen))}
    times = np.array([outcomes_to_step_down(stream) for stream in harmful])
    return {
        "stated_sample": STATED_SAMPLE,
        "harm_seen": float(np.mean(times <= STATED_SAMPLE)),
        "harm_seen_after_p50": float(np.quantile(times, 0.5)),
        "harm_seen_after_p95": float(np.quantile(times, 0.95)),
        "late_harm_seen": float(np.mean([steps_down(reviewed(stream)) for stream in late])),
        "run": RUN,
        "false_harm": float(np.mean([steps_down(reviewed(stream)) for stream in safe])),
    } | reported


def outcomes_to_step_down(stream: NDArray[np.bool_]) -> int:
    """After how many outcomes it steps down; one more than there are if it does not. By bisection: what was seen stays
    seen."""
    low, high = 0, len(stream) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if steps_down(reviewed(stream[:middle])) else (middle, high)
    return high


def steps_down(history: History) -> bool:
    """At any look: what is heard of later only adds to what was seen."""
    standing = Standing(
        kind=ReplyKind(template_id="t", segment="none"), rung=Rung.ALL, level=0, budget=BUDGET, opened_at=START
    )
    now = START + timedelta(days=365)
    return step_down(standing, evidence(history, standing, BUDGET, now), BUDGET, now) is not None


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"desks of each world (default {SEEDS})")
    parser.add_argument("--seed", type=int, default=1, help="of the first one")


SUITE = Suite("gate", "1,000 made-up desks: whether the gate keeps its budgets and sees harm", _arguments, measure)
