"""What things took: wall time and processor time, call by call. On a machine that others use too, only the latter can
be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles


@dataclass
class Took:
    """Milliseconds of the calls of one kind, one by one. `cpu` stays empty where the machine does not tell."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def percentiles(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The median and the 95th percentile, to a tenth; None of fewer than two."""
    if len(values) < 2:
        return None, None
    cuts = quantiles(values, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def processor_time(pid: int) -> int | None:
    """Nanoseconds for which the threads of a process have run; None where there is no such record."""
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)
    except (OSError, ValueError, IndexError):  # no Linux, or a thread that has just ended
        return None
