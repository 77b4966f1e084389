"""A command on the ledger, from its settings to its exit code: what users.py and gate.py do around their own work."""

from __future__ import annotations

import sys
from collections.abc import Callable

from worker import bootstrap
from worker.errors import BadConfiguration, Permanent, Trouble
from worker.ports import Ledger
from worker.settings import Settings


def on_ledger(work: Callable[[Ledger, Settings], object], settings: Callable[[], Settings]) -> int:
    """0: done. 1: the database did not take it; try again. 2: the request or the settings are wrong. The reason is on
    standard error."""
    try:
        found = settings()
        ledger = bootstrap.open_ledger_for(found)
        try:
            work(ledger, found)
        finally:
            ledger.close()
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:
        print(told(trouble), file=sys.stderr)
        return 1
    return 0


def told(trouble: Trouble) -> str:
    """Which ledger, what is wrong with it, and what to do."""
    head = "cannot be used" if isinstance(trouble, Permanent) else "does not answer"
    return f"The ledger {head}: {trouble.advised('run this again')}"
