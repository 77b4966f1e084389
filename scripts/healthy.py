"""Is the process in this container well? healthy.py webhook | console | worker | dispatcher; 0 for yes, 1 for no.

The image's health checks run it, next to the process that they ask about. It asks the process itself where that can
answer; the dispatcher answers nobody, so there it asks the ledger when it was swept last. Of several dispatchers on one
ledger that tells that one of them sweeps, not which.
"""

from __future__ import annotations

import argparse
import socket
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.errors import BadConfiguration

SECONDS = 5.0
SWEPT = 60.0  # seconds; the dispatcher notes every 15 that it has swept


class NotWell(Exception):
    """Its words are a finished sentence."""


def web(name: str) -> bool:
    from worker.settings import load_settings

    settings = load_settings()
    port = settings.webhook_port if name == "webhook" else settings.console_port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=SECONDS) as answer:
        return bool(answer.status == 200)


def worker() -> bool:
    """Over Redis, to the worker of this very host: another one's answer would say nothing about this container."""
    from worker.bootstrap import redis_url
    from worker.queues import make_celery
    from worker.settings import load_settings

    settings = load_settings()
    me = f"worker@{socket.gethostname()}"
    with make_celery(settings, redis_url(settings)) as app:
        return any(me in answer for answer in app.control.ping(destination=[me], timeout=SECONDS, limit=1))


def dispatcher() -> bool:
    from worker.adapters.store import open_ledger
    from worker.adapters.store.engine import parse
    from worker.adapters.store.migrations import require
    from worker.adapters.store.trouble import named
    from worker.settings import load_settings

    settings = load_settings()
    require(settings.ledger_url)  # opening a file that is missing would make it, and call that well
    ledger = open_ledger(settings.ledger_url)
    try:
        ago = ledger.doorbells.since_sweep()
    finally:
        ledger.close()
    seconds = None if ago is None else ago.total_seconds()
    # Either way: after a clock was put back, the mark of one that is dead lies ahead.
    if seconds is not None and abs(seconds) < max(SWEPT, 2 * settings.sweep_seconds):
        return True
    raise NotWell(
        f"{_silence(seconds)} the ledger {named(parse(settings.ledger_url))}, and approved replies wait for that. Look"
        " at the log: round_failed says what does not answer. Restart the dispatcher if it says nothing"
    )


def _silence(seconds: float | None) -> str:
    if seconds is None:
        return "Nobody has ever swept"
    if seconds < 0:
        return f"The clock was put back by {-seconds:,.0f} s, and nobody has since swept"
    return f"For {seconds:,.0f} s nobody has swept"


CHECKS: dict[str, Callable[[], bool]] = {
    "webhook": lambda: web("webhook"),
    "console": lambda: web("console"),
    "worker": worker,
    "dispatcher": dispatcher,
}


ASKED = {
    "webhook": "/healthz at WEBHOOK_PORT",
    "console": "/healthz at CONSOLE_PORT",
    "worker": "the worker of this host, through Redis",
    "dispatcher": "the ledger",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked = "; ".join(f"{name}: {what}" for name, what in ASKED.items())
    parser.add_argument("process", choices=CHECKS, help=f"what is asked: {asked}")
    name = parser.parse_args(arguments).process
    try:
        well = CHECKS[name]()
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 1  # Docker keeps 2 for itself
    except NotWell as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        # By kind only: an address in its words may hold a password.
        print(f"{name}: {ASKED[name]} did not answer ({type(error).__name__})", file=sys.stderr)
        return 1
    print(f"{name}: {'well' if well else 'no answer'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
