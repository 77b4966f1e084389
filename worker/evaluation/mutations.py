"""Correct replies with one hard token changed in each: how many the guards catch, and what they say of the rest.

Every reply goes through `support.guard.judge` as the pipeline calls it, unchanged first, then changed. Caught: the
changed reply has a finding that the unchanged one has not. False alarm: the unchanged reply has any finding at all.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from worker.bootstrap import load_kb, load_rules
from worker.evaluation.changes import Change, changes
from worker.evaluation.figures import interval, rounded
from worker.evaluation.right_replies import Right, right_replies
from worker.evaluation.suite import Figures, Screen, Suite
from worker.models import Finding, Part
from worker.settings import load_settings
from worker.support.guard import judge
from worker.support.guard.candidate import Candidate

EACH = 14  # replies for each template and reader: over 2,000 with the knowledge base that comes along


@dataclass(frozen=True)
class Trial:
    """One reply before and after. `change` None: there was nothing in it that could be changed."""

    right: Right
    before: tuple[Finding, ...]
    change: Change | None
    caught: bool
    after: Candidate | None = None


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    settings, draw = load_settings(), random.Random(options.seed)
    kb, rulebook = load_kb(settings), load_rules(settings)
    rights = list(right_replies(kb, rulebook, options.each, draw))
    if options.replies:
        rights = draw.sample(rights, k=min(options.replies, len(rights)))
    trials: list[Trial] = []
    made: Counter[str] = Counter()
    for right in rights:
        trials.append(trial(right, draw, made))
        screen.tick("judge", len(trials), len(rights))
    if options.show:
        tell(trials, screen)
    return figures(trials)


def trial(right: Right, draw: random.Random, made: Counter[str]) -> Trial:
    """`made`: how many changes of each kind there were; the rarest that a reply allows is made next."""
    before = judge(right.reply)
    found = possible(right.reply, draw)
    if not found:
        return Trial(right, before, None, False)
    number, change = min(found, key=lambda one: made[one[1].kind])
    made[change.kind] += 1
    after = changed(right.reply, number, change)
    return Trial(right, before, change, bool(_new(judge(after), before)), after)


def possible(reply: Candidate, draw: random.Random) -> list[tuple[int, Change]]:
    """(index of the sentence, change), in an order of chance."""
    sources = "\n".join([f"{s.title}. {s.text}" for s in reply.sources.values()] + list(reply.facts.values()))
    found = [(i, change) for i, sentence in reply.numbered() for change in changes(sentence.text, sources, draw)]
    draw.shuffle(found)
    return found


def changed(reply: Candidate, number: int, change: Change) -> Candidate:
    parts: list[Part] = []
    at = 0
    for part in reply.parts:
        told = list(part.sentences)
        if at <= number < at + len(told):
            told[number - at] = told[number - at].model_copy(update={"text": change.text})
        at += len(part.sentences)
        parts.append(part.model_copy(update={"sentences": tuple(told)}))
    return replace(reply, parts=tuple(parts))


def _new(after: tuple[Finding, ...], before: tuple[Finding, ...]) -> set[tuple[str, int | None, str]]:
    def key(one: Finding) -> tuple[str, int | None, str]:
        return (one.guard, one.sentence, one.what)

    return {key(f) for f in after} - {key(f) for f in before}


def figures(trials: list[Trial]) -> dict[str, Any]:
    """`n`: changed replies. By kind of token, and false alarms by how the reply was written."""
    mutants = [t for t in trials if t.change]
    caught = np.array([t.caught for t in mutants], dtype=float)
    alarmed = np.array([bool(t.before) for t in trials], dtype=float)
    by_kind: dict[str, list[Trial]] = {}
    for one in mutants:
        by_kind.setdefault(one.change.kind if one.change else "", []).append(one)
    told: dict[str, Any] = {
        "n": len(mutants),
        "caught": rounded(_share(caught)),
        "caught_ci95": interval(np.arange(len(mutants)), lambda rows: float(caught[rows].mean())),
        "false_alarms": rounded(_share(alarmed)),
        "false_alarms_ci95": interval(np.arange(len(trials)), lambda rows: float(alarmed[rows].mean())),
        "replies": len(trials),
        "templates": len({t.right.template_id for t in trials}),
        "readers": len({t.right.reader for t in trials}),
    }
    for style in ("copied", "reworded"):
        told[f"false_alarms_{style}"] = rounded(_share(np.array([bool(t.before) for t in _of(trials, style)])))
        told[f"caught_{style}"] = rounded(_share(np.array([t.caught for t in _of(mutants, style)])))
    told["by_kind"] = {
        kind: {"n": len(some), "caught": rounded(_share(np.array([t.caught for t in some])))}
        for kind, some in sorted(by_kind.items())
    }
    return told


def tell(trials: list[Trial], screen: Screen) -> None:
    """What went wrong, for whoever improves a guard: the knowledge base's own words, no customer's."""
    for one in trials:
        if one.change and not one.caught:
            screen.say(f"missed ({one.change.kind}), {one.right.template_id}: {one.change.text}")
        for finding in one.before:
            screen.say(f"false alarm ({finding.guard}), {one.right.template_id}: {finding.what} | {finding.words}")


def _of(trials: list[Trial], style: str) -> list[Trial]:
    return [t for t in trials if t.right.style == style]


def _share(right: np.ndarray[Any, Any]) -> float | None:
    return float(right.mean()) if len(right) else None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--each", type=int, default=EACH, help=f"replies per template and reader ({EACH})")
    parser.add_argument("--replies", type=int, default=0, help="only so many of them, drawn by chance (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="tell what was missed and every false alarm")


SUITE = Suite("mutations", "the guards on correct replies with one hard token changed in each", arguments, measure)
