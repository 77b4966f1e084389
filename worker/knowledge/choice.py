"""Which template answers a question, how sure that is, and whether any does: a trained head over the embeddings.

A head is kernel ridge regression from example questions to templates, over embeddings and wording, and two logistic
regressions on top that make its scores chances. Those learn from what the ridge says of each example once it is left
out, and of each template's examples once the whole template is left out: the questions that nothing answers. Both are
closed formulas, so that this takes a second or so. Where layers of the model were tuned on the examples (tuned.py),
the ridge reads both vectors; layers know the examples that they were tuned on too well for leaving out to tell
anything, so the regressions learn from a ridge that reads the plain ones, and whether any template answers is asked of
that one alone: tuned layers find a place among the templates for every question.

Trained by knowledge/index.py, asked by support/retrieve.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.errors import BadConfiguration
from worker.knowledge.correlation import matthews
from worker.knowledge.net import MANY, Net, teach
from worker.knowledge.ridge import BESIDE, GONE, Ridge, cosines, left_out, solve
from worker.knowledge.tuned import NONE, Later, Tuned, beside, second_halves
from worker.knowledge.wording import Wording, learn
from worker.models import Noun
from worker.ports.world import Vectors

SLIGHT = 1e-6
BELIEFS = 40  # examples that what we believe before learning is worth
SIGNS = 7  # that a judge reads
SOFTNESS = 0.1  # of scores, when the chance that the best one is wrong is shared among the others


class Example(Noun):
    """A question and the template that answers it; NONE where none does."""

    text: str
    template_id: str


class Choice(Noun):
    """What the head says of one question. `fits`: the chance that any template answers it. `chances`: of the best
    templates, best first, each times `fits`. `none`: whether to say that none fits."""

    fits: float
    chances: dict[str, float]
    none: bool

    @property
    def best(self) -> str:
        return next(iter(self.chances), "")


@dataclass(frozen=True)
class Judge:
    """A logistic regression over the signs of one question (see `signs`)."""

    weights: NDArray[np.float32]
    offset: float

    def __call__(self, signs: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(1 / (1 + np.exp(-np.clip(signs @ self.weights + self.offset, -30, 30))))


@dataclass(frozen=True)
class Head:
    """Everything that choosing needs. `labels`: template ids, in the order of the ridge's columns; NONE may be one."""

    labels: tuple[str, ...]
    ridge: Ridge
    wording: Wording
    fits: Judge
    right: Judge
    floor: float  # of the best template's chance: below it, none fits
    net: Net | None = None
    layers: bytes = b""  # of the model, tuned for the ridge; as world.Tunable gives them
    plain: Ridge | None = None  # where there are such layers: what would be without them

    def choose(
        self,
        texts: Sequence[str],
        vectors: Vectors,
        among: Sequence[Collection[str]] | None = None,
        best: int = 12,
        views: Vectors | None = None,
        tuned: Later | None = None,
    ) -> list[Choice]:
        """One for each text. `among`: for each text the templates that there are to choose from, None for all; the
        others' examples count nothing. `best`: how many templates get a chance. `views`: what `net` was trained on, if
        there is one; without them the ridge speaks alone. `tuned`: gives the texts' vectors with `layers`, if there are
        any; asked as late as can be, since they may be under way."""
        may = np.ones((len(texts), len(self.labels)), dtype=bool)
        if among is not None:
            may = np.array([[label == NONE or label in one for label in self.labels] for one in among])
        shared = self.ridge.shared(self.wording.rows(texts))
        # Before the tuned vectors are asked for, which are under way meanwhile: whatever does not need them.
        plainly = alone = None
        if self.plain is not None:
            plainly = cosines(beside(vectors, None), self.plain.vectors)
            alone = signs(*self.plain.told(plainly, shared, may), self._none)
        scores, near = self.ridge.told(self._alike(vectors, plainly, tuned), shared, may)
        if self.net is not None and views is not None:
            scores = joined(scores, self.net(views))
        told = signs(scores, near, self._none)
        fits, right = self.fits(told if alone is None else alone), self.right(told)
        scores = scores.copy()
        scores[:, self._none] = GONE
        return [self._choice(scores[i], float(fits[i]), float(right[i]), best) for i in range(len(texts))]

    def _alike(self, vectors: Vectors, plainly: NDArray[Any] | None, tuned: Later | None) -> NDArray[Any]:
        """The cosines to the examples that the ridge goes by. Those of the plain vectors are half of them where layers
        were tuned."""
        if plainly is None or tuned is None:
            return cosines(beside(vectors, tuned() if tuned else None), self.ridge.vectors)
        return plainly / 2 + cosines(*second_halves(tuned(), self.ridge.vectors))

    @property
    def _none(self) -> list[int]:
        return [i for i, label in enumerate(self.labels) if label == NONE]

    def _choice(self, scores: NDArray[Any], fits: float, right: float, best: int) -> Choice:
        order = np.argsort(-scores)[:best]
        order = order[scores[order] > GONE]
        if not len(order):
            return Choice(fits=0.0, chances={}, none=True)
        rest = np.exp((scores[order[1:]] - scores[order[0]]) / SOFTNESS)
        # Never above the best one's, however unsure that is: chances are in the order of the scores.
        others = np.minimum((1 - right) * rest / max(float(rest.sum()), SLIGHT), right * rest)
        shares = [right, *others]
        chances = {self.labels[i]: float(fits * share) for i, share in zip(order, shares, strict=True)}
        return Choice(fits=fits, chances=chances, none=fits * right < self.floor)


def get_ready() -> None:
    """Imports what `train` needs, which takes as long as training on a thousand examples: for whoever has to wait for
    their vectors first. Says nothing of what fails, which `train` will."""
    with suppress(Exception):
        import sklearn.linear_model  # noqa: F401


