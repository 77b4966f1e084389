"""`python -m worker.sandbox --port N --webhook-url URL --journal FILE`: the sandbox as a process of its own.

Secrets come through the environment (SANDBOX_API_KEY, SANDBOX_WEBHOOK_SECRET), never through the arguments.
"""

from __future__ import annotations

import argparse
import os
import sys

import uvicorn

from worker.sandbox.app import create_app
from worker.sandbox.limits import PLANS


def main() -> int:
    asked = _arguments().parse_args()
    key, secret = os.environ.get("SANDBOX_API_KEY", ""), os.environ.get("SANDBOX_WEBHOOK_SECRET", "")
    if not key or not secret:
        print("SANDBOX_API_KEY and SANDBOX_WEBHOOK_SECRET must be set in the environment", file=sys.stderr)
        return 2
    app = create_app(
        api_key=key,
        secret=secret,
        webhook_url=asked.webhook_url,
        journal=asked.journal,
        allowance=asked.plan,
        clock_scale=asked.clock_scale,
        groq_seconds=asked.groq_seconds,
        seed=asked.seed,
    )
    # No access log: it would be one line for every poll.
    uvicorn.run(app, host=asked.host, port=asked.port, access_log=False, log_level="warning", server_header=False)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.sandbox", description="A local Freshdesk and a local Groq.")
    parser.add_argument("--port", type=int, default=os.environ.get("SANDBOX_PORT") or "8002")
    parser.add_argument("--host", default="127.0.0.1", help="loopback unless you say otherwise")
    parser.add_argument("--webhook-url", default=os.environ.get("SANDBOX_WEBHOOK_URL"), help="where rules ring")
    parser.add_argument("--journal", help="file for what happened, one JSON object a line")
    parser.add_argument("--plan", choices=sorted(PLANS), default="sandbox", help="whose rate limits apply")
    parser.add_argument("--clock-scale", type=float, default=1.0, help="how much faster webhook retries come")
    parser.add_argument("--groq-seconds", type=float, default=0.0, help="how long a completion takes")
    parser.add_argument("--seed", type=int, default=0, help="for faults that strike by chance")
    return parser


if __name__ == "__main__":
    sys.exit(main())
