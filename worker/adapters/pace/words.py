"""The words of the limiter: what a call needs, the permission to make it, and what its answer told.

A *gauge* is one allowance of a vendor: an account's calls, a model's tokens. Its name becomes a Redis key, so it is
made of our own words only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

WINDOW = 60.0  # seconds of an allowance of which nobody says when it is renewed
FIRST_PROBE, LONGEST_PROBE = 15.0, 600.0  # seconds until another call finds out whether it was: 15 s, 30 s, ...
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # after refusals that name no time: 5 s, 10 s, ... up to a minute
LONG_ENOUGH = 10.0  # seconds watched, or answers of two minutes that crossed would tell what others take
EASE = 0.25  # of what others were seen to take, which a quiet minute lets go of
RISE = 0.1  # of the limit, by which what is left must have grown before an allowance counts as renewed
LONGEST_QUEUE = 10.0  # allowances' worth of work that may be told to wait one behind the other
WORK = 6.0  # calls that one piece of work makes, more or less: how many are let back at a time


@dataclass(frozen=True)
class Ask:
    """What a call takes of one gauge. `keep`: the share of its limit that must be left over, for others; below 0 the
    call may take what is not there. A cost of 0 asks only whether the gauge is shut."""

    gauge: str
    cost: float
    keep: float = 0.0


@dataclass(frozen=True)
class Pass:
    """The permission to call, or, where `wait` is not 0, the seconds until it may be worth asking again."""

    asks: tuple[Ask, ...]
    wait: float = 0.0
    number: int = 0  # in the order in which passes were given
    minute: int = -1  # when it was given: what a dead process took is forgotten after two minutes
    own: int = 0  # number and minute of this process's own count
    own_minute: int = -1
    weight: float = 1.0
    probe: bool = False  # there is no room: it finds out whether there is again


@dataclass(frozen=True)
class Told:
    """What an answer said of a gauge; None where it said nothing. `refill`: seconds until it is full again, 0 where
    nobody says. `refused`: the call was turned away for it, for `after` seconds."""

    gauge: str
    limit: float | None = None
    left: float | None = None
    refill: float = 0.0
    refused: bool = False
    after: float | None = None


class Pace(Protocol):
    def take(self, asks: Sequence[Ask]) -> Pass:
        """All of `asks` or nothing. Never raises, never waits for more than a moment."""
        ...

    def tell(self, given: Pass, told: Sequence[Told]) -> float:
        """After every call that was made, answered or not. Seconds for which a gauge is shut, 0 if none is."""
        ...

    def begun(self, given: Pass) -> Pass:
        """For a pass that was taken ahead, when its call is made: what others were told meanwhile does not make its
        answer a late one."""
        ...

    def give_back(self, given: Pass) -> None:
        """In place of `tell`, for a call that was not made after all."""
        ...

    def shut(self, asks: Sequence[Ask]) -> float:
        """Seconds for which, as far as this process was told itself, one of these gauges is shut; 0 if none is."""
        ...


def in_a_row(calls: Sequence[Sequence[Ask]]) -> tuple[Ask, ...]:
    """What several calls take together, to be asked for at once, and leave over what the strictest of them does."""
    sums: dict[str, Ask] = {}
    for ask in chain.from_iterable(calls):
        before = sums.get(ask.gauge, Ask(ask.gauge, 0.0, ask.keep))
        sums[ask.gauge] = Ask(ask.gauge, before.cost + ask.cost, max(before.keep, ask.keep))
    return tuple(sums.values())


def one_by_one(given: Pass, calls: Sequence[Sequence[Ask]]) -> list[Pass]:
    """A pass for each of these calls, of one that was given for all of them."""
    return [replace(given, asks=tuple(asks)) for asks in calls]
