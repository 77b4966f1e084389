"""Made-up support desks for the gate to prove itself on: kinds of reply with true error rates, known to nobody in them.

A night after the other is played: drafts come in, are rated, leave alone or are reviewed some days later, and the
production code (support/earning) fits its model and decides on steps. Called by evaluation/gate.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.models import GateMove, ReplyKind, RiskModel, Rung, Standing
from worker.support.earning.history import History, cut, evidence
from worker.support.earning.ladder import SAMPLE, step
from worker.support.earning.risk import Rated, chances, fit

Numbers = NDArray[Any]
START = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY = 86_400.0
NAMES = ("chance", "margin", "support", "questions")
CUSTOMERS = 400
UNKNOWN_FOR = (0.6, 0.25, 0.1, 0.05)  # the share of reviews made on the same day, the next, ...


@dataclass(frozen=True)
class World:
    """`odds`: of each kind, the log-odds of a wrong reply where every feature is average; `weights`: of features.
    `reported`: of the wrong replies that left alone, the share that somebody reports. `turns_bad`: from that night on
    every reply is wrong with that chance, whatever its features say."""

    odds: Sequence[float]
    weights: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
    nights: int = 120
    each_night: int = 12
    budget: float = 2.0
    reported: float = 0.1
    refit: int = 1  # nights from one model to the next
    turns_bad: tuple[int, float] | None = None


@dataclass
class Kind:
    """One kind's drafts so far, column by column, and where it stands."""

    standing: Standing
    x: list[Numbers] = field(default_factory=list)
    columns: dict[str, list[Numbers]] = field(default_factory=dict)

    def column(self, name: str) -> Numbers:
        return np.concatenate(self.columns[name])


@dataclass(frozen=True)
class Played:
    """`alone`: replies that left alone; `expected_wrong`: the sum of their true chances; `over`: whether the open part
    of any kind was worse than its budget on any night. `risk`, `wrong`: of every draft that was rated and decided."""

    alone: int
    expected_wrong: float
    over: bool
    drafts: int
    late: tuple[int, int]  # drafts of the last ten nights, and those of them that left alone
    first_opened: int | None  # the night
    risk: Numbers
    wrong: Numbers
    moves: list[GateMove]


def play(world: World, seed: int) -> Played:
    draw = np.random.default_rng(seed)
    customers = draw.random(CUSTOMERS)
    kinds = [Kind(Standing(kind=ReplyKind(template_id=f"t{n}", segment="none"))) for n in range(len(world.odds))]
    truth = _drafts(world, draw, 2_000)  # what the true rate of an open part is measured on
    model: RiskModel | None = None
    moves: list[GateMove] = []
    over, opened = False, None
    for night in range(world.nights):
        for kind, odds in zip(kinds, world.odds, strict=True):
            _day(kind, odds, night, world, model, customers, draw)
        now = START + timedelta(days=night + 1)
        if night % world.refit == 0:
            model = fit(_rated(kinds, now)) or model
        for kind, odds in zip(kinds, world.odds, strict=True):
            found = evidence(_history(kind, now), kind.standing, world.budget, now)
            move = step(kind.standing, found, world.budget, now)
            if move is not None:
                kind.standing = move.after
                moves.append(move)
            if kind.standing.rung.open:
                opened = night if opened is None else opened
                over = over or _true_rate(kind, odds, world, model, truth) * 100 > world.budget
    return _played(kinds, world, over, opened, moves)


def _drafts(world: World, draw: np.random.Generator, n: int) -> Numbers:
    return draw.normal(size=(n, len(world.weights)))


def _chances(odds: float, x: Numbers, world: World) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-(odds + x @ np.asarray(world.weights)))))


def _true_rate(kind: Kind, odds: float, world: World, model: RiskModel | None, truth: Numbers) -> float:
    """Of what would leave alone tomorrow."""
    if model is None:
        return 0.0
    may = chances(model, NAMES, truth, kind.standing.kind) <= cut(kind.standing.level, world.budget)
    return float(_chances(odds, truth[may], world).mean()) if may.any() else 0.0


