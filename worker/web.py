"""Serves one of the two web applications: `python -m worker.web webhook|console`. What they do is in `asgi`.

uvicorn with our own logging: its usual one would print tracebacks, and those quote what customers wrote.
"""

from __future__ import annotations

import sys

import uvicorn

from worker import asgi
from worker.errors import BadConfiguration, Trouble
from worker.settings import load_settings

APPS = {"webhook": asgi.webhook, "console": asgi.console}


def main(arguments: list[str] | None = None) -> int:
    """1: the ledger does not answer; 2: the settings are wrong; stderr says it. Otherwise serves until SIGTERM, ending
    open requests first."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1 or given[0] not in APPS:
        print("usage: python -m worker.web webhook|console", file=sys.stderr)
        return 2
    try:
        settings = load_settings()
        app = APPS[given[0]]()
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:  # whoever runs us starts us again
        print(f"{trouble.part or 'A part'} does not answer: {trouble.advised()}", file=sys.stderr)
        return 1
    webhook = given[0] == "webhook"
    uvicorn.run(
        app,
        host=settings.webhook_host if webhook else settings.console_host,
        port=settings.webhook_port if webhook else settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
