"""Template choice on labelled questions: labels stand for templates, training rows for their example questions.

A knowledge base is made of the training file and published as index_kb.py does it; each row of the test file then takes
the way of a customer's question through support/retrieve.py: Milvus, the trained head, and whether none fits. The
threshold of "none fits" is the head's own, learnt from the training file. Rows labelled `oos`, in small or large
letters, have no template.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.errors import BadConfiguration
from worker.evaluation import parts
from worker.evaluation.figures import auroc, interval, rounded
from worker.evaluation.files import read_csv
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.choice import NONE, Example
from worker.knowledge.chunk import template_source
from worker.knowledge.correlation import matthews
from worker.knowledge.index import Row, publish, row_of
from worker.knowledge.words import searchable
from worker.models import Reader, Template
from worker.ports import Embedder, Index
from worker.support.retrieve import templates_for

OUTSIDE = "oos"  # the label of rows that no template fits
TOGETHER = 64
NAMED = 10  # labels in a sentence at most
READER = Reader(segments=(), reads=("public",))


@dataclass(frozen=True)
class Labelled:
    """`lacking`: how many rows more the file has, without a text or a label."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lacking: int = 0


@dataclass(frozen=True)
class Judged:
    """One entry for each row of the test file. `truth` and `first` are "" where none fits, or none was said to."""

    truth: NDArray[Any]
    best: NDArray[Any]  # the first template, whether or not it was said that none fits
    in_three: NDArray[np.bool_]
    chance: NDArray[Any]  # that the first template is right
    fits: NDArray[Any]  # the chance that any template is
    none: NDArray[np.bool_]


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    train, test = read(options.train), read(options.test)
    if len(set(train.labels) - {OUTSIDE}) < 2:
        raise BadConfiguration("The training file has a single label: there is nothing to choose between.")
    unlearnt = unlearnt_labels(train, test)
    screen.say("\n".join(told(train, test, unlearnt)))
    embedder = parts.embedder()
    with parts.shelf(embedder.name) as shelf:
        begun = time.monotonic()
        rows, outside = list(rows_of(train)), [t for t, label in zip(*pair(train), strict=True) if label == OUTSIDE]
        approved = [Example(text=text, template_id=NONE) for text in outside]
        publish(rows, embedder, shelf, progress=screen.tick, approved=approved)
        screen.say(f"Indexed and trained in {time.monotonic() - begun:.1f} s.")
        judged, seconds = judge(test, shelf, embedder, screen)
    more = {"unlearnt_rows": unlearnt.total(), "ms_per_query": round(seconds / len(test.texts) * 1000, 2)}
    return figures(judged) | more


def unlearnt_labels(train: Labelled, test: Labelled) -> Counter[str]:
    """Labels of the test file that no training row has, and how many rows have each: all of them will be wrong."""
    known = {*train.labels, OUTSIDE}
    return Counter(label for label in test.labels if label not in known)


def told(train: Labelled, test: Labelled, unlearnt: Counter[str]) -> list[str]:
    """What is measured on what, in sentences for people."""
    lines = [f"{len(train.texts)} rows to learn from, {len(test.texts)} to be judged on."]
    outside = [sum(label == OUTSIDE for label in rows.labels) for rows in (train, test)]
    lines.append(f"Out of scope, that is labelled {OUTSIDE}: {outside[0]} and {outside[1]} of them.")
    lines += [f"Left out for lack of a text or a label: {rows.lacking} rows." for rows in (train, test) if rows.lacking]
    if unlearnt:
        named = ", ".join(f"{label} ({count})" for label, count in unlearnt.most_common(NAMED))
        named += ", ..." if len(unlearnt) > NAMED else ""
        lines.append(
            f"{len(unlearnt)} labels of the test file are on no training row, so that none of their {unlearnt.total()} "
            f"rows can be right: {named}. Write them as in the training file, "
            f"give them training rows, or label them {OUTSIDE} where no template fits."
        )
    return lines


def rows_of(train: Labelled) -> Iterator[Row]:
    """A template for each label, its rows as example questions; its name is all that its own text says."""
    for label in sorted(set(train.labels) - {OUTSIDE}):
        mine = tuple(text for text, other in zip(*pair(train), strict=True) if other == label)
        name = re.sub(r"[_\W]+", " ", label).strip() or label
        template = Template(
            template_id=label,
            title=name,
            topic="",
            segments=READER.reads,
            questions=mine,
            needs=(),
            auto_send=False,
            body="",
            version="1",
        )
        source = template_source(template)
        yield row_of(source, template)
        for number, question in enumerate(mine, 1):
            yield Row(
                pk=f"{label}?{number}", about="question", embed=question, words=searchable(question), source=source
            )


