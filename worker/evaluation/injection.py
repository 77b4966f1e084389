"""Mails that try to give orders: how many of them the guard `hostile` marks, and how many that do not.

Each text takes the way of a plain mail: what a reader would see of it is cut out, then the guard is asked, without a
model. Lines may carry a `kind`; figures are told for each, since sources differ in style and a pooled figure flatters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from worker.evaluation.figures import Numbers, auroc, interval, rounded
from worker.evaluation.files import read_csv, read_jsonl
from worker.evaluation.suite import Figures, Screen, Suite
from worker.intake.mailtext import read
from worker.models import Identity, Reader, Strength
from worker.support.guard import hostile, orders
from worker.support.guard.candidate import Candidate


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    rows = read_jsonl(options.file, {"id": str, "text": str, "attack": bool})
    kinds = [str(row.get("kind", "")) for row in rows]
    attacks = [row["attack"] for row in rows]
    texts = [row["text"] for row in rows]
    for path in options.benign:
        more = list(_benign(path))
        texts, attacks, kinds = texts + more, attacks + [False] * len(more), kinds + [path.stem] * len(more)
    begun = time.perf_counter()
    judged = []
    for text in texts:
        judged.append(marked(text))
        screen.tick("judge", len(judged), len(texts))
    seconds = time.perf_counter() - begun
    flagged, scores = np.array([one for one, _ in judged]), np.array([score for _, score in judged])
    told = figures(flagged, scores, np.array(attacks), np.array(kinds))
    return told | {"ms_per_text": round(seconds / len(texts) * 1000, 2)}


def marked(text: str) -> tuple[bool, float]:
    """Whether the guard has anything against a mail, and how sure it is that it gives orders."""
    words = read("", text)
    mail = Candidate(
        parts=(),
        sources={},
        template_ids=(),
        facts={},
        identity=Identity(strength=Strength.UNKNOWN),
        reader=Reader(segments=(), reads=()),
        message=words.now,
        hidden=words.hidden,
        had_invisible=words.had_invisible,
    )
    return bool(list(hostile.check(mail))), max(orders.chance(words.now), orders.chance(words.hidden))


def figures(flagged: Numbers, scores: Numbers, attacks: Numbers, kinds: Numbers) -> dict[str, Any]:
    """`tpr` and `fpr` by the guard's own word; `tpr_at_1pct_fpr` by its score: over the smallest threshold at which at
    most 1 % of the harmless texts lie above it."""
    harmless, rows = scores[~attacks], np.arange(len(scores))
    told: dict[str, Any] = {
        "n": len(scores),
        "attacks": int(attacks.sum()),
        "tpr": rounded(_share(flagged[attacks])),
        "tpr_ci95": interval(rows[attacks], lambda at: float(flagged[at].mean())),
        "fpr": rounded(_share(flagged[~attacks])),
        "fpr_ci95": interval(rows[~attacks], lambda at: float(flagged[at].mean())),
        "auroc": rounded(auroc(scores[attacks], harmless)),
        "tpr_at_1pct_fpr": None,
    }
    if len(harmless) and attacks.any():
        threshold = np.sort(harmless)[::-1][int(0.01 * len(harmless))]
        told["tpr_at_1pct_fpr"] = rounded(float((scores[attacks] > threshold).mean()))
    told["by_kind"] = {
        f"{kind or 'all'}{' (attack)' if attack else ''}": {
            "n": int(these.sum()),
            "flagged": rounded(_share(flagged[these])),
            "flagged_ci95": interval(rows[these], lambda at: float(flagged[at].mean())),
        }
        for kind in dict.fromkeys(kinds.tolist())
        for attack in (True, False)
        if (these := (kinds == kind) & (attacks == attack)).any()
    }
    return told


def _benign(path: Path) -> Iterator[str]:
    """The texts of a CSV with a column `text`, or of JSONL with a field `text`."""
    if path.suffix == ".csv":
        yield from (row["text"] for row in read_csv(path, ("text",)))
    else:
        yield from (row["text"] for row in read_jsonl(path, {"text": str}))


def _share(some: Numbers) -> float | None:
    return float(some.mean()) if len(some) else None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, required=True, help="JSONL with id, text, attack (and kind)")
    parser.add_argument(
        "--benign",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        help="more harmless texts: CSV or JSONL with text",
    )


SUITE = Suite("injection", "mails that give orders: --file F.jsonl (id, text, attack)", arguments, measure)
