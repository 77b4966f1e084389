"""What the contract tests of limiters share: a clock that is set, the call that most of them make, and how it goes."""

from __future__ import annotations

from worker.adapters.pace import Ask, Pace, Pass, Told

CREDIT = (Ask("freshdesk", 1.0, keep=0.1),)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_020.0  # not the first second of a minute

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def call(pace: Pace, asks: tuple[Ask, ...] = CREDIT, **told: float) -> Pass:
    """Takes, and, where it may go, is told."""
    given = pace.take(asks)
    if not given.wait:
        pace.tell(given, [Told(asks[0].gauge, **told)] if told else [])
    return given
