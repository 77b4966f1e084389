"""Imports the customer file: import_customers.py FILE. Run by ops, as often as they like, also while the service runs.

Reads and checks in worker/adapters/directory.py; a bad line is named and nothing is imported.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.errors import AlreadyRegistered, BadConfiguration, Trouble

if TYPE_CHECKING:
    from worker.adapters.store import SqlLedger
    from worker.models import Customer

MOVED = (
    "An address can verify only one customer. Put both customers into the file, each with an address of its own; or, if"
    " the address has passed on to the one in the file, run this with --moved: the other one loses it."
)


def main(arguments: list[str] | None = None) -> int:
    """0: imported. 1: the database did not take it; try again. 2: the file or the settings are wrong."""
    parser = argparse.ArgumentParser(
        description="Import the customer file (CSV). Customers not in it stay as they are. Exit codes: 0 imported; 1"
        " the database did not take it, or 2 the file or the settings are wrong: nothing is imported then."
    )
    parser.add_argument("file", type=Path, help="customer_id,name,email,alternate_emails,phone,segments,since,...")
    parser.add_argument(
        "--moved", action="store_true", help="registered addresses of customers not in the file pass to those in it"
    )
    asked = parser.parse_args(arguments)
    try:
        (added, changed, unchanged), passed = import_file(asked.file, moved=asked.moved)
    except BadConfiguration as error:
        print(*_problems(error, asked.file), "Nothing was imported.", sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:
        print(f"Nothing was imported: {trouble.advised('run this again')}", file=sys.stderr)
        return 1
    print(*passed, sep="\n", end="\n" if passed else "")
    print(f"{added} added, {changed} changed, {unchanged} unchanged.")
    return 0


def import_file(path: Path, *, moved: bool = False) -> tuple[tuple[int, int, int], list[str]]:
    """(added, changed, unchanged), and a sentence for each address that passed on."""
    from worker.adapters.directory import read_customers
    from worker.bootstrap import open_ledger_for, segment_names
    from worker.settings import load_settings

    settings = load_settings()
    customers = read_customers(path, segments=segment_names(settings))
    ledger = open_ledger_for(settings)
    try:
        return _replace(ledger, customers, moved=moved)
    finally:
        ledger.close()


def _replace(
    ledger: SqlLedger, customers: Sequence[Customer], *, moved: bool
) -> tuple[tuple[int, int, int], list[str]]:
    """Without `moved` first: the refusal names those who lose an address, which would else be silent."""
    try:
        return ledger.customers.replace(customers), []
    except AlreadyRegistered as refused:
        if not moved:
            raise
        holders = refused.holders
    counts = ledger.customers.replace(customers, moved=True)
    # How many, and not whose: scripts/forget.py takes customers' ids out of the ledger, and looks for none in here.
    ledger.reviews.audit(f"scripts/import_customers.py ({getpass.getuser()})", "addresses passed on", str(len(holders)))
    emails = {one.customer_id: one.email for one in customers}
    return counts, [
        f'{emails[one]} passes from "{other}" to "{one}"; "{other}" has no registered address now.'
        for one, other in sorted(holders.items())
    ]


def _problems(error: BadConfiguration, path: Path) -> list[str]:
    """In the order of the file, where the ledger found them."""
    if not isinstance(error, AlreadyRegistered):
        return error.problems
    from worker.adapters.directory import lines_of

    lines = lines_of(path)
    found = sorted((lines[one], other) for one, other in error.holders.items())
    return [
        *(
            f'{path}, line {line}, column email: customer "{other}", who is not in the file, has registered it.'
            for line, other in found
        ),
        MOVED,
    ]


if __name__ == "__main__":
    end_quietly("Broken off. A file is imported in one step, all of it or nothing: run this again.")
    sys.exit(main())
