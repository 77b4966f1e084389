"""What can be checked of our own house: settings, database, Redis, index, model, disk, and who is at work.

Reads and pings only, but for one row that says whether the ledger can be written; nothing is migrated, and no embedding
model is loaded. Freshdesk's side is in freshdesk_checks.py, rules and texts in written_checks.py. Called by doctor.py.
"""

from __future__ import annotations

import glob
import os
import shlex
import shutil
import stat
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

from worker import bootstrap
from worker.adapters.address import is_loopback
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.migrations import applied_versions, known_versions, newest_version
from worker.errors import BadConfiguration, Trouble
from worker.operations.checkup import Said, broken, look, ok, warn
from worker.operations.written_checks import AFTER
from worker.settings import Settings, odd_names

GIB = 1024**3
OLD = 900.0  # seconds: what has not ended after that is worth a look
SWEPT = 60.0  # seconds: the dispatcher says every 15 s that it is there
BEHIND = 900.0
SHORT_SECRET = 16
IN_A_CONTAINER = Path("/.dockerenv")


def settings_say(settings: Settings, env_file: Path) -> Iterator[Said]:
    """What is allowed, and still not what somebody would want in production."""
    yield ok("settings", f"DELIVERY_MODE={settings.delivery_mode}, GATE={settings.gate}, data in {settings.data_dir}")
    for sentence in odd_names():
        yield warn("environment", sentence, "Correct the name, or leave it if it is another program's.")
    if not settings.freshdesk_url:
        todo = "Set FRESHDESK_URL and FRESHDESK_API_KEY, or start the sandbox with `make run` to check that."
        yield warn("account", "FRESHDESK_URL is not set, and no sandbox runs on this DATA_DIR", todo)
    if not settings.webhook_secrets:
        todo = "Put a long random word into FRESHDESK_WEBHOOK_SECRET and into both rules in Freshdesk."
        yield broken("webhook secret", "FRESHDESK_WEBHOOK_SECRET is not set: the webhook does not start", todo)
    elif min(map(len, settings.webhook_secrets)) < SHORT_SECRET:
        todo = "Take a long random word; docs/operations.md says how to change it without losing a webhook."
        yield warn("webhook secret", f"shorter than {SHORT_SECRET} characters", todo)
    else:
        yield ok("webhook secret", f"{len(settings.webhook_secrets)} valid")
    link = settings.console_link
    if not link.startswith("https://") and not is_loopback(link):
        yield broken("console address", f"{link} is no https", "Cookies go over https only: nobody can sign in there.")
    if settings.delivery_mode == "auto" and settings.gate == "open" and not is_loopback(settings.freshdesk_url):
        todo = "Take GATE=learned unless leads have read enough drafts of every kind."
        yield warn("delivery", "replies leave without a person wherever their template allows it", todo)
    if env_file.is_file() and env_file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warn(str(env_file), "others on this machine may read it", f"chmod 600 {env_file}")


def database(settings: Settings) -> Iterator[Said]:
    """Reachable, of this release, writable; and what it knows of work that does not end."""
    path = Path(settings.ledger_url.removeprefix("sqlite:///"))
    if settings.ledger_url.startswith("sqlite:") and not path.exists():
        yield warn("database", f"{path} does not exist yet", "The first process that starts makes it.")
        return
    ledger = open_ledger(settings.ledger_url)
    with closing(ledger):
        yield ok("database", ledger.ping())
        if settings.ledger_url.startswith("sqlite:"):
            yield from _private(path)
        schema = _schema(settings.ledger_url)
        yield schema
        if schema.health == "ok":
            if settings.freshdesk_url:
                ledger.check(bootstrap.belongs(settings))
            ledger.writable()
            yield ok("database writable", "a row was committed")
            yield from _work(ledger, shadow=settings.delivery_mode == "shadow")
            if not ledger.customers.count():
                todo = "scripts/import_customers.py FILE; until then replies are made from public texts only."
                yield warn("customers", "none: everybody is unknown", todo)
            else:
                yield ok("customers", f"{ledger.customers.count():,}")


def _private(path: Path) -> Iterator[Said]:
    """The ledger, the logs beside it, and what restores kept of it: readable by their owner only?"""
    beside = sorted(one for one in path.parent.glob(f"{glob.escape(path.name)}*") if one.suffix != ".lock")
    if seen := [str(one) for one in beside if _others_read(one)]:
        said = f"others on this machine may read it, and customers' mail in it: {', '.join(seen)}"
        yield warn("database file", said, f"chmod 600 {' '.join(map(shlex.quote, seen))}")


