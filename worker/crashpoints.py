"""Named places where a process may die: before and after every commit and every call that leaves the house.

`crash_point("deliver.posted")` does nothing, and costs nothing, unless a test has armed it in its own process. Nothing
from outside can arm it: a variable in the environment that kills a worker has no place in production.
"""

from __future__ import annotations

from collections.abc import Callable

_armed: Callable[[str], None] | None = None


def crash_point(name: str) -> None:
    """Names are "way.what has just happened", each used once: tests find them in the source."""
    if _armed is not None:
        _armed(name)


def arm(act: Callable[[str], None] | None) -> None:
    """`act(name)` is called at every point from now on; None disarms."""
    global _armed
    _armed = act