def _day(
    kind: Kind,
    odds: float,
    night: int,
    world: World,
    model: RiskModel | None,
    customers: Numbers,
    draw: np.random.Generator,
) -> None:
    n = int(draw.poisson(world.each_night))
    x = _drafts(world, draw, n)
    p = _chances(odds, x, world)
    if world.turns_bad and night >= world.turns_bad[0]:
        p = np.full(n, world.turns_bad[1])
    risk = np.full(n, np.nan) if model is None else chances(model, NAMES, x, kind.standing.kind)
    chosen = customers[draw.integers(0, len(customers), n)] < kind.standing.rung.share
    alone = chosen & (risk <= cut(kind.standing.level, world.budget))
    sampled = alone & (draw.random(n) < SAMPLE)
    wrong = (draw.random(n) < p).astype(float)
    unasked = alone & ~sampled & (wrong > 0) & (draw.random(n) < world.reported)
    at = START.timestamp() + DAY * night + np.sort(draw.random(n)) * DAY
    heard = at + DAY * draw.choice(len(UNKNOWN_FOR), n, p=UNKNOWN_FOR) + 1
    day = {
        "at": at,
        "risk": risk,
        "p": p,
        "wrong": wrong,
        "alone": alone,
        "sampled": sampled,
        "unasked": unasked,
        "heard_at": np.where(alone & ~sampled & ~unasked, np.inf, heard),
    }
    kind.x.append(x)
    for name, values in day.items():
        kind.columns.setdefault(name, []).append(values)


def _history(kind: Kind, now: datetime) -> History:
    heard_at = kind.column("heard_at")
    known = heard_at <= now.timestamp()
    return History(
        at=kind.column("at"),
        risk=kind.column("risk"),
        wrong=np.where(known, kind.column("wrong"), np.nan),
        heard_at=np.where(known, heard_at, np.nan),
        sampled=kind.column("sampled"),
        waiting=~known & np.isfinite(heard_at),
        alone=kind.column("alone"),
        unasked=kind.column("unasked"),
    )


def _rated(kinds: Sequence[Kind], now: datetime) -> Rated:
    known = [(kind.column("heard_at") <= now.timestamp()) & ~kind.column("unasked") for kind in kinds]
    return Rated(
        names=NAMES,
        features=np.concatenate([np.concatenate(kind.x)[k] for kind, k in zip(kinds, known, strict=True)]),
        kinds=[kind.standing.kind for kind, k in zip(kinds, known, strict=True) for _ in range(int(k.sum()))],
        wrong=np.concatenate([kind.column("wrong")[k] for kind, k in zip(kinds, known, strict=True)]),
    )


def _played(kinds: Sequence[Kind], world: World, over: bool, opened: int | None, moves: list[GateMove]) -> Played:
    alone = np.concatenate([kind.column("alone") for kind in kinds])
    together = {name: np.concatenate([kind.column(name) for kind in kinds]) for name in ("p", "risk", "wrong", "at")}
    p, risk, wrong, at = together.values()
    late = at > START.timestamp() + DAY * (world.nights - 10)
    rated = np.isfinite(risk)
    return Played(
        alone=int(alone.sum()),
        expected_wrong=float(p[alone].sum()),
        over=over,
        drafts=len(alone),
        late=(int(late.sum()), int((late & alone).sum())),
        first_opened=opened,
        risk=risk[rated],
        wrong=wrong[rated],
        moves=moves,
    )


def left_alone(draw: np.random.Generator, rate: float, outcomes: int, reported: float) -> History:
    """A kind that is at 100 % since START, one reply a minute, until so many of them were drawn for a blind review."""
    sampled = draw.random(round(2 * outcomes / SAMPLE)) < SAMPLE
    sampled = sampled[np.cumsum(sampled) <= outcomes]
    n = len(sampled)
    wrong = draw.random(n) < rate
    told = wrong & (draw.random(n) < reported)
    at = START.timestamp() + 60.0 * np.arange(n)
    heard = at + DAY * draw.choice(len(UNKNOWN_FOR), n, p=UNKNOWN_FOR) + 1
    return History(
        at=at,
        risk=np.zeros(n),
        wrong=np.where(sampled | told, wrong, np.nan),
        heard_at=np.where(sampled | told, heard, np.nan),
        sampled=sampled,
        waiting=np.zeros(n, dtype=bool),
        alone=np.ones(n, dtype=bool),
        unasked=told & ~sampled,
    )


def reviewed(stream: Numbers) -> History:
    """Outcomes (True: wrong) that leads were asked for, a minute after the other, in the order they were heard of."""
    n, at = len(stream), START.timestamp() + 60.0 * np.arange(len(stream))
    no = np.zeros(n, dtype=bool)
    return History(at, np.zeros(n), stream.astype(float), at + 1, sampled=no, waiting=no, alone=no, unasked=no)


def fell(moves: Sequence[GateMove]) -> bool:
    """Whether any step led down for harm."""
    return any(one.before.rung.open and one.after.rung is Rung.REVIEW for one in moves)
