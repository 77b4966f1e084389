"""Template choice on labelled questions: labels stand for templates, training rows for their example questions."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from worker.errors import BadConfiguration
from worker.evaluation.files import read_csv
from worker.evaluation.suite import Figures, Screen, Suite

OUTSIDE = "oos"  # the label of rows that no template fits


@dataclass(frozen=True)
class Labelled:
    texts: tuple[str, ...]
    labels: tuple[str, ...]


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    train, test = read(options.train), read(options.test)
    if len(set(train.labels) - {OUTSIDE}) < 2:
        raise BadConfiguration("The training file has a single label: there is nothing to choose between.")
    screen.say(f"{len(train.texts)} rows to learn from, {len(test.texts)} to be judged on.")
    return {"n": len(test.texts)}


def read(paths: list[Path]) -> Labelled:
    rows = [row for path in paths for row in read_csv(path, ("text", "label"))]
    return Labelled(tuple(row["text"] for row in rows), tuple(row["label"] for row in rows))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--train", type=Path, required=True, nargs="+", action="extend", help="CSV with text,label")
    parser.add_argument("--test", type=Path, required=True, nargs="+", action="extend", help="CSV with text,label")


SUITE = Suite("intents", "template choice: --train T.csv --test E.csv (text,label)", arguments, measure)
