"""What a lead's decision on a draft teaches: how much of the machine's reply was kept, and which findings stood."""

from __future__ import annotations

from enum import StrEnum

from worker.models.base import Noun


class Treatment(StrEnum):
    """What became of the machine's words. How it is judged: worker/support/lessons.py."""

    UNTOUCHED = "untouched"
    LIGHT = "light"
    REWRITTEN = "rewritten"
    REJECTED = "rejected"


class Change(Noun):
    """A stretch of words: "same" in both, "out" of the machine's draft, or put "in" by a person."""

    kind: str
    words: str


class Lesson(Noun):
    """A draft as it was decided on (or saved), against the machine's draft that it goes back to.

    `share`: words changed, 0 to 1. `found`: guards that had something against the machine's draft; `standing`: those
    that still had when it was decided; approving overruled them. `round`: 1 for the machine's first draft of the case.
    """

    treatment: Treatment
    share: float
    difference: tuple[Change, ...] = ()
    machine_id: str = ""
    round: int = 1
    found: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