def judge(test: Labelled, index: Index, embedder: Embedder, screen: Screen) -> tuple[Judged, float]:
    """What the production path says of each row, and the seconds that it took, embedding included."""
    seconds, found = 0.0, []
    for start in range(0, len(test.texts), TOGETHER):
        texts = test.texts[start : start + TOGETHER]
        begun = time.monotonic()
        found += templates_for(texts, embedder, READER, index)
        seconds += time.monotonic() - begun
        screen.tick("judge", start + len(texts), len(test.texts))
    firsts = [[source.source_id for source in one.templates[:3]] or [""] for one in found]
    truth = ["" if label == OUTSIDE else label for label in test.labels]
    return (
        Judged(
            truth=np.array(truth),
            best=np.array([first[0] for first in firsts]),
            in_three=np.array([label in first for label, first in zip(truth, firsts, strict=True)]),
            chance=np.array([one.templates[0].chance or 0.0 if one.templates else 0.0 for one in found]),
            fits=np.array([one.fits or 0.0 for one in found]),
            none=np.array([one.none for one in found]),
        ),
        seconds,
    )


def figures(judged: Judged) -> dict[str, Any]:
    """The figures of the suite; None where the test file has no rows of the kind that a figure is about."""
    every = np.arange(len(judged.truth))
    inside = every[judged.truth != ""]
    measures: dict[str, tuple[NDArray[Any], Callable[[NDArray[Any]], float | None]]] = {
        "accuracy": (inside, lambda at: _share((judged.best == judged.truth)[at])),
        "top3": (inside, lambda at: _share(judged.in_three[at])),
        "mcc": (every, lambda at: mcc(judged.truth[at], np.where(judged.none, "", judged.best)[at])),
        "oos_auroc": (every, lambda at: auroc(*_split(judged, at))),
        "oos_recall_at_5pct_false_oos": (every, lambda at: recall(*_split(judged, at))),
        "coverage_at_1pct_error": (inside, lambda at: coverage(judged, at, 0.01)),
        "coverage_at_2pct_error": (inside, lambda at: coverage(judged, at, 0.02)),
    }
    told: dict[str, Any] = {"n": len(every)}
    for name, (rows, of) in measures.items():
        told[name] = rounded(of(rows))
        if told[name] is not None:
            told[f"{name}_ci95"] = interval(rows, of)
    return told


def mcc(truth: NDArray[Any], said: NDArray[Any]) -> float | None:
    """Matthews correlation over all labels, "none" being one of them; None for no rows."""
    if not len(truth):
        return None
    _, numbers = np.unique(np.concatenate([truth, said]), return_inverse=True)
    return matthews(numbers[: len(truth)], numbers[len(truth) :])


def recall(inside: NDArray[Any], outside: NDArray[Any]) -> float | None:
    """The share of `outside` below the score that 5 % of `inside` are below."""
    if not len(inside) or not len(outside):
        return None
    return float((outside < np.sort(inside)[int(0.05 * len(inside))]).mean())


def coverage(judged: Judged, at: NDArray[Any], error: float) -> float | None:
    """The largest share of rows, the surest first, of which at most `error` are wrong."""
    if not len(at):
        return None
    surest = at[np.argsort(-judged.chance[at], kind="stable")]
    wrong = np.cumsum(judged.best[surest] != judged.truth[surest]) / np.arange(1, len(surest) + 1)
    good = np.flatnonzero(wrong <= error)
    return float((good[-1] + 1) / len(surest)) if len(good) else 0.0


def _split(judged: Judged, at: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return judged.fits[at][judged.truth[at] != ""], judged.fits[at][judged.truth[at] == ""]


def _share(right: NDArray[Any]) -> float | None:
    return float(right.mean()) if len(right) else None


def pair(rows: Labelled) -> tuple[Sequence[str], Sequence[str]]:
    return rows.texts, rows.labels


def read(paths: list[Path]) -> Labelled:
    rows = [row for path in paths for row in read_csv(path, ("text", "label"))]
    whole = [row for row in rows if row["text"].strip() and row["label"].strip()]
    if not whole:
        raise BadConfiguration(f"{paths[0]} has no row with both text and label.")
    texts, labels = [row["text"] for row in whole], [row["label"].strip() for row in whole]
    named = [OUTSIDE if label.casefold() == OUTSIDE else label for label in labels]
    return Labelled(tuple(texts), tuple(named), lacking=len(rows) - len(whole))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--train", type=Path, required=True, nargs="+", action="extend", help="CSV with text,label")
    parser.add_argument("--test", type=Path, required=True, nargs="+", action="extend", help="CSV with text,label")


SUITE = Suite("intents", "template choice: --train T.csv --test E.csv (text,label)", arguments, measure)
