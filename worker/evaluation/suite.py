"""What a suite is, and what it may tell while it runs: progress for people on standard error, figures at the end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

Figures = Mapping[str, Any]  # what JSON can carry; None where a measure is not defined for the file


class Screen:
    """Standard error: a progress bar for each stage, and lines between them. Standard output is for the JSON alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stage = ""
        self._bar: Any = None

    def tick(self, stage: str, done: int, total: int) -> None:
        """Fits `worker.ports.shelf.Tick`."""
        if self._quiet:
            return
        if stage != self._stage or self._bar is None:
            self.close()
            self._stage, self._bar = stage, tqdm(total=total, desc=stage, file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def say(self, line: str) -> None:
        if not self._quiet:
            self.close()
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._stage, self._bar = "", None


@dataclass(frozen=True)
class Suite:
    """One kind of measurement. `arguments` adds its own options to the parser; `measure` does the work.

    `measure` raises BadConfiguration for a file that cannot be used, in one finished sentence for each problem.
    """

    name: str
    about: str
    arguments: Callable[[argparse.ArgumentParser], object]
    measure: Callable[[argparse.Namespace, Screen], Figures]
