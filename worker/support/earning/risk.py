"""The chance that a draft is wrong, learnt from what became of drafts before: fitted each night, asked at each draft.

With few outcomes there is no model, with few wrong ones it is each kind's rate shrunk towards all of them, and else a
logistic regression whose effects of templates and segments are shrunk more than those of the features (a ridge penalty
is a normal prior, so that is partial pooling: Gelman and Hill, 2007, ch. 12). Pure; night.py and admission.py call it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.models import ReplyKind, RiskModel

Numbers = NDArray[Any]

FEWEST = 50  # outcomes without which nothing is said
FEWEST_WRONG = 10  # wrong ones, and right ones, for a regression; with fewer, rates
KIND_WORTH = 20.0  # outcomes that all kinds together are worth beside a kind's own
FEATURE_PENALTY = 1.0  # of a feature's effect per standard deviation
EFFECT_PENALTY = 4.0  # of a template's or a segment's
_STEPS = 25
_STEADY = 1e-6


@dataclass(frozen=True)
class Rated:
    """Outcomes as columns: features (n, f) by `names`, not a number where one is missing; kinds; wrong (n,)."""

    names: Sequence[str]
    features: Numbers
    kinds: Sequence[ReplyKind]
    wrong: Numbers


def fit(rated: Rated) -> RiskModel | None:
    """None where too few outcomes are known."""
    n, wrong = len(rated.wrong), int(rated.wrong.sum())
    if n < FEWEST:
        return None
    if min(wrong, n - wrong) < FEWEST_WRONG:
        return _rates(rated, n, wrong)
    return _logistic(rated, n, wrong)


def chance(model: RiskModel, features: Mapping[str, float], kind: ReplyKind) -> float:
    """That a draft of this kind with these features is wrong."""
    names = list(model.weights)
    return float(chances(model, names, np.array([[features.get(name, math.nan) for name in names]]), kind)[0])


def chances(model: RiskModel, names: Sequence[str], features: Numbers, kind: ReplyKind) -> Numbers:
    """The same for many drafts of one kind: `features` (n, f), one column for each of `names`."""
    odds = np.full(len(features), model.intercept + model.templates.get(kind.template_id, 0.0))
    odds += model.segments.get(kind.segment, 0.0) + model.kinds.get(_key(kind), 0.0)
    if model.weights:
        weights, means, scales = (
            np.array([one[name] for name in names]) for one in (model.weights, model.means, model.scales)
        )
        odds += np.nan_to_num((features - means) / scales) @ weights
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _rates(rated: Rated, n: int, wrong: int) -> RiskModel:
    everywhere = (wrong + 0.5) / (n + 1)
    counts: dict[str, list[int]] = {}
    for kind, was_wrong in zip(rated.kinds, rated.wrong, strict=True):
        one = counts.setdefault(_key(kind), [0, 0])
        one[0] += 1
        one[1] += int(was_wrong)
    shrunk = {key: (k + KIND_WORTH * everywhere) / (m + KIND_WORTH) for key, (m, k) in counts.items()}
    effects = {key: _logit(rate) - _logit(everywhere) for key, rate in shrunk.items()}
    return RiskModel(kind="rates", n=n, wrong=wrong, intercept=_logit(everywhere), kinds=effects)


def _logistic(rated: Rated, n: int, wrong: int) -> RiskModel:
    means, scales = _centre(rated.features)
    signs = np.nan_to_num((rated.features - means) / scales)
    templates, of_template = np.unique([k.template_id for k in rated.kinds], return_inverse=True)
    segments, of_segment = np.unique([k.segment for k in rated.kinds], return_inverse=True)
    design = np.hstack([np.ones((n, 1)), signs, np.eye(len(templates))[of_template], np.eye(len(segments))[of_segment]])
    effects = len(templates) + len(segments)
    penalty = np.concatenate([[0.0], np.full(signs.shape[1], FEATURE_PENALTY), np.full(effects, EFFECT_PENALTY)])
    found = [float(one) for one in _newton(design, rated.wrong.astype(float), penalty)]
    first, second = 1 + signs.shape[1], 1 + signs.shape[1] + len(templates)
    return RiskModel(
        kind="logistic",
        n=n,
        wrong=wrong,
        intercept=found[0],
        weights=dict(zip(rated.names, found[1:first], strict=True)),
        means=dict(zip(rated.names, map(float, means), strict=True)),
        scales=dict(zip(rated.names, map(float, scales), strict=True)),
        templates=dict(zip(map(str, templates), found[first:second], strict=True)),
        segments=dict(zip(map(str, segments), found[second:], strict=True)),
    )


def _newton(design: Numbers, wrong: Numbers, penalty: Numbers) -> Numbers:
    """Penalised maximum likelihood by Newton's method; steps are halved until the likelihood rises."""
    weights = np.zeros(design.shape[1])
    weights[0] = _logit(float(np.clip(wrong.mean(), 1e-6, 1 - 1e-6)))
    value = _likelihood(design, wrong, penalty, weights)
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (wrong - chances) - penalty * weights
        curve = (design.T * (chances * (1 - chances))) @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        while (after := _likelihood(design, wrong, penalty, weights + step)) < value and np.abs(step).max() > _STEADY:
            step = step / 2
        weights, value = weights + step, after
        if np.abs(step).max() < _STEADY:
            break
    return weights


def _likelihood(design: Numbers, wrong: Numbers, penalty: Numbers, weights: Numbers) -> float:
    odds = design @ weights
    return float(wrong @ odds - np.logaddexp(0, odds).sum() - (penalty * weights**2).sum() / 2)


def _centre(features: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of what is there; 0 and 1 for a feature that never is, or never changes."""
    there = np.isfinite(features)
    many = np.maximum(there.sum(axis=0), 1)
    means = np.where(there, features, 0).sum(axis=0) / many
    spread = np.sqrt((np.where(there, features - means, 0) ** 2).sum(axis=0) / many)
    return means, np.where(spread > 1e-9, spread, 1.0)


def _logit(rate: float) -> float:
    return math.log(rate / (1 - rate))


def _key(kind: ReplyKind) -> str:
    return f"{kind.template_id} | {kind.segment}"
