"""Is the process in this container well? healthy.py webhook | console | worker | dispatcher; 0 for yes, 1 for no.

The image's health checks run it, next to the process that they ask about. It asks the process itself where that can
answer; the dispatcher answers nobody, so there it asks whether the one thing that the sweep cannot do without is there.
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
    from worker.adapters.store.migrations import require
    from worker.settings import load_settings

    url = load_settings().ledger_url
    require(url)  # opening a file that is missing would make it, and call that well
    ledger = open_ledger(url)
    try:
        return bool(ledger.ping())
    finally:
        ledger.close()


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
    except Exception as error:
        # By kind only: an address in its words may hold a password.
        print(f"{name}: {ASKED[name]} did not answer ({type(error).__name__})", file=sys.stderr)
        return 1
    print(f"{name}: {'well' if well else 'no answer'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
