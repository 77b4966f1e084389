"""The frame of a check-up: what a check says, many of them side by side within one deadline, and how it is told.

What is checked is in house_checks.py, worker_checks.py, written_checks.py and freshdesk_checks.py. Called by
scripts/doctor.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from queue import Empty, Queue
from typing import Any

from worker.errors import BadConfiguration, Trouble
from worker.trouble_words import safe_reason

DEADLINE = 30.0  # seconds for all checks together; each part has shorter ones of its own
_HIDDEN = "(a secret)"


class Health(StrEnum):
    """`LOOK`: no program can see it, somebody has to; it changes no exit code."""

    OK = "ok"
    LOOK = "look"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Said:
    """What one check found. `todo`: what to do about it; "" for nothing."""

    name: str
    health: Health
    says: str
    todo: str = ""


def ok(name: str, says: str) -> Said:
    return Said(name, Health.OK, says)


def warn(name: str, says: str, todo: str) -> Said:
    return Said(name, Health.WARNING, says, todo)


def broken(name: str, says: str, todo: str) -> Said:
    return Said(name, Health.BROKEN, says, todo)


def look(name: str, says: str, todo: str) -> Said:
    return Said(name, Health.LOOK, says, todo)


Check = Callable[[], Iterable[Said]]


def run(checks: Mapping[str, Check], seconds: float = DEADLINE) -> list[Said]:
    """All checks at once, told in the order in which they are named. One that hangs is broken, and is left behind: its
    thread ends with the process."""
    answers: Queue[tuple[str, list[Said]]] = Queue()
    for name, check in checks.items():
        threading.Thread(target=lambda n=name, c=check: answers.put((n, _ask(n, c))), daemon=True, name=name).start()
    until = time.monotonic() + seconds
    came: dict[str, list[Said]] = {}
    while len(came) < len(checks):
        try:
            name, said = answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        came[name] = said
    hangs = "What it asks does not answer: is the address right, and does a firewall swallow the connection?"
    none = {name: [broken(name, f"no answer within {seconds:.0f} s", hangs)] for name in checks}
    return [said for name in checks for said in came.get(name, none[name])]


def _ask(name: str, check: Check) -> list[Said]:
    try:
        return list(check())
    except BadConfiguration as error:
        return [
            broken(name, problem, "Correct it; docs/operations.md lists every setting.") for problem in error.problems
        ]
    except Trouble as trouble:
        advice = f"{trouble.todo[:1].upper()}{trouble.todo[1:]}." if trouble.todo else ""
        return [broken(name, trouble.reason, advice or "See docs/operations.md, “Is it well?”, for this part.")]
    except Exception as error:
        return [broken(name, safe_reason(error), "This check itself failed: please tell the developers this line.")]


def without_secrets(found: Sequence[Said], secrets: Iterable[str]) -> list[Said]:
    """No check prints a secret; should one ever, it does not get out here."""
    hidden = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def safe(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, _HIDDEN)
        return text

    return [Said(one.name, one.health, safe(one.says), safe(one.todo)) for one in found]


def exit_code(found: Iterable[Said]) -> int:
    """0: well. 1: something is broken. 2: warnings only."""
    healths = {one.health for one in found}
    return 1 if Health.BROKEN in healths else 2 if Health.WARNING in healths else 0


def as_json(found: Sequence[Said]) -> dict[str, Any]:
    counts = {health.value: sum(one.health is health for one in found) for health in Health}
    return {"checks": [asdict(one) for one in found], **counts}


def as_table(found: Sequence[Said]) -> str:
    """A line for each check, and below it what to do."""
    width = max((len(one.name) for one in found), default=0)
    lines = []
    for one in found:
        lines.append(f"{one.health.value:<8} {one.name:<{width}}  {one.says}")
        if one.todo:
            lines.append(f"{'':<8} {'':<{width}}  -> {one.todo}")
    counts = as_json(found)
    told = ", ".join(f"{counts[health.value]} {health.value}" for health in Health if counts[health.value])
    return "\n".join([*lines, "", told])
