"""One fault run from the first process to the JSON: `main` is what scripts/chaos.py calls.

Standard output gets one JSON object and nothing else; standard error says what goes on. Exit 0 only if nothing was
lost, doubled or unexpected. The folder of the run is kept where something was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from worker.adapters.store.migrations import migrate
from worker.chaos import weather
from worker.chaos.books import ChaosLedger
from worker.chaos.figures import read_journal, report
from worker.chaos.house import House
from worker.chaos.judge import Count, Judge
from worker.chaos.mayhem import Done, Mayhem, Wanted
from worker.chaos.postgres import SAFE, PostgresServer, missing
from worker.chaos.traffic import Traffic

KILL_EVERY = 3.0  # seconds, at the least: a process that is killed before it has come up shows nothing
ROLL_EVERY = 4.0  # seconds, at the least, so that there are mails to the end
QUIET = weather.POLL + 3.0  # seconds without any change after which nothing more is to come
# Seconds in which nothing has ended any more, longer than the pauses between a note's first tries; what has not ended
# by then counts as lost.
PATIENCE = 400.0


def main(arguments: list[str] | None = None) -> int:
    asked = parser()
    wishes = asked.parse_args(arguments)
    if wishes.restore and wishes.postgres:
        asked.error("--restore needs the SQLite ledger: PostgreSQL has tools of its own")
    if wishes.messages < 1 or wishes.kills < 0:
        asked.error("give at least one message, and no fewer than 0 kills")
    begun = time.monotonic()

    def say(line: str) -> None:
        if not wishes.json_only:
            print(f"{time.monotonic() - begun:6.1f} s  {line}", file=sys.stderr, flush=True)

    folder = Path(tempfile.mkdtemp(prefix="deskhand-chaos-"))
    with _database(wishes.postgres, folder) as (url, postgres):
        house = House(folder, url, wishes.seed, wishes.index)
        try:
            count, figures = _run(wishes, house, postgres, say)
        finally:
            house.down()
    figures["seconds"] = round(time.monotonic() - begun, 1)
    print(json.dumps(figures), flush=True)
    good = not (figures["lost"] or figures["duplicated"] or figures["unexpected"])
    if good and not wishes.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        for line in (*(f"lost: ticket {t}, {k}" for t, k in count.lost), *count.duplicated, *count.unexpected):
            print(line, file=sys.stderr)
        print(f"journal and logs: {folder}", file=sys.stderr)
    return 0 if good else 1


def _run(
    wishes: argparse.Namespace, house: House, postgres: PostgresServer | None, say: Callable[[str], None]
) -> tuple[Count, dict[str, Any]]:
    least = max(wishes.kills * KILL_EVERY, wishes.rolling * ROLL_EVERY)
    rate = min(wishes.rate, wishes.messages / least) if least else wishes.rate
    traffic = Traffic(house.sandbox_url, wishes.messages, rate, wishes.seed)
    migrate(house.database_url)
    with contextlib.closing(ChaosLedger(house.database_url)) as ledger:
        ledger.customers.replace(traffic.customers)
        house.up(say)
        if not wishes.fair:
            weather.put_up(house.sandbox_url)
        wanted = Wanted(
            seconds=traffic.seconds,
            kills=wishes.kills,
            stops=wishes.kills // 5 if wishes.stops is None else wishes.stops,
            flushes=3 if wishes.flush else 0,
            rolling=wishes.rolling,
            redis_down=wishes.redis_down,
            restore=wishes.restore,
        )
        mayhem = Mayhem(house, postgres, wanted, wishes.seed, say=say, let_go=ledger.close)
        say(f"{wishes.messages} messages at {rate:.1f} a second, {wishes.kills} kills")
        _let_it_happen(traffic, mayhem, ledger, say)
        _await_the_end(ledger, mayhem, say)
        books = ledger.books()
    journal = read_journal(house.journal)
    bound = min(weather.SETTLE / 2, weather.SETTLE - weather.HTTP_TIMEOUT)  # as deliver has it
    count = Judge(journal, books, traffic.mails, mayhem.done.pauses, bound).count()
    database = "postgresql" if postgres else "sqlite"
    setting = {"arguments": as_asked(wishes), "seed": wishes.seed, "database": database, "rate": round(rate, 2)}
    return count, report(count, journal, books, mayhem.done, house.logs) | setting


def as_asked(wishes: argparse.Namespace) -> str:
    """The arguments with which the same run is made again. Left out: where an index lies, and what is told how."""
    told = [f"--{name} {getattr(wishes, name)}" for name in ("messages", "kills", "seed", "rate")]
    told += [f"--stops {wishes.stops}"] if wishes.stops is not None else []  # 0 is less than a fifth of the kills
    told += [f"--rolling {wishes.rolling}"] if wishes.rolling else []
    told += [f"--redis-down {wishes.redis_down:g}"] if wishes.redis_down else []
    return " ".join([*told, *(f"--{flag}" for flag in _FLAGS if getattr(wishes, flag))])


_FLAGS = ("flush", "restore", "fair", "postgres")


def _let_it_happen(traffic: Traffic, mayhem: Mayhem, ledger: ChaosLedger, say: Callable[[str], None]) -> None:
    """Mails and mayhem side by side, until both are done."""
    stop = threading.Event()
    troubles: list[BaseException] = []

    def guarded(work: Callable[[threading.Event], None]) -> None:
        try:
            work(stop)
        except BaseException as error:
            troubles.append(error)
            stop.set()

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in (traffic.run, mayhem.run)]
    for thread in threads:
        thread.start()
    try:
        said = 0.0
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
            if time.monotonic() - said > 10 and not mayhem.restoring:
                said = time.monotonic()
                say(_progress(len(traffic.mails), mayhem.done, ledger.ends()))
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    if troubles:
        raise troubles[0]


def _await_the_end(ledger: ChaosLedger, mayhem: Mayhem, say: Callable[[str], None]) -> None:
    """Until nothing is going on and the poller has looked once more, or PATIENCE is over."""
    moved = changed = said = time.monotonic()
    before: dict[str, int] = {}
    while time.monotonic() - moved < PATIENCE:
        mayhem.tend()
        left, ends = ledger.going_on(), ledger.ends()
        now = time.monotonic()
        if ends != before:
            moved, before = now, ends
            changed = now
        elif not left or any(left.values()):
            changed = now
        if now - changed > QUIET:
            return
        if now - said > 10:
            said = now
            say(f"waiting for the last ones: {left}")
        time.sleep(0.25)
    say("patience is over: what has not ended is lost")


def _progress(written: int, done: Done, ends: dict[str, int]) -> str:
    told = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in ends.items() if number)
    return f"{written} written; {told or 'nothing yet'}; {sum(done.kills.values())} kills, {done.restarts} restarts"


@contextlib.contextmanager
def _database(wanted: bool, folder: Path) -> Iterator[tuple[str, PostgresServer | None]]:
    if not wanted:
        yield "", None
        return
    if reason := missing():
        raise SystemExit(reason)
    server = PostgresServer(SAFE)
    try:
        server.start()
        yield server.url(), server
    finally:
        shutil.copy(server.folder / "log", folder / "logs" / "postgres.log")
        server.stop()


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(
        description="Runs everything against the sandbox while processes die, and counts what became of each message."
    )
    asked.add_argument("--messages", type=int, default=300, metavar="N", help="how many customers' mails")
    asked.add_argument("--kills", type=int, default=40, metavar="N", help="how many times kill -9")
    asked.add_argument("--seed", type=int, default=1, metavar="S", help="what is written, killed and goes wrong")
    asked.add_argument("--rate", type=float, default=2.5, metavar="R", help="mails a second; fewer if kills need time")
    asked.add_argument("--stops", type=int, metavar="N", help="SIGSTOPs longer than a lease (a fifth of the kills)")
    asked.add_argument("--rolling", type=int, default=0, metavar="N", help="how many restarts by SIGTERM, in turn")
    asked.add_argument("--flush", action="store_true", help="FLUSHALL in Redis, three times")
    asked.add_argument("--redis-down", type=float, default=0.0, metavar="SECONDS", help="takes Redis away for so long")
    asked.add_argument("--restore", action="store_true", help="SQLite: backs up in mid-run and restores that later")
    asked.add_argument("--fair", action="store_true", help="nothing goes wrong at the sandbox itself")
    asked.add_argument("--postgres", action="store_true", help="a PostgreSQL of its own in place of SQLite")
    asked.add_argument(
        "--index",
        type=Path,
        metavar="FOLDER",
        help="begins with a copy of this index (DATA_DIR/milvus of no stack that runs)",
    )
    asked.add_argument("--json-only", action="store_true", help="no progress on standard error")
    asked.add_argument("--keep", action="store_true", help="leaves the folder with journal and logs in any case")
    return asked
