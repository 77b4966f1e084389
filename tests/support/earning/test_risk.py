"""The risk model: nothing from little, rates from few errors, and chances that come true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.earning.kinds import KIND
from worker.models import ReplyKind, RiskModel
from worker.support.earning.calibration import calibration_error, curve
from worker.support.earning.risk import Rated, chance, chances, fit

OTHER = ReplyKind(template_id="fees", segment="IM")


def rated(n: int, wrong: int, kinds: list[ReplyKind] | None = None) -> Rated:
    outcomes = np.arange(n) < wrong
    return Rated(names=("margin",), features=np.zeros((n, 1)), kinds=kinds or [KIND] * n, wrong=outcomes)


def test_from_too_few_outcomes_nothing_is_said() -> None:
    assert fit(rated(49, 5)) is None


def test_with_few_errors_each_kind_has_its_own_rate_leaning_on_all_of_them() -> None:
    model = fit(rated(120, 6, [KIND] * 20 + [OTHER] * 100))
    assert model is not None
    assert model.kind == "rates"
    everywhere = 6.5 / 121
    assert chance(model, {}, KIND) == pytest.approx((6 + 20 * everywhere) / 40)
    assert chance(model, {}, OTHER) == pytest.approx(20 * everywhere / 120)
    assert chance(model, {}, ReplyKind(template_id="new", segment="none")) == pytest.approx(everywhere)


def learnt(draw: np.random.Generator, n: int = 3_000) -> tuple[RiskModel, np.ndarray, np.ndarray]:
    x = draw.normal(size=(n, 2))
    p = 1 / (1 + np.exp(3 - x[:, 0]))
    kinds = [KIND if odd else OTHER for odd in np.arange(n) % 2]
    model = fit(Rated(names=("margin", "noise"), features=x, kinds=kinds, wrong=draw.random(n) < p))
    assert model is not None
    return model, x, p


def test_it_finds_what_makes_replies_wrong_and_its_chances_come_true() -> None:
    draw = np.random.default_rng(3)
    model, _, _ = learnt(draw)
    assert model.kind == "logistic"
    assert model.weights["margin"] == pytest.approx(1.0, abs=0.2)
    assert abs(model.weights["noise"]) < 0.2

    new = draw.normal(size=(20_000, 2))
    true = 1 / (1 + np.exp(3 - new[:, 0]))
    told = chances(model, ("margin", "noise"), new, KIND)
    error = calibration_error(curve(told, (draw.random(20_000) < true).astype(float)))
    assert error is not None
    assert error < 0.02


def test_a_feature_that_is_missing_counts_as_average() -> None:
    model, _, _ = learnt(np.random.default_rng(3))
    average = {name: model.means[name] for name in model.means}
    assert chance(model, {}, KIND) == pytest.approx(chance(model, average, KIND))
    assert chance(model, {"margin": math.nan}, KIND) == pytest.approx(chance(model, average, KIND))


def test_a_stored_model_says_the_same() -> None:
    model, _, _ = learnt(np.random.default_rng(3), 600)
    again = RiskModel.model_validate_json(model.model_dump_json())
    assert chance(again, {"margin": 1.5, "noise": 0.0}, KIND) == chance(model, {"margin": 1.5, "noise": 0.0}, KIND)


def test_the_curve_has_as_many_drafts_in_each_bin_and_its_error_is_their_mean_distance() -> None:
    risk = np.array([0.1] * 50 + [0.3] * 50)
    wrong = np.array([1.0] * 10 + [0.0] * 40 + [1.0] * 10 + [0.0] * 40)
    bins = curve(risk, wrong, bins=2)
    assert [(one.n, round(one.given, 3), round(one.wrong, 3)) for one in bins] == [(50, 0.1, 0.2), (50, 0.3, 0.2)]
    assert calibration_error(bins) == pytest.approx(0.1)
    assert calibration_error(curve(np.array([]), np.array([]))) is None
