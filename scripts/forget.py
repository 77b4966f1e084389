"""Deletes what one requester wrote, and what was written to them, from the ledger; proves that nothing is left.

    scripts/forget.py --email asha@example.com           says what would go, and changes nothing
    scripts/forget.py --email asha@example.com --yes     does it
    scripts/forget.py --requester 43000123456 --yes      by the id of the contact in Freshdesk
    scripts/forget.py --email - --yes                    reads the address from standard input

Run it without --yes first, and decide on what is held; then delete the contact and its tickets in Freshdesk, or the
next change of one of these tickets is read again.
Exit codes: 0 done and proven (or told), 1 not complete or not proven, 2 the request or the settings are wrong (also:
there is no ledger), 3 the person is still being answered, so that nothing was changed, 4 the ledger knows nobody by
that.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from worker.breaking_off import end_quietly
from worker.errors import BadConfiguration, Trouble
from worker.operations.numbers import from_one


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    if not (asked.email or asked.requester or asked.customer):
        print("Whom? Give --email, --requester or --customer.", file=sys.stderr)
        return 2
    asked.email = [sys.stdin.readline().strip() if email == "-" else email for email in asked.email]
    if not all("@" in email for email in asked.email):
        # Else a misspelt or empty one would be looked for, not be found, and count as forgotten.
        print("--email: that is no address. Nothing was looked for and nothing was changed.", file=sys.stderr)
        return 2
    try:
        return run(asked)
    except BadConfiguration as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    except Trouble as trouble:
        from worker.operations.on_ledger import told

        print(told(trouble), file=sys.stderr)
        return 1


def run(asked: argparse.Namespace) -> int:
    from worker.adapters.store.forget import Forgetting, StillAtWork
    from worker.adapters.store.migrations import migrate, require
    from worker.operations.forgetting import as_json, as_text, exit_code, kept_back, refusal
    from worker.settings import load_settings

    url = load_settings().ledger_url
    require(url)
    migrate(url)
    ledger = Forgetting(url)
    by = f"scripts/forget.py ({getpass.getuser()})"
    try:
        done = ledger.forget(
            asked.email, asked.requester, asked.customer, by=by, really=asked.yes, names_too=asked.names
        )
    except StillAtWork as found:
        print(refusal(found), file=sys.stderr)
        return 3
    finally:
        ledger.close()
    kept = kept_back(url, done)
    print(json.dumps(as_json(done, kept), ensure_ascii=False) if asked.json else as_text(done, kept))
    return exit_code(done)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--email", action="append", default=[], help="an address of the person; - reads it")
    parser.add_argument("--requester", action="append", default=[], type=from_one, help="the contact's id in Freshdesk")
    parser.add_argument("--customer", action="append", default=[], help="the id in the customer file")
    parser.add_argument("--names", action="store_true", help="the name goes from other people's rows too")
    parser.add_argument("--yes", action="store_true", help="do it, instead of saying what would be done")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    return parser


if __name__ == "__main__":
    end_quietly("Broken off before it was proven: run this again.")
    sys.exit(main())
