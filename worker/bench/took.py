"""What things took: wall time and processor time, call by call, and what a process has used so far. On a machine that
others use too, only processor time can be compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles


@dataclass
class Took:
    """Milliseconds of the calls of one kind, one by one. `cpu` stays empty where the machine does not tell."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Spent:
    """Of one process: seconds on a processor since it began, threads that have ended included, and its memory in MB.
    Both 0 where the machine does not tell, or the process is gone."""

    seconds: float = 0.0
    memory: float = 0.0


def percentiles(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The median and the 95th percentile, to a hundredth; None of fewer than two."""
    if len(values) < 2:
        return None, None
    cuts = quantiles(values, n=20, method="inclusive")
    return round(cuts[9], 2), round(cuts[18], 2)


def processor_time(pid: int) -> int | None:
    """Nanoseconds for which the threads of a process have run; None where there is no such record."""
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
    except (OSError, ValueError, IndexError):  # no Linux, or a thread that has just ended
        return None


def spent(pid: int) -> Spent:
    """To a hundredth of a second, which is enough over hundreds of tickets."""
    try:
        # The name of the program, in brackets, may hold blanks; what follows it does not.
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
        return Spent(seconds, int(told[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
    except (OSError, ValueError, IndexError):
        return Spent()
