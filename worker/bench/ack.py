"""`bench.py ack`: how long Freshdesk waits for the answer to a webhook, at a steady rate, each doorbell committed.

The webhook process as it runs in production, on a ledger and a Redis of its own. Its floor in the same run is the same
load on /healthz, which takes the same way through the server and does nothing.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

import redis
from sqlalchemy import func, select

from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.adapters.store.schema import doorbells
from worker.bench.load import Answers, Ask, load
from worker.bench.served import served
from worker.errors import BadConfiguration, Permanent
from worker.evaluation.suite import Figures, Screen, Suite
from worker.stack.checks import free_port
from worker.stack.redis_server import redis_binary, write_redis_configuration

WARM = 50  # requests before the first that counts: connections, caches, the statement's first compilation
ACCEPTED = 202
NOBODY = {"FRESHDESK_URL": "http://127.0.0.1:9", "FRESHDESK_API_KEY": "none"}  # asked only by /readyz


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Medians over the repeats. Raises Permanent where a webhook was refused, or accepted and not committed."""
    if options.requests < 100 or options.rate <= 0 or options.repeats < 1:
        raise BadConfiguration("Give at least 100 requests, a rate above 0 and one repeat.")
    secret = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as name:
        folder = Path(name)
        url = options.database or f"sqlite:///{folder / 'ledger.db'}"
        migrate(url)
        with own_redis(folder) as redis_url:
            settings = {"DATABASE_URL": url, "DATA_DIR": str(folder), "REDIS_URL": redis_url, **NOBODY}
            with served("webhook", {**settings, "FRESHDESK_WEBHOOK_SECRET": secret}) as (port, _):
                load(port, _webhooks(secret, WARM), options.rate, lambda *_: None)
                before = committed(url)
                runs = [_one(port, secret, options, screen) for _ in range(options.repeats)]
                accepted = sum(run.statuses.get(ACCEPTED, 0) for run, _ in runs)
                stored = committed(url) - before
    sent = options.repeats * options.requests
    if not sent == accepted == stored:
        raise Permanent(f"of {sent} webhooks {accepted} were accepted and {stored} stored", part="webhook")
    return figures(runs, options) | {"committed": stored}


def _one(port: int, secret: str, options: argparse.Namespace, screen: Screen) -> tuple[Answers, Answers]:
    """The webhooks, and then their floor."""
    asked = _webhooks(secret, options.requests)
    acks = load(port, asked, options.rate, lambda done, total: screen.tick("webhooks", done, total))
    floor = [Ask("GET", "/healthz")] * options.requests
    return acks, load(port, floor, options.rate, lambda done, total: screen.tick("floor", done, total))


def figures(runs: list[tuple[Answers, Answers]], options: argparse.Namespace) -> dict[str, object]:
    """The 50th and 99th percentile of each run, and of these the median."""
    acks, floors = zip(*((tail(run.waited), tail(floor.waited)) for run, floor in runs), strict=True)
    told: dict[str, object] = {"requests": options.requests, "rate": options.rate, "repeats": options.repeats}
    for name, found in (("", acks), ("floor_", floors)):
        told[f"{name}p50_ms"] = round(median(p50 for p50, _ in found), 2)
        told[f"{name}p99_ms"] = round(median(p99 for _, p99 in found), 2)
    return told


def tail(values: list[float]) -> tuple[float, float]:
    """(median, 99th percentile) of at least one value; the nearest rank, so that no value is made up."""
    ranked = sorted(values)
    return ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]


def _webhooks(secret: str, number: int) -> list[Ask]:
    """As Freshdesk's automation rule sends them: the ticket's id as text, the secret in a header."""
    headers = {"Content-Type": "application/json", "X-Webhook-Secret": secret}
    return [
        Ask("POST", "/webhooks/freshdesk", json.dumps({"ticket_id": str(ticket)}), headers)
        for ticket in range(1, number + 1)
    ]


def committed(url: str) -> int:
    with closing(open_ledger(url)) as ledger, ledger.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(doorbells)).scalar_one())


@contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    """A Redis of the run's own, answering; its URL. Ended when the block is left."""
    port, password = free_port(), secrets.token_urlsafe(16)
    configuration = write_redis_configuration(folder / "redis", port, password)
    process = subprocess.Popen([redis_binary(), str(configuration)], stdout=subprocess.DEVNULL)  # noqa: S603
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1) as client:
            _until_it_answers(client)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _until_it_answers(client: redis.Redis) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.05)
        else:
            return
    raise Permanent("Redis did not start", part="redis")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=4000, metavar="N", help="webhooks of each repeat (4000)")
    parser.add_argument("--rate", type=float, default=200.0, metavar="R", help="webhooks a second (200)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="of which the medians are told (3)")
    parser.add_argument("--database", metavar="URL", help="a ledger to fill, instead of a temporary SQLite file")


SUITE = Suite(
    name="ack",
    about="How long Freshdesk waits for the answer to a webhook.",
    arguments=_arguments,
    measure=measure,
)
