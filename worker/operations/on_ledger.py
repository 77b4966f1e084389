"""A command on the ledger, from its settings to its exit code: what users.py and gate.py do around their own work."""

from __future__ import annotations

import sys
from collections.abc import Callable

from worker import bootstrap
from worker.adapters.store.engine import parse
from worker.adapters.store.trouble import named
from worker.errors import BadConfiguration, Permanent, Trouble
from worker.ports import Ledger
from worker.settings import Settings


def on_ledger(
    work: Callable[[Ledger, Settings], object], settings: Callable[[], Settings], *, makes: bool = False
) -> int:
    """0: done. 1: the database did not take it; try again. 2: the request or the settings are wrong, or there is no
    ledger and the command `makes` none. The reason is on standard error."""
    try:
        found = settings()
        ledger = bootstrap.open_ledger_for(found, makes=makes)
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


def ledger_of(settings: Settings) -> str:
    """What the ledger is called, without a password: its file, or its host and name."""
    return named(parse(settings.ledger_url))


def told(trouble: Trouble) -> str:
    """Which ledger, what is wrong with it, and what to do."""
    head = "cannot be used" if isinstance(trouble, Permanent) else "does not answer"
    return f"The ledger {head}: {trouble.advised('run this again')}"
