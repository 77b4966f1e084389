"""The guards: each looks for one kind of fault, all of them run, all findings are kept.

A guard is a module here with one function `check(reply) -> findings` and its manual in its docstring, and one line in
GUARDS. A guard that raises is a finding itself: nothing goes out because a check was broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from worker.models import Finding
from worker.support.guard import (
    answered,
    asks,
    cited,
    exact,
    fits,
    hostile,
    language,
    markup,
    meaning,
    personal,
    segments,
    shape,
    supported,
    sure,
    unfilled,
)
from worker.support.guard.candidate import Candidate
from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)

Guard = Callable[[Candidate], Iterable[Finding]]

GUARDS: dict[str, Guard] = {
    "cited": cited.check,
    "exact": exact.check,
    "supported": supported.check,
    "meaning": meaning.check,
    "segments": segments.check,
    "personal": personal.check,
    "unfilled": unfilled.check,
    "markup": markup.check,
    "answered": answered.check,
    "shape": shape.check,
    "fits": fits.check,
    "language": language.check,
    "asks": asks.check,
    "hostile": hostile.check,
    "sure": sure.check,
}


def judge(reply: Candidate, guards: dict[str, Guard] | None = None) -> tuple[Finding, ...]:
    """Every guard's findings, in the order of GUARDS."""
    return tuple(f for name, guard in (guards or GUARDS).items() for f in _run(name, guard, reply))


def _run(name: str, guard: Guard, reply: Candidate) -> list[Finding]:
    try:
        return list(guard(reply))
    except Exception as error:
        log.error("guard_failed", guard=name, error=safe_reason(error))
        what = f"The check “{name}” could not run, so nobody knows whether it would have found something."
        return [Finding(guard=name, what=what, todo="Read the whole reply against its sources.")]
