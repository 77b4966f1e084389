"""`bench.py limiter`: how much of an account's allowance the limiter lets us use while others use some of it too.

A worker with more to do than the account admits, played in time that passes at once: the limiter, what is asked of it
and what it is told are those of production, the account is the sandbox's, which counts by fixed minutes. Others call
all the time, people among them. No socket is opened.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker.adapters.breaker import Breaker
from worker.adapters.freshdesk.allowance import Allowance as Costs
from worker.adapters.pace import LocalPace, Pace, Pass
from worker.adapters.turnstile import Turnstile
from worker.errors import BadConfiguration, Retryable
from worker.evaluation.suite import Figures, Screen, Suite
from worker.sandbox.door import credits, sub_limit
from worker.sandbox.limits import PLANS, Allowance, Limiter

MINUTE = 60.0
DISPATCHED = 1.0  # seconds between two looks of the dispatcher for what is due
WRITING = 2.0  # seconds for which a draft has its thread besides its calls
THREADS = 32
LONGEST = 120  # minutes in which everything that waits must end once nobody writes any more
WARM_UP = 3  # minutes in which the limiter gets to know the others
REFUSED = 429


@dataclass(frozen=True)
class Call:
    method: str
    route: str
    path: str

    @property
    def what(self) -> str:
        return f"{self.method} {self.route}"


TICKET = Call("GET", "tickets/{}", "/api/v2/tickets/1")
CONTACT = Call("GET", "contacts/{}", "/api/v2/contacts/1")
REPLY = Call("POST", "tickets/{}/reply", "/api/v2/tickets/1/reply")
CHANGE = Call("PUT", "tickets/{}", "/api/v2/tickets/1")


@dataclass
class Piece:
    """A draft, or what is to be sent of it: calls that are made in a row, all let in before the first. Whoever is put
    off begins again, except that what has been written stays written. `way`: that of the process that works on it."""

    calls: tuple[Call, ...]
    then: tuple[Call, ...] = ()
    done: int = 0
    way: Turnstile | None = None
    ahead: list[Pass] = field(default_factory=list)

    def begin(self, way: Turnstile, costs: Costs) -> Turnstile:
        """Raises Retryable."""
        self.ahead = way.ahead([costs.asks(call.what, None) for call in self.calls[self.done :]])
        self.way = way
        return way

    def put_off(self) -> None:
        if self.way is not None:
            self.way.give_back(self.ahead)
        self.way, self.ahead = None, []
        written = [number for number in range(self.done) if self.calls[number].method != "GET"]
        self.done = written[-1] + 1 if written else 0


@dataclass
class Minute:
    ours: float = 0.0
    others: float = 0.0
    refused: int = 0  # calls of ours that were turned away by the account
    others_refused: int = 0
    left: float = 0.0  # when it ended


@dataclass
class Play:
    """`ways`: one turnstile for each process."""

    account: Limiter
    ways: Sequence[Turnstile]
    reserve: float
    others: float
    mails: float
    draw: random.Random
    now: Callable[[], float]
    counted: int  # minutes
    costs: Costs = field(init=False)
    minutes: list[Minute] = field(default_factory=list)
    waiting: list[Piece] = field(default_factory=list)
    idle: int = THREADS
    begun: int = 0
    ended: int = 0
    closed: bool = False
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self.costs = Costs(self.reserve)

    def at(self, seconds: float, happens: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (self.now() + seconds, self._number, happens))

    def run(self, until: float, tell: Callable[[float], None]) -> None:
        """`tell` sets the clock."""
        while self._due and self._due[0][0] <= until:
            when, _, happens = heapq.heappop(self._due)
            tell(when)
            happens()
        tell(until)

    # ------------------------------------------------------------ the others

    def somebody_calls(self) -> None:
        allowed, _ = self.account.spend(1, None)
        self.minutes[-1].others += 1
        self.minutes[-1].others_refused += not allowed
        self.at(self.draw.expovariate(self.others / MINUTE), self.somebody_calls)

    def minute_begins(self) -> None:
        if self.minutes:
            self.minutes[-1].left = self.account.allowance.total - self.minutes[-1].ours - self.minutes[-1].others
        self.minutes.append(Minute())
        self.at(MINUTE, self.minute_begins)

    # ------------------------------------------------------------ ourselves

    def dispatch(self) -> None:
        """Threads that are free take what is due."""
        while self.idle and self.waiting:
            self.idle -= 1
            self.step(self.waiting.pop(0))

    def customer_writes(self) -> None:
        """More often than the account admits."""
        if self.closed:
            return
        self.begun += 1
        self.waiting.append(Piece((TICKET, CONTACT), (TICKET, REPLY, CHANGE)))
        self.dispatch()
        self.at(self.draw.expovariate(self.mails / MINUTE), self.customer_writes)

    def step(self, piece: Piece) -> None:
        """The next call of a piece that has a thread."""
        if piece.done == len(piece.calls):
            self.ends(piece)
            return
        call = piece.calls[piece.done]
        try:
            way = piece.way or piece.begin(self.draw.choice(self.ways), self.costs)
            given = way.enter(self.costs.asks(call.what, None), piece.ahead[0] if piece.ahead else None)
        except Retryable as trouble:
            self.park(piece, trouble.after or 0.0)
            return
        piece.ahead = piece.ahead[1:]

        def arrives() -> None:
            cost = credits(call.method, call.path, "")
            allowed, headers = self.account.spend(cost, sub_limit(call.method, call.path))
            self.minutes[-1].ours += cost
            self.minutes[-1].refused += not allowed
            self.at(self.draw.uniform(0.05, 0.2), lambda: answered(allowed, headers))

        def answered(allowed: bool, headers: dict[str, str]) -> None:
            status = 200 if allowed else REFUSED
            shut = way.leave(given, self.costs.told(call.what, status, headers))
            if not allowed:
                self.park(piece, shut)
                return
            piece.done += 1
            self.step(piece)

        self.at(self.draw.uniform(0.05, 0.2), arrives)

    def ends(self, piece: Piece) -> None:
        if piece.then:
            self.at(WRITING, lambda: self.step(Piece(piece.then)))
            return
        self.ended += 1
        self.idle += 1
        self.dispatch()

    def park(self, piece: Piece, seconds: float) -> None:
        piece.put_off()

        def due() -> None:
            self.waiting.append(piece)
            self.dispatch()

        self.at(max(DISPATCHED, seconds + self.draw.uniform(0, DISPATCHED)), due)
        self.idle += 1


class Clock:
    """Seconds; moved by the play."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def tell(self, now: float) -> None:
        self.now = now


