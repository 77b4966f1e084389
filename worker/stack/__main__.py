"""`python -m worker.stack [--once] [--json] [--workers N]`: the way through, from settings to the last process's end.

Standard output is for results (where everything is, or how the samples ended), standard error for what goes on.
Exit codes: 0 well; 1 could not start, a process was given up, or something was lost or sent twice; 2 wrong settings;
130 broken off before --once had its result.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from worker.errors import BadConfiguration, Trouble
from worker.ports import Ledger
from worker.settings import Settings, load_settings, odd_names
from worker.stack import once, report
from worker.stack.bring_up import Asked, Interrupted, Stack
from worker.stack.checks import CannotStart, check_ports, check_redis, only_one
from worker.stack.plan import CUSTOMERS, Plan, make_plan
from worker.stack.redis_server import write_private
from worker.stack.samples import Sandbox
from worker.stack.supervise import wait_for_predecessor

# Seconds between two sample tickets, about what one takes. Of thirty that begin at once and share the interpreter, the
# first is answered when the last one is, and whoever looks on waits for all of them.
_APART = 0.05


def main(arguments: list[str] | None = None) -> int:
    wishes = _parser().parse_args(arguments)
    begun, asked = time.monotonic() - _since_start(), Asked()
    os.umask(0o077)  # what customers write ends up in DATA_DIR
    try:
        settings = load_settings()
        if wishes.outcomes and (why := _cannot_write(wishes.outcomes, settings.data_dir)):
            raise BadConfiguration(f"--outcomes: {why}")  # or minutes are spent on what is lost
        for sentence in odd_names():
            _say(sentence, begun)
        with only_one(settings.data_dir), asked.listening():
            return _run(settings, wishes, asked, begun)
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Trouble as trouble:
        print(f"{(trouble.part or 'a part').capitalize()}: {trouble.advised('run this again')}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130 if wishes.once else 0


def _run(settings: Settings, wishes: argparse.Namespace, asked: Asked, begun: float) -> int:
    """Looks, lays out, brings up; then shows where everything is, or waits for the samples."""
    wait_for_predecessor(settings.data_dir)
    settings.stack_file.unlink(missing_ok=True)  # of a stack that was killed: it would name that one's database as ours
    if wishes.once and settings.freshdesk_url:
        raise BadConfiguration("--once answers the sandbox's sample tickets: leave FRESHDESK_URL empty for it")
    check_ports(settings, sandbox=not settings.freshdesk_url)
    if settings.redis_url:
        check_redis(settings.redis_url)
    plan = make_plan(settings, verbose=wishes.verbose, workers=wishes.workers)
    ledger = _open_ledger(plan)
    loudness = report.Loudness(plan.logs)
    stack = Stack(plan, asked, lambda line: _say(line, begun))
    result = None
    try:
        with stack.up():
            if wishes.once:
                result = _answer_samples(plan, ledger, stack, begun)
            else:
                _serve(plan, ledger, stack)
            _say("Stopping …", begun)
    finally:
        ledger.close()
        if words := loudness.words():
            _say(words, begun)
    if result is None:
        return 0
    print(json.dumps(result.figures()) if wishes.json else report.table(result), flush=True)
    if wishes.outcomes:
        try:
            write_private(wishes.outcomes, report.outcomes(result))
        except OSError as error:
            print(f"--outcomes: {wishes.outcomes} could not be written: {error.strerror}.", file=sys.stderr)
            return 1
    return 0 if result.good else 1


def _cannot_write(path: Path, data_dir: Path) -> str:
    """Why no file can be made there, "" if one can. It is made anew: its folder counts, and not a file that is there;
    `data_dir` is made where it is missing."""
    folder = path.parent
    if not folder.exists() and folder.absolute() == data_dir:
        return ""
    if not folder.is_dir():
        return f"there is no folder {folder}. Make it, or name another file."
    if path.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return f"{path} cannot be written. Name a file that can be."
    return ""


def _open_ledger(plan: Plan) -> Ledger:
    """Migrated, in the sandbox with its customers. Rules and kb/ are read too: what is wrong there is said now."""
    from worker import bootstrap
    from worker.adapters.directory import read_customers
    from worker.bootstrap_web import require_webhook_secret

    settings = plan.settings
    require_webhook_secret(settings)
    rulebook = bootstrap.load_rules(settings)
    bootstrap.load_kb(settings)
    ledger = bootstrap.open_ledger_for(settings)
    if plan.sandbox:
        if sum(ledger.cases.counts().values()):
            raise BadConfiguration(
                "DATABASE_URL holds cases already, but the sandbox begins anew at each start: give it an empty database"
            )
        ledger.customers.replace(read_customers(CUSTOMERS, segments=rulebook.segment_names))
    return ledger


def _serve(plan: Plan, ledger: Ledger, stack: Stack) -> None:
    """Until somebody asks us to end."""
    from worker.bootstrap_web import sign_in_link

    stack.wait_for_worker()
    samples = Sandbox(plan.sandbox_url).load_samples(_APART) if plan.sandbox else 0
    print(report.where(plan, sign_in_link(plan.settings, ledger), samples), flush=True)
    while True:
        try:
            stack.watch()
        except Interrupted:
            return
        time.sleep(0.2)


def _answer_samples(plan: Plan, ledger: Ledger, stack: Stack, begun: float) -> once.Result:
    sandbox = Sandbox(plan.sandbox_url)
    _say(f"{sandbox.load_samples(_APART)} sample tickets are being answered …", begun)
    stack.wait("The sandbox", sandbox.all_there)
    ends = once.await_ends(sandbox.samples(), ledger, stack.watch, lambda line: _say(line, begun))
    ended = datetime.now(UTC)
    return once.judge(ends, sandbox.journal(), ended - timedelta(seconds=time.monotonic() - begun), ended)


def _since_start() -> float:
    """Seconds for which this process has run: importing took some, and whoever typed the command waited for it."""
    ticks = float(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def _say(line: str, begun: float) -> None:
    print(f"{time.monotonic() - begun:5.1f} s  {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker.stack",
        description="Runs everything on this machine until Ctrl-C. Settings come from the environment or .env.",
    )
    parser.add_argument(
        "--once", action="store_true", help="answer the sandbox's sample tickets, say how they ended, stop"
    )
    parser.add_argument("--json", action="store_true", help="with --once: one JSON object instead of a table")
    parser.add_argument(
        "--outcomes", type=Path, metavar="FILE", help="with --once: how each ticket ended, and its reply"
    )
    parser.add_argument("--workers", type=int, default=1, choices=range(1, 9), metavar="1..8", help="processes (1)")
    parser.add_argument("--verbose", action="store_true", help="the processes log in detail")
    return parser


if __name__ == "__main__":
    sys.exit(main())
