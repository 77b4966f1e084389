"""`bench.py guards`: how long all guards together take over a reply of ten sentences, the claim ledger included.

Replies are built from kb/ as the suite of mutations builds them, several put together until they have ten sentences.
Each is new to the guards; the texts of kb/ are not, as in a worker that has been up for a while.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from worker.bench.took import percentiles
from worker.bootstrap import load_kb, load_rules
from worker.errors import BadConfiguration
from worker.evaluation.right_replies import Right, right_replies
from worker.evaluation.suite import Figures, Screen, Suite
from worker.knowledge.documents import Kb
from worker.models import Part
from worker.rulebook import Rulebook
from worker.settings import load_settings
from worker.support.guard import judge, ledger_of
from worker.support.guard.candidate import Candidate

SENTENCES = 10
BOUND = 30.0  # milliseconds within which half of the replies must be judged
EACH = 2  # replies of each template and reader that are put together


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    if options.replies < 2:
        raise BadConfiguration("Give at least two replies.")
    settings, draw = load_settings(), random.Random(options.seed)
    replies = list(long_replies(load_kb(settings), load_rules(settings), options.replies, draw))
    wall, cpu = [], []
    for number, reply in enumerate(replies, 1):
        begun, spent = time.perf_counter(), time.process_time()
        judge(reply)
        ledger_of(reply)
        wall.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
        screen.tick("judge", number, len(replies))
    (p50, p95), (cpu_p50, cpu_p95) = percentiles(wall), percentiles(cpu)
    told = {"replies": len(replies), "sentences": SENTENCES, "p50_ms": p50, "p95_ms": p95}
    return told | {"cpu_p50_ms": cpu_p50, "cpu_p95_ms": cpu_p95, "within": p50 is not None and p50 <= BOUND}


def long_replies(kb: Kb, rulebook: Rulebook, count: int, draw: random.Random) -> Iterator[Candidate]:
    """At most `count` replies of SENTENCES sentences, in an order of chance; each rests on texts that one reader may be
    told from."""
    made: list[Candidate] = []
    for _, rights in groupby(right_replies(kb, rulebook, EACH, draw), key=lambda right: right.reader):
        several = list(rights)
        draw.shuffle(several)
        made += _put_together(several)
    draw.shuffle(made)
    yield from made[:count]


def _put_together(rights: list[Right]) -> Iterator[Candidate]:
    whole: Candidate | None = None
    for right in rights:
        more = right.reply
        whole = more if whole is None else _joined(whole, more)
        if sum(len(part.sentences) for part in whole.parts) >= SENTENCES:
            yield replace(whole, parts=_cut(whole.parts))
            whole = None


def _joined(one: Candidate, more: Candidate) -> Candidate:
    return replace(
        one,
        parts=(*one.parts, *more.parts),
        sources={**one.sources, **more.sources},
        template_ids=tuple(dict.fromkeys((*one.template_ids, *more.template_ids))),
        fit={**one.fit, **more.fit},
    )


def _cut(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    out: list[Part] = []
    room = SENTENCES
    for part in parts:
        if room:
            out.append(part.model_copy(update={"sentences": part.sentences[:room]}))
            room -= len(out[-1].sentences)
    return tuple(out)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replies", type=int, default=120, metavar="N", help="that are judged (120)")
    parser.add_argument("--seed", type=int, default=1)


SUITE = Suite(
    name="guards",
    about="All guards together over replies of ten sentences.",
    arguments=_arguments,
    measure=measure,
)