def _others_read(path: Path) -> bool:
    """The group, or everybody else: where the file lets them and its folder does."""
    try:
        file, folder = path.stat().st_mode, path.parent.stat().st_mode
    except FileNotFoundError:  # a log that its last writer has taken into the ledger meanwhile
        return False
    ways = ((stat.S_IRGRP, stat.S_IXGRP), (stat.S_IROTH, stat.S_IXOTH))
    return any(file & read and folder & enter for read, enter in ways)


def _schema(url: str) -> Said:
    applied = applied_versions(url)
    if not applied:
        return warn("database schema", "no tables yet", "The first process that starts makes them.")
    if unknown := applied - known_versions():
        return broken("database schema", f"from a newer release ({', '.join(sorted(unknown))})", "Update this one.")
    if applied != {newest_version()}:
        todo = "The next process of this release that starts brings it up to date; back it up first."
        return warn("database schema", f"of an earlier release ({', '.join(sorted(applied))})", todo)
    return ok("database schema", newest_version())


def _work(ledger: SqlLedger, *, shadow: bool = False) -> Iterator[Said]:
    now, doubts = datetime.now(UTC), ledger.sends.in_doubt()
    oldest = ledger.cases.oldest_undrafted() if shadow else ledger.cases.oldest_open()
    if oldest and oldest.total_seconds() > OLD:
        todo = "docs/operations.md, “Alerts”, DeskhandOldestOpen."
        yield warn("open work", f"the oldest has waited for {oldest.total_seconds() / 60:,.0f} minutes", todo)
    else:
        yield ok("open work", "nothing has waited for long")
    if doubts:
        todo = "Those of the last minutes settle themselves; docs/operations.md, “Alerts”, DeskhandSendInDoubt."
        yield warn("sends in doubt", f"{doubts}", todo)
    if shadow and (kept_back := ledger.figures.sending().rows):
        todo = "Answer by hand what cannot wait; docs/operations.md, “The first days: shadow, review, auto”."
        yield warn("kept back by shadow mode", f"{kept_back} of what was on its way to Freshdesk", todo)
    swept = ledger.doorbells.last_sweep()
    if swept is None or (now - swept).total_seconds() > SWEPT:
        when = "has never run here" if swept is None else f"was last seen {(now - swept).total_seconds():,.0f} s ago"
        yield warn("dispatcher", when, "Start it: it finds what the queue missed, and runs the poller.")
    else:
        yield ok("dispatcher", "swept within the last minute")
    yield _poller(ledger, now)


def _poller(ledger: SqlLedger, now: datetime) -> Said:
    """It looks as soon as the dispatcher starts: on a new installation only, not to have read yet may be all right."""
    polled, first = ledger.doorbells.poll_mark(), ledger.incidents.oldest()
    todo = "docs/operations.md, “Alerts”, DeskhandPollerBehind."
    if polled is None and (first is None or (now - first).total_seconds() <= BEHIND):
        soon = "A dispatcher that has just been started reads within minutes. If this stays, see " + todo
        return look("poller", "has not yet read what changed in Freshdesk", soon)
    if polled is None:
        said = f"has never read what changed in Freshdesk; the first message came in at {first:%Y-%m-%d %H:%M} UTC"
        return warn("poller", said, todo)
    ago = (now - polled).total_seconds()
    if ago > BEHIND:
        return warn("poller", f"has read up to {ago / 60:,.0f} minutes ago", todo)
    return ok("poller", f"has read what changed in Freshdesk up to {max(0.0, ago) / 60:,.0f} minutes ago")


