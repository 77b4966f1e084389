"""How much a whole reply says that its sources do not: measures of its sentences, weighed to a chance of 0..1.

Not a guard itself: `supported` holds a reply of which too much is in doubt, and the suite `grounding` measures how well
this tells grounded replies from others. No model is asked and nothing is embedded: the vectors of the sentences told
nothing on the development set that these measures do not (docs/guards.md).

Three kinds of reply have measures of their own besides those that count for all: what rests on a record, several
sentences on prose, and one or two on prose, where a new word is most often the same said differently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from worker.support.guard.claims import Ledgered
from worker.support.guard.records import Told
from worker.support.guard.wording import Measured, measured

if TYPE_CHECKING:
    from worker.support.guard.candidate import Candidate

SEVERAL = 3  # sentences from which new words count as new statements
# Fitted by `scripts/evaluate.py grounding --file F --fit`, which prints them anew. Of FREE ones the sign is the data's:
# they say how long and how freely worded a reply is, so that the others count what is more than that explains.
WEIGHTS: Mapping[str, float] = {
    "absent": 0.6437,
    "few": 0.1657,
    "few: counted": 0.2703,
    "few: turned": 1.6168,
    "named": 0.8274,
    "record": -4.2076,
    "record: against": 1.6892,
    "record: days": 0.4806,
    "record: unknown": 0.6302,
    "record: unmet": 6.5047,
    "reworded": -0.8388,
    "several": 0.125,
    "several: apart": 0.1248,
    "several: content": -0.1547,
    "several: dense": 0.3038,
    "several: elsewhere": 0.8808,
    "several: hedged": -0.8565,
    "several: reworded": -1.324,
    "several: run": 0.5073,
}
FORMS = ("record", "several", "few")  # their weights are the levels of the three
FREE = frozenset({"reworded", "several: reworded", "several: content", "several: hedged"})


def doubt(reply: Candidate) -> float:
    """0..1, the higher the less of the reply stands in what it cites."""
    return chance(measures(reply))


def chance(found: Mapping[str, float]) -> float:
    return 1 / (1 + math.exp(-sum(WEIGHTS.get(name, 0.0) * value for name, value in found.items())))


def measures(reply: Candidate) -> dict[str, float]:
    """Each by its name in WEIGHTS."""
    ledger = [one for i, one in reply.ledger if i not in reply.courteous]
    stating = [s for i, s in reply.numbered() if i not in reply.courteous]
    worded = [measured(s.text, reply.known(s).wording, _held(one)) for one, s in zip(ledger, stating, strict=True)]
    if not ledger:
        return {}
    found = {
        "absent": _mean(_absent(one) for one in ledger),
        "named": _top(worded, lambda m: m.named),
        "reworded": _mean(m.reworded for m in worded),
    }
    if reply.told:
        return found | _of_record(reply.told, worded)
    return found | (_several(ledger, worded) if len(ledger) >= SEVERAL else _few(reply, worded))


def _of_record(told: Sequence[Told], worded: Sequence[Measured]) -> dict[str, float]:
    return {
        "record": 1.0,
        "record: against": math.log1p(sum(len(one.against) for one in told)),
        "record: unknown": math.log1p(sum(len(one.unknown) for one in told)),
        "record: days": math.log1p(sum(len(one.days) for one in told)),
        "record: unmet": _mean(m.unmet for m in worded),
    }


def _several(ledger: Sequence[Ledgered], worded: Sequence[Measured]) -> dict[str, float]:
    return {
        "several": 1.0,
        "several: dense": _top(worded, lambda m: m.dense),
        "several: content": _top(worded, lambda m: m.content),
        "several: reworded": _mean(m.reworded for m in worded),
        "several: hedged": _top(worded, lambda m: m.hedged),
        "several: run": _mean(m.run for m in worded),
        "several: apart": max(m.apart for m in worded),
        "several: elsewhere": _top(
            ledger, lambda one: sum(s.fault == "elsewhere" for s in one.standings if s.token.kind != "term")
        ),
    }


def _few(reply: Candidate, worded: Sequence[Measured]) -> dict[str, float]:
    return {
        "few": 1.0,
        "few: turned": max(float(bool(words)) for words in reply.turned),
        "few: counted": max(m.counted for m in worded),
    }


def _absent(one: Ledgered) -> int:
    return sum(s.fault == "absent" and s.token.kind != "term" for s in one.standings)


def _held(one: Ledgered) -> list[tuple[int, int]]:
    return [(s.token.start, s.token.end) for s in one.standings if not s.fault]


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


def _top(some: Sequence[Any], of: Callable[[Any], float]) -> float:
    """The mean of the two that have most."""
    most = sorted(map(of, some))[-2:]
    return sum(most) / len(most)
