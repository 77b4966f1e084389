"""The tests on streams of outcomes: what they say of known cases, and that looking often fools nobody."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.earning.kinds import stream
from worker.support.earning.sequential import ENOUGH, WINDOW, clopper_pearson, harm, quality, upper


@pytest.mark.parametrize(("wrong", "n"), [(0, 10), (1, 60), (3, 400)])
def test_the_evidence_of_quality_is_the_mixture_of_likelihood_ratios_that_it_claims_to_be(wrong: int, n: int) -> None:
    from scipy.integrate import quad  # half a second of computing in each process that collects the tests

    limit = 0.02

    def ratio(q: float) -> float:
        return float((q / limit) ** wrong * ((1 - q) / (1 - limit)) ** (n - wrong) / limit)

    assert quality(wrong, n, limit) == pytest.approx(np.log(quad(ratio, 0, limit)[0]))


def test_without_an_error_some_220_outcomes_earn_two_of_a_hundred() -> None:
    assert quality(0, 223, 0.02) < ENOUGH <= quality(0, 224, 0.02)
    assert upper(0, 224) <= 0.02 < upper(0, 223)


def test_each_error_puts_it_off_and_many_make_it_hopeless() -> None:
    assert quality(1, 300, 0.02) < ENOUGH < quality(1, 350, 0.02)
    assert quality(300, 300, 0.02) == -np.inf
    assert quality(0, 0, 0.02) == 0.0


def test_the_bound_for_every_look_is_above_the_one_for_a_single_look() -> None:
    assert clopper_pearson(0, 149) == pytest.approx(0.0199, abs=1e-4)  # 1 - 0.05 ** (1 / 149)
    assert clopper_pearson(3, 3) == upper(0, 0) == 1.0
    for wrong, n in [(0, 50), (4, 200), (20, 800)]:
        assert wrong / n < clopper_pearson(wrong, n) < upper(wrong, n) < 1


def test_looking_after_every_single_outcome_opens_a_bad_kind_in_one_run_of_twenty_at_most() -> None:
    draw, opened = np.random.default_rng(5), 0
    bars = [least_outcomes(wrong) for wrong in range(40)]
    for _ in range(400):
        at = np.flatnonzero(draw.random(1_500) < 0.02)
        # Evidence is largest just before the next error, so these looks stand for all of them.
        before = [*at, 1_500]
        opened += any(n >= bars[wrong] for wrong, n in enumerate(before) if wrong < len(bars))
    assert opened <= 0.05 * 400


def least_outcomes(wrong: int) -> float:
    """How many outcomes earn 2 % in spite of so many wrong ones."""
    return next((n for n in range(wrong, 5_000, 5) if quality(wrong, n, 0.02) >= ENOUGH), np.inf)


def test_harm_is_seen_in_many_errors_and_not_in_few() -> None:
    assert harm(stream(0), 0.02).most == 0.0
    assert harm(stream(100, 5, 20, 35, 50, 65, 80), 0.02).most >= ENOUGH
    assert harm(stream(100, 50), 0.02).most < ENOUGH
    assert harm(stream(10, 0, 1, 2, 3, 4), 0.02).most >= ENOUGH


def test_harm_that_begins_after_a_long_good_time_is_seen_as_well() -> None:
    good = np.zeros(WINDOW + 700, dtype=bool)
    bad = stream(150, *range(0, 150, 12))
    assert harm(good, 0.02).most < ENOUGH
    late = harm(np.concatenate([good, bad]), 0.02)
    assert late.most >= ENOUGH
    calmed = harm(np.concatenate([good, bad, np.zeros(400, dtype=bool)]), 0.02)
    assert calmed.most == late.most
    assert calmed.last < late.last