def redis_store(settings: Settings) -> Iterator[Said]:
    import redis

    url = bootstrap.redis_url(settings)
    try:
        yield ok("redis", bootstrap.ping_redis(settings))
    except Trouble as trouble:
        yield _no_redis(settings, url, trouble)
        return
    with closing(redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
        try:
            policy = str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
        except redis.RedisError:
            yield look("redis memory", "its configuration cannot be read", "It needs maxmemory-policy noeviction.")
            return
    if policy != "noeviction":
        todo = (
            "Set it to noeviction: else the queue's entries are thrown away when memory is short (work is only late)."
        )
        yield warn("redis memory", f"maxmemory-policy is {policy}", todo)
    else:
        yield ok("redis memory", "noeviction")


def _no_redis(settings: Settings, url: str, trouble: Trouble) -> Said:
    """Where it was looked for, and who said so. Neither user nor password of `url` is told."""
    parts = urlsplit(url)
    said = f"{trouble.reason} at {parts.hostname or 'this machine'}:{parts.port or 6379}"
    if settings.redis_url:
        todo = "Is it up, is the password right, has it room? Else correct REDIS_URL."
        return broken("redis", f"{said}, which REDIS_URL names", todo)
    if settings.running_stack().get("redis_url"):
        return broken("redis", f"{said}, which `make run` started", f"See {settings.data_dir / 'logs' / 'redis.log'}.")
    unset = "REDIS_URL is not set, and no stack runs on this DATA_DIR"
    return broken("redis", f"{unset}: {said}", "Set REDIS_URL, or start everything with `make run`.")


def index(settings: Settings) -> Iterator[Said]:
    """The live collection against the embedding model and against kb/ as it is now."""
    from worker.adapters.milvus import MilvusShelf
    from worker.knowledge.index import kb_hash, rows_of, unchanged_rows

    uri = bootstrap.milvus_uri(settings)
    if not uri:
        yield warn("index", "MILVUS_URI is not set and no stack runs on this DATA_DIR", "Start Milvus, or `make run`.")
        return
    model = bootstrap.embedder_name(settings)
    with closing(MilvusShelf(uri, token=settings.milvus_token.get_secret_value())) as shelf:
        build = shelf.built()
        if build is None:
            yield broken("index", "there is none", "scripts/index_kb.py")
            return
        days = (datetime.now(UTC) - build.built_at).days
        yield ok("index", f"{build.collection}, {build.rows} rows, {days} days old")
        if build.model != model:
            todo = "Stop the worker, run scripts/index_kb.py, start it again; or set EMBEDDING_MODEL back."
            yield broken("embedding model", f"the index was made with {build.model}, the worker has {model}", todo)
            return
        yield ok("embedding model", model)
        try:
            rows = list(rows_of(bootstrap.load_kb(settings)))
        except BadConfiguration:
            yield look("index and kb/", "not compared: rules or knowledge base do not read", AFTER)
            return
        if unchanged_rows(rows, model, shelf, kb_hash(rows), tune=False) is None:
            todo = (
                "scripts/index_kb.py --preview says what a reindex changes. An index built with --learn always differs."
            )
            yield look("index and kb/", "kb/ is not what the index was built from", todo)


def model(settings: Settings) -> Iterator[Said]:
    writer = bootstrap.make_writer(settings)
    if writer is None:
        todo = "Set GROQ_API_KEY; until then drafts are filled-in templates, and all of them are held."
        yield warn("groq", "no model is configured", todo)
        return
    there = writer.available()  # type: ignore[attr-defined]
    missing = [name for name in settings.models if name not in there]
    if not there:
        todo = "Take names into GROQ_MODELS that your account has (console.groq.com, Settings, Limits)."
        yield broken("groq", f"the key is accepted, and the account has none of {', '.join(settings.models)}", todo)
    elif missing:
        todo = "Fine if meant: the next one of the chain is taken. Else allow them in your account's settings."
        yield warn("groq", f"{there[0]} answers; not there: {', '.join(missing)}", todo)
    else:
        yield ok("groq", f"all of {', '.join(there)} are there")


def disk(settings: Settings) -> Iterator[Said]:
    where = next(folder for folder in (settings.data_dir, *settings.data_dir.parents) if folder.exists())
    usage = shutil.disk_usage(where)
    said = f"{usage.free / GIB:,.1f} of {usage.total / GIB:,.0f} GiB free under {where}"
    if usage.free < GIB // 4:
        yield broken("disk", said, "Make room: a full disk stops the ledger, and webhooks are answered 503.")
    elif usage.free < 2 * GIB:
        yield warn("disk", said, "Make room, or move DATA_DIR: a reindex and a backup each need some.")
    else:
        yield ok("disk", said)
    if not os.access(where, os.W_OK):
        yield broken("data folder", f"{where} cannot be written", "Give it to the user that Deskhand runs as.")


def processes(settings: Settings) -> Iterator[Said]:
    """The two web processes, as this machine reaches them."""
    for name, host, port in (
        ("webhook", settings.webhook_host, settings.webhook_port),
        ("console", settings.console_host, settings.console_port),
    ):
        here = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not listened on
        address = f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"
        started = time.perf_counter()
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=3) as answer:  # noqa: S310 - always http
                well = answer.status == 200
        except (OSError, URLError):
            well = False
        if well:
            yield ok(name, f"answers at {address} in {(time.perf_counter() - started) * 1000:.0f} ms")
        else:
            said, todo = f"does not answer at {address}", "Is it started? In a container of its own, ask it there."
            yield look(name, said, todo) if IN_A_CONTAINER.exists() else warn(name, said, todo)
