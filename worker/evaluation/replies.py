"""What a customer wrote, found in raw mail bodies: the share that comes out as a person would have cut it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.evaluation.figures import interval, rounded
from worker.evaluation.files import read_jsonl
from worker.evaluation.suite import Figures, Screen, Suite
from worker.intake.mailtext import read


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    pairs = read_jsonl(options.pairs, {"id": str, "email": str, "expected": str})
    right: list[bool] = []
    for pair in pairs:
        right.append(_folded(read("", pair["email"]).written) == _folded(pair["expected"]))
        screen.tick("reading", len(right), len(pairs))
    if options.wrong:  # ids alone: the mails themselves belong on no screen
        screen.say("Not as expected: " + ", ".join(p["id"] for p, ok in zip(pairs, right, strict=True) if not ok))
    exact = np.array(right, dtype=float)

    def share(rows: NDArray[np.int64]) -> float:
        return float(exact[rows].mean())

    return {
        "n": len(pairs),
        "exact": int(exact.sum()),
        "exact_share": rounded(float(exact.mean())),
        "exact_share_ci95": interval(np.arange(len(pairs)), share),
    }


def _folded(text: str) -> str:
    return " ".join(text.split())


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=Path, required=True, help="JSONL with id, email (raw body), expected")
    parser.add_argument("--wrong", action="store_true", help="tell the ids of the mails that came out otherwise")


SUITE = Suite("replies", "reply trimming: --pairs F.jsonl (id, email, expected)", arguments, measure)