def play(
    paces: Sequence[Pace],
    clock: Clock,
    *,
    calls: int = 400,
    others: float = 0.2,
    reserve: float = 0.1,
    minutes: int = 10,
    seed: int = 1,
) -> Play:
    """`paces`: of each process its own. `others`: the share of the allowance that they use. Played to its end."""
    draw = random.Random(seed)
    account = Limiter(Allowance(calls, PLANS["pro"].kinds), clock=clock)
    ways = [Turnstile(Breaker("freshdesk", clock=clock), pace) for pace in paces]
    played = Play(account, ways, reserve, others * calls, calls / 4, draw, clock, counted=minutes)
    played.minute_begins()
    played.somebody_calls()
    played.at(draw.uniform(0, MINUTE), played.customer_writes)  # a worker starts in the middle of a minute
    end = clock.now + (minutes + WARM_UP) * MINUTE
    played.run(end, clock.tell)
    played.closed = True
    while played.ended < played.begun and clock.now < end + LONGEST * MINUTE:
        played.run(clock.now + MINUTE, clock.tell)
    return played


def figures_of(played: Play) -> Figures:
    whole = played.minutes[WARM_UP : WARM_UP + played.counted]
    total = played.account.allowance.total
    for_us = sum(total * (1 - played.reserve) - minute.others for minute in whole)
    return {
        "allowance": total,
        "used_by_others": round(sum(minute.others for minute in whole) / len(whole) / total, 3),
        "used_share": round(sum(minute.ours for minute in whole) / for_us, 4),
        "refused_429": sum(minute.refused for minute in played.minutes),
        "lost": played.begun - played.ended,
        "reserve": played.reserve,
        "reserve_left": round(min(minute.left for minute in whole) / total, 3),
        "others_refused": sum(minute.others_refused for minute in whole),
        "minutes": len(whole),
        "tickets": played.ended,
    }


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """The median of several plays, by the share that was used; refusals and losses are those of all of them."""
    if options.calls < 1 or options.minutes < 1 or options.repeats < 1:
        raise BadConfiguration("Give at least one call, one minute and one repeat.")
    if not 0 <= options.others + options.reserve < 1:
        raise BadConfiguration("What others use and what is kept for them must leave something.")
    played = []
    for number in range(options.repeats):
        clock = Clock()
        how = {name: getattr(options, name) for name in ("calls", "others", "reserve", "minutes")}
        played.append(figures_of(play([LocalPace(clock)], clock, seed=options.seed + number, **how)))
        screen.tick("play", number + 1, options.repeats)
    played.sort(key=lambda figures: float(figures["used_share"]))
    told = dict(played[len(played) // 2])
    told |= {name: sum(figures[name] for figures in played) for name in ("refused_429", "lost", "others_refused")}
    return told | {"reserve_left": min(figures["reserve_left"] for figures in played), "repeats": len(played)}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--calls", type=int, default=400, metavar="N", help="the account's allowance a minute (400)")
    parser.add_argument("--others", type=float, default=0.2, metavar="SHARE", help="of it that others use (0.2)")
    parser.add_argument(
        "--reserve", type=float, default=0.1, metavar="SHARE", help="of it that is kept for people (0.1)"
    )
    parser.add_argument("--minutes", type=int, default=10, metavar="N", help="that are counted, played at once (10)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="each with other chances (5)")
    parser.add_argument("--seed", type=int, default=1)


SUITE = Suite(
    name="limiter",
    about="How much of the account's allowance is used while others use some of it too.",
    arguments=_arguments,
    measure=measure,
)
