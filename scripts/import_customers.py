"""Imports the customer file: import_customers.py FILE. Run by ops, as often as they like, also while the service runs.

Reads and checks in worker/adapters/directory.py; a bad line is named and nothing is imported.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.errors import BadConfiguration, Trouble


def main(arguments: list[str] | None = None) -> int:
    """0: imported. 1: the file or the settings are wrong. 2: the database did not take it; try again."""
    parser = argparse.ArgumentParser(
        description="Import the customer file (CSV). Customers not in it stay as they are."
    )
    parser.add_argument("file", type=Path, help="customer_id,name,email,alternate_emails,phone,segments,since,...")
    path: Path = parser.parse_args(arguments).file
    try:
        added, changed, unchanged = import_file(path)
    except BadConfiguration as error:
        print(*error.problems, "Nothing was imported.", sep="\n", file=sys.stderr)
        return 1
    except Trouble as trouble:
        print(f"Nothing was imported: {trouble.reason}.", file=sys.stderr)
        return 2
    print(f"{added} added, {changed} changed, {unchanged} unchanged.")
    return 0


def import_file(path: Path) -> tuple[int, int, int]:
    """(added, changed, unchanged)"""
    from worker.adapters.directory import read_customers
    from worker.adapters.store import migrate, open_ledger
    from worker.bootstrap import segment_names
    from worker.settings import load_settings

    settings = load_settings()
    customers = read_customers(path, segments=segment_names(settings))
    migrate(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    try:
        return ledger.customers.replace(customers)
    finally:
        ledger.close()


if __name__ == "__main__":
    sys.exit(main())