def train(
    texts: Sequence[str],
    vectors: Vectors,
    labels: Sequence[str],
    views: Vectors | None = None,
    tuned: Callable[[], Tuned | None] | None = None,
) -> Head:
    """A head from example questions, their unit vectors and their templates' ids. `views`: what the embedder tells of
    them besides, where there are many (see net.py). `tuned`: gives what layers that were tuned on them say; asked last,
    since they may still be under way; what it raises is raised then.

    BadConfiguration where there are fewer than two templates.
    """
    known = tuple(sorted(set(labels)))
    if len(set(known) - {NONE}) < 2:
        raise BadConfiguration("There is a single template: there is nothing to choose between.")
    owner = np.array([known.index(label) for label in labels])
    wording = learn(texts)
    taught = teach(views, owner, len(known)) if views is not None and len(owner) >= MANY else None
    most = BESIDE if taught else None
    words = wording.of(texts)
    fitted = solve(beside(vectors, None), words, owner, len(known), most)
    none = [i for i, label in enumerate(known) if label == NONE]
    inside = ~np.isin(owner, none)
    one, one_near = left_out(fitted, owner, whole=False)
    all_, all_near = left_out(fitted, owner, whole=True)
    if taught:
        one, all_ = joined(one, taught.one), joined(all_, taught.whole)
    told, foreign = signs(one, one_near, none), signs(all_, all_near, none)
    correct = _best(one, none) == owner
    fits = _judge(
        np.concatenate([told[inside], foreign[inside], told[~inside]]),
        np.concatenate([np.ones(inside.sum()), np.zeros(inside.sum() + (~inside).sum())]),
        np.concatenate([np.full(k, 1 / max(k, 1)) for k in (inside.sum(), inside.sum(), (~inside).sum())]),
    )
    right = _judge(told[inside], correct[inside].astype(float), np.ones(int(inside.sum())))
    chances = fits(told) * right(told), fits(foreign) * right(foreign)
    floor = _floor(
        np.concatenate([chances[0], chances[1][inside]]),
        np.concatenate([_best(one, none), _best(all_, none)[inside]]),
        np.concatenate([np.where(inside, owner, len(known)), np.full(inside.sum(), len(known))]),
        nothing=len(known),
    )
    head = Head(known, fitted.ridge, wording, fits, right, floor, taught.net if taught else None)
    layers = tuned() if tuned else None
    if layers is None:
        return head
    ridge = solve(beside(vectors, layers.vectors), words, owner, len(known), most).ridge
    return replace(head, ridge=ridge, layers=layers.layers, plain=fitted.ridge)


def ranked_without(texts: Sequence[str], vectors: Vectors, labels: Sequence[str], best: int) -> list[tuple[str, ...]]:
    """For each example the `best` labels, best first, that a head would give it that had never seen it."""
    known = sorted(set(labels))
    owner = np.array([known.index(label) for label in labels])
    fitted = solve(np.asarray(vectors, dtype=np.float32), learn(texts).of(texts), owner, len(known))
    scores, _ = left_out(fitted, owner, whole=False)
    return [tuple(known[i] for i in order) for order in np.argsort(-scores, axis=1)[:, :best]]


def joined(scores: NDArray[Any], chances: NDArray[Any]) -> NDArray[Any]:
    """What ridge and network say, averaged; what is GONE stays so."""
    return np.where(scores > GONE, (scores + chances) / 2, GONE)


def signs(scores: NDArray[Any], near: NDArray[Any], none: Sequence[int]) -> NDArray[Any]:
    """(n, 7): what speaks for the best template. Its score, its lead over the second and over "none", and `near`."""
    real = scores.copy()
    real[:, list(none)] = GONE
    two = -np.sort(-real, axis=1)[:, :2]
    against = scores[:, list(none)].max(axis=1) if len(none) else np.zeros(len(scores))
    return np.column_stack([two[:, 0], two[:, 0] - two[:, 1], two[:, 0] - against, near])


def _best(scores: NDArray[Any], none: Sequence[int]) -> NDArray[Any]:
    real = scores.copy()
    real[:, list(none)] = GONE
    return np.asarray(real.argmax(axis=1))


def _judge(told: NDArray[Any], right: NDArray[Any], weights: NDArray[Any]) -> Judge:
    """Besides the examples it is told that every sign speaks for what it should: a handful of examples would else teach
    it nonsense, and hundreds do not notice."""
    from sklearn.linear_model import LogisticRegression

    steps = np.linspace(0, 1, BELIEFS)
    told = np.concatenate([told, np.repeat(steps[:, None], told.shape[1], axis=1)])
    weights = np.concatenate([weights * len(right) / weights.sum(), np.full(BELIEFS, 1.0)])
    right = np.concatenate([right, steps > 0.5])
    mean, spread = told.mean(axis=0), told.std(axis=0) + SLIGHT
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit((told - mean) / spread, right, sample_weight=weights)
    slope = fitted.coef_[0] / spread
    return Judge(slope.astype(np.float32), float(fitted.intercept_[0] - mean @ slope))


def _floor(chances: NDArray[Any], said: NDArray[Any], truth: NDArray[Any], nothing: int) -> float:
    """The chance below which none is said: where what is said agrees best with the truth (`nothing`: the label of
    questions without a template, and of saying so). Questions of both kinds are there in equal numbers."""
    edges = np.quantile(chances, np.linspace(0.02, 0.98, 97))
    return float(max(edges, key=lambda edge: matthews(truth, np.where(chances < edge, nothing, said))))


__all__ = ["NONE", "SIGNS", "Choice", "Example", "Head", "Judge", "ranked_without", "signs", "train"]
