"""The guards: each looks for one kind of fault, all of them run, all findings are kept.

A guard is a module here with one function `check(reply) -> findings` and its manual in its docstring, with one reply
that passes and one that fails, and one line in NAMES. A guard that raises, takes too long or cannot be loaded is a
finding itself: nothing goes out because a check was broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module

import structlog

from worker.models import Claim, Finding
from worker.support.guard.beside import in_another_thread
from worker.support.guard.candidate import Candidate
from worker.support.guard.claims import claims
from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)

Guard = Callable[[Candidate], Iterable[Finding]]

NAMES = (
    "cited",
    "exact",
    "supported",
    "meaning",
    "conditions",
    "segments",
    "personal",
    "commitments",
    "unfilled",
    "markup",
    "answered",
    "shape",
    "disputed",
    "fits",
    "language",
    "asks",
    "tone",
    "hostile",
    "sure",
)
PATIENCE = 30.0  # seconds that one guard may take on a busy machine; all together take hundredths of one


def load(name: str) -> Guard:
    """The guard `name`, or one that raises why it could not be loaded."""
    try:
        check: Guard = import_module(f"{__name__}.{name}").check
    except Exception as error:
        reason = error

        def check(_: Candidate) -> Iterable[Finding]:
            raise reason

    return check


GUARDS: dict[str, Guard] = {name: load(name) for name in NAMES}


def judge(
    reply: Candidate, guards: Mapping[str, Guard] | None = None, *, patience: float = PATIENCE
) -> tuple[Finding, ...]:
    """Every guard's findings, in the order of GUARDS."""
    left = dict(GUARDS if guards is None else guards)
    found: list[Finding] = []
    while left:
        found += _run(left, reply, patience)
    return tuple(found)


def ledger_of(reply: Candidate) -> tuple[Claim, ...]:
    """What every sentence rests on, to be stored with the draft; empty where it could not be worked out, which the
    guards that read it have told then."""
    try:
        return claims(reply.ledger)
    except Exception as error:
        log.error("claims_failed", error=safe_reason(error))
        return ()


def _run(left: dict[str, Guard], reply: Candidate, patience: float) -> Iterator[Finding]:
    """Runs the guards in one thread beside this one and takes them out of `left` as they end. One that does not end in
    time is left alone with its thread; the others go on in another."""
    results: list[list[Finding] | Exception] = []
    names, seen = tuple(left), 0
    # Told once for them all: a word after each would change threads as often as there are guards.
    ended = in_another_thread(partial(_work, dict(left), reply, results))
    while not ended.wait(patience) and seen < len(results):
        seen = len(results)
    told = tuple(results)  # what comes later is nobody's
    for name, result in zip(names, told, strict=False):
        del left[name]
        if isinstance(result, Exception):
            log.error("guard_failed", guard=name, error=safe_reason(result))
            yield _broken(name)
        else:
            yield from result
    if len(told) < len(names):
        stuck = names[len(told)]
        del left[stuck]
        log.error("guard_failed", guard=stuck, error="it took too long")
        yield _broken(stuck)


def _work(guards: dict[str, Guard], reply: Candidate, results: list[list[Finding] | Exception]) -> None:
    for guard in guards.values():
        try:
            results.append(list(guard(reply)))
        except Exception as error:
            results.append(error)


def _broken(name: str) -> Finding:
    what = f"The check “{name}” could not run, so nobody knows whether it would have found something."
    return Finding(guard=name, what=what, todo="Read the whole reply against its sources.")
