"""Back up the SQLite ledger while the service runs, or put a copy back while it does not. PostgreSQL: says what to do.

backup.py FILE             a checked copy of the ledger at FILE, which must not exist
backup.py --restore FILE   puts FILE in the ledger's place; what was there is kept beside it
Exit codes: 0 done, 2 refused, with the reason; nothing has been changed then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.adapters.address import is_loopback
from worker.adapters.store.backup import LOGS, back_up, ledger_file, restore
from worker.breaking_off import end_quietly
from worker.errors import BadConfiguration
from worker.settings import load_settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--restore", action="store_true", help="from FILE, instead of to it")
    asked = parser.parse_args(arguments)
    try:
        print(_restore(asked.file) if asked.restore else _back_up(asked.file))
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{asked.file}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _back_up(target: Path) -> str:
    url = load_settings().ledger_url
    size = back_up(url, target)
    return f"{target}: the ledger {ledger_file(url)} as it was just now ({size:,} bytes)"


def _restore(source: Path) -> str:
    settings = load_settings()
    url = settings.ledger_url
    kept = restore(url, source, for_sandbox=is_loopback(settings.freshdesk_url))
    said = f"{ledger_file(url)} is {source} again."
    if kept and kept.name.endswith(LOGS):
        said += " The ledger's own file was gone, and its log had to be put aside, or it would have damaged the copy."
    return f"{said} What was there is kept as {kept}." if kept else said


if __name__ == "__main__":
    end_quietly("Broken off. What it makes is there whole or not at all: look, then run this again.")
    sys.exit(main())
