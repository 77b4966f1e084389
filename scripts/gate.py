"""The gate from the command line: the one switch for automatic sending, and where every kind of reply stands.

    scripts/gate.py stop "Odd replies since noon"     nothing leaves without a person from now on
    scripts/gate.py go-on                             what has earned it may leave alone again
    scripts/gate.py status                            the switch, every kind, and its latest step

What waits to leave when the switch is thrown is held as a draft. Replies that a person approved still leave. The first
line names the ledger: is it the one that the service works on? Where there is none, none is made.
Exit codes: 0 done, 1 the ledger did not take it: run it again, 2 the request or the settings are wrong.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.errors import BadConfiguration
from worker.models import Standing
from worker.ports import Ledger


def main(argv: list[str] | None = None) -> int:
    """0: done. 1: the database did not take it; try again. 2: the request or the settings are wrong."""
    from worker.operations.on_ledger import ledger_of, on_ledger
    from worker.settings import load_settings

    asked = _arguments().parse_args(argv)
    return on_ledger(lambda ledger, settings: run(asked, ledger, ledger_of(settings)), load_settings)


def run(asked: argparse.Namespace, ledger: Ledger, called: str) -> None:
    """Does what was asked; raises BadConfiguration and trouble. `called`: which ledger that is, for people."""
    by = f"scripts/gate.py ({getpass.getuser()})"
    before = ledger.earning.stopped()
    if asked.command == "stop":
        if not asked.reason.strip():
            raise BadConfiguration("Nothing was changed: say why, for whoever finds it stopped.")
        if before:
            print("It was stopped already; the first reason stands. To give another one: go-on, then stop.")
        ledger.earning.stop(asked.reason.strip(), by)
    elif asked.command == "go-on":
        if not before:
            print("There was nothing to take back.")
        ledger.earning.go_on(by)
    stop = ledger.earning.stopped()
    print(f"Ledger: {called}")
    print(f"Stopped by {stop.by} at {stop.at:%Y-%m-%d %H:%M} UTC: {stop.reason}" if stop else "Not stopped.")
    if asked.command == "status":
        standings = ledger.earning.standings()
        print("\n".join(map(_line, standings)) or "No kind of reply has a history yet: the gate learns at night.")


def _line(standing: Standing) -> str:
    since = f"{standing.moved_at:%Y-%m-%d}" if standing.moved_at else "-"
    kind = standing.kind
    return (
        f"{kind.template_id:<40} {kind.segment:<12} {standing.rung.value:<7} {standing.budget:g} of 100   since {since}"
    )


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gate.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="stop|go-on|status")
    stop = commands.add_parser("stop", help="nothing leaves without a person")
    stop.add_argument("reason", help='why, in quotation marks, for whoever finds it stopped: "Odd replies since noon"')
    commands.add_parser("go-on", help="what has earned it may leave alone again")
    commands.add_parser("status", help="the switch, and where every kind of reply stands")
    return parser


if __name__ == "__main__":
    end_quietly("Broken off: scripts/gate.py status says how it stands now.")
    raise SystemExit(main())
