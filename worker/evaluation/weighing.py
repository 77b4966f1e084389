"""Weights for the measures of `support.guard.doubt`, fitted to labelled replies; told with figures of unseen sources.

What is fitted is what tells replies apart *within* each kind: kinds differ in how many replies are wrong, and a weight
must not learn that. Each kind and each label counts alike. A measure that is no matter of length or style may only
speak against a reply: a weight that comes out below nothing is left out. Called by the suite `grounding` with --fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from worker.evaluation.figures import Numbers

FOLDS = 10
PULL = 5.0  # towards nothing, in replies
SEED = 20_26


@dataclass(frozen=True)
class Labelled:
    """Replies: `rows` of measures (a column for each of `names`), whether each is wrong, its kind, its source."""

    names: tuple[str, ...]
    rows: Numbers
    wrong: Numbers
    kinds: Numbers
    sources: Numbers


@dataclass(frozen=True)
class Weighed:
    weights: Mapping[str, float]
    unseen: Numbers  # for each reply its sum, by weights that were fitted without its source


def labelled(
    measures: Sequence[Mapping[str, float]], wrong: Sequence[bool], kinds: Sequence[str], sources: Sequence[str]
) -> Labelled:
    names = tuple(sorted({name for one in measures for name in one}))
    rows = np.array([[one.get(name, 0.0) for name in names] for one in measures], dtype=float)
    numbered = {source: i for i, source in enumerate(dict.fromkeys(sources))}
    return Labelled(names, rows, np.array(wrong), np.array(kinds), np.array([numbered[s] for s in sources]))


def weigh(replies: Labelled, free: frozenset[str], forms: Sequence[str]) -> Weighed:
    """`free`: the measures whose weight may have either sign. `forms`: those that say what form a reply has: they rank
    nothing within a form, and are fitted last, so that chances of different forms can be compared."""
    of_form = np.array([name in forms for name in replies.names])
    folds = np.random.default_rng(SEED).permutation(replies.sources.max() + 1)[replies.sources] % FOLDS
    unseen = np.zeros(len(replies.rows))
    for fold in range(FOLDS):
        seen, rest = folds != fold, folds == fold
        unseen[rest] = replies.rows[rest] @ _fitted(replies, seen, free, ~of_form)
    every = _fitted(replies, np.ones(len(folds), dtype=bool), free, ~of_form)
    slope, *levels = _chance(unseen, replies.rows[:, of_form], _alike(replies.kinds, replies.wrong), replies.wrong)
    every *= slope
    every[of_form] = levels
    weights = {name: float(weight) for name, weight in zip(replies.names, every, strict=True) if weight}
    return Weighed(weights, unseen)


def _fitted(replies: Labelled, seen: Numbers, free: frozenset[str], which: Numbers) -> Numbers:
    """Ridge regression on what a reply differs in from the mean of its kind."""
    kinds, wrong, alike = replies.kinds[seen], replies.wrong[seen], _alike(replies.kinds[seen], replies.wrong[seen])
    rows, side = replies.rows[seen].copy(), np.where(wrong, 1.0, -1.0)
    for kind in np.unique(kinds):
        of = kinds == kind
        rows[of] -= np.average(rows[of], axis=0, weights=alike[of])
        side[of] -= np.average(side[of], weights=alike[of])
    scale = np.sqrt(np.average(rows**2, axis=0, weights=alike)) + 1e-9
    rows /= scale
    inner, outer = rows.T @ (rows * alike[:, None]), rows.T @ (side * alike)
    kept = np.flatnonzero(which).tolist()
    while True:
        weights = np.linalg.solve(inner[np.ix_(kept, kept)] + PULL * np.eye(len(kept)), outer[kept])
        low = [(w, i) for w, i in zip(weights, kept, strict=True) if w < 0 and replies.names[i] not in free]
        if not low:
            break
        kept.remove(min(low)[1])
    out = np.zeros(len(replies.names))
    out[kept] = weights / scale[kept]
    return out


def _alike(kinds: Numbers, wrong: Numbers) -> Numbers:
    """Weights by which every kind and both of its labels count alike; they add up to the number of replies."""
    both = [(kinds == kind) & (wrong == label) for kind in np.unique(kinds) for label in (True, False)]
    some = [of for of in both if of.any()]
    out = np.zeros(len(kinds))
    for of in some:
        out[of] = len(kinds) / len(some) / of.sum()
    return out


def _chance(sums: Numbers, forms: Numbers, alike: Numbers, wrong: Numbers) -> list[float]:
    """The slope of a sum and the level of each form that make a chance of it: logistic regression by Newton."""
    columns = np.column_stack([sums, forms])
    told = np.zeros(columns.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(columns @ told)))
        bend = columns.T @ (columns * (alike * p * (1 - p))[:, None]) + 1e-3 * np.eye(len(told))
        step = np.linalg.solve(bend, columns.T @ (alike * (p - wrong)))
        told = told - step
        if math.hypot(*step) < 1e-9:
            break
    return [float(one) for one in told]
